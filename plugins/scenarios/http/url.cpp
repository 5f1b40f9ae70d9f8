// SPDX-License-Identifier: Apache-2.0
#include "url.h"

#include <algorithm>
#include <charconv>

#include "ordeal/component.hpp"

namespace http {

namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw ordeal::Failure(ORDEAL_E_INVALID, "url '" + std::string(text) + "': " + why);
}

std::uint16_t parse_port(std::string_view text, std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0)
    refuse(text, "'" + std::string(digits) + "' is not a port; expected 1 to 65535");
  return port;
}

}  // namespace

bool is_request_path(std::string_view text) {
  return !text.empty() && text.front() == '/' && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '#';
  });
}

Url parse_url(std::string_view text) {
  const bool tls = text.starts_with("https://");
  if (!tls && !text.starts_with("http://"))
    refuse(text, "expected http://HOST[:PORT][/PATH], or https://");
  std::string_view rest = text.substr(text.find("//") + 2);
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos)
    refuse(text, "a user in the address is not supported; set the header 'Authorization'");

  const std::uint16_t usual_port = tls ? 443 : 80;
  Url url;
  url.tls = tls;
  url.port = usual_port;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) refuse(text, "no ']' after the IPv6 address");
    url.host = authority.substr(1, end - 1);
    const std::string_view after = authority.substr(end + 1);
    if (!after.empty() && after.front() != ':') refuse(text, "expected ':' and a port after ']'");
    if (!after.empty()) port = after.substr(1);
    if (after == ":") refuse(text, "no port after ':'");
    url.authority = "[" + url.host + "]";
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = authority.substr(colon + 1);
      if (port.empty()) refuse(text, "no port after ':'");
    }
    url.authority = url.host;
  }
  const bool clean = std::all_of(url.host.begin(), url.host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '%';
  });
  if (url.host.empty() || url.host.size() > 255 || !clean) refuse(text, "no usable host name");
  if (!port.empty()) url.port = parse_port(text, port);
  if (url.port != usual_port) url.authority += ":" + std::to_string(url.port);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!path.empty()) {
    if (path.find_first_of("?#") != std::string_view::npos || !is_request_path(path))
      refuse(text, "the path may hold no query, fragment or space; put those into 'path'");
    url.path = path;
  }
  return url;
}

}  // namespace http
