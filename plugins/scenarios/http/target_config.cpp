// SPDX-License-Identifier: Apache-2.0
#include "target_config.h"

#include <arpa/inet.h>
#include <openssl/tls1.h>
#include <sys/un.h>

#include <boost/json.hpp>
#include <cstddef>
#include <cstring>

#include "ordeal/component.hpp"
#include "request_config.h"

namespace http {

namespace json = boost::json;

namespace {

const json::object& object_of(const json::object& from, std::string_view key) {
  static const json::object none;
  const json::value* value = from.if_contains(key);
  if (value == nullptr) return none;
  if (!value->is_object()) refuse(std::string(key) + ": not an object");
  return value->get_object();
}

Address unix_address(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path)
    refuse("unix: '" + path + "' is longer than the " +
           std::to_string(sizeof address.sun_path - 1) + " bytes that a socket's path may have");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  Address out;
  static_assert(sizeof address <= sizeof out.storage);
  std::memcpy(&out.storage, &address, sizeof address);
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return out;
}

int family_of(const json::object& config, const Url& url) {
  const std::string name(text_of(config, "family", "any"));
  if (name == "any") return AF_UNSPEC;
  if (name != "ipv4" && name != "ipv6") refuse("family '" + name + "': expected any, ipv4 or ipv6");
  const int family = name == "ipv4" ? AF_INET : AF_INET6;
  unsigned char bytes[sizeof(in6_addr)];
  if (::inet_pton(family == AF_INET ? AF_INET6 : AF_INET, url.host.c_str(), bytes) == 1)
    refuse("family '" + name + "': the url's host " + url.host + " is of the other one");
  return family;
}

TlsOptions tls_of(const json::object& from) {
  TlsOptions tls;
  tls.verify = flag_of(from, "verify", true);
  tls.ca_file = text_of(from, "ca_file", "");
  tls.server_name = text_of(from, "server_name", "");
  tls.certificate = text_of(from, "certificate", "");
  tls.key = text_of(from, "key", "");
  tls.resume = flag_of(from, "resume", true);
  const std::string version(text_of(from, "min_version", ""));
  if (version == "1.2") tls.min_version = TLS1_2_VERSION;
  if (version == "1.3") tls.min_version = TLS1_3_VERSION;
  if (!version.empty() && tls.min_version == 0)
    refuse("tls.min_version '" + version + "': expected 1.2 or 1.3");
  if (!tls.key.empty() && tls.certificate.empty())
    refuse("tls.key: there is no tls.certificate that it belongs to");
  if (!tls.verify && !tls.ca_file.empty())
    refuse("tls.ca_file: nothing is verified, since tls.verify is false; leave one of them out");
  return tls;
}

std::uint32_t pipeline_of(const json::object& config) {
  const json::value* value = config.if_contains("pipeline");
  if (value == nullptr) return 1;
  const auto depth = value->is_number() ? value->to_number<std::int64_t>() : 0;
  if (depth < 1 || depth > 1024)
    refuse("pipeline " + json::serialize(*value) + ": expected a number from 1 to 1024");
  return static_cast<std::uint32_t>(depth);
}

}  // namespace

Target parse_target(const json::object& config) {
  Target target;
  const std::string url(text_of(config, "url", ""));
  if (url.empty())
    refuse("url is missing: the target's address, which a campaign gives as target.http");
  target.url = parse_url(url);
  if (const std::string path(text_of(config, "unix", "")); !path.empty())
    target.unix_socket = unix_address(path);
  target.family = family_of(config, target.url);
  if (target.unix_socket && target.family != AF_UNSPEC)
    refuse("family: a unix socket has none; leave 'family' or 'unix' out");

  const std::string addresses(text_of(config, "addresses", "first"));
  if (addresses != "first" && addresses != "spread")
    refuse("addresses '" + addresses + "': expected first or spread");
  target.spread = addresses == "spread";

  target.tls = tls_of(object_of(config, "tls"));
  if (!target.url.tls && config.contains("tls"))
    refuse("tls: the url begins with http://; only https:// uses it");

  target.connect_timeout_ns =
      duration_of("timeouts.connect", text_of(object_of(config, "timeouts"), "connect", "5s"));
  target.pipeline = pipeline_of(config);
  return target;
}

}  // namespace http
