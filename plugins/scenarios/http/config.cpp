// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "duration.h"
#include "ordeal/component.hpp"

namespace http {

namespace json = boost::json;

namespace {

constexpr std::size_t max_kinds = 64;

[[noreturn]] void refuse(const std::string& what) { throw ordeal::Failure(ORDEAL_E_INVALID, what); }

std::string_view text_of(const json::object& from, std::string_view key,
                         std::string_view otherwise) {
  const json::value* value = from.if_contains(key);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) refuse(std::string(key) + ": not a text");
  return {value->get_string().data(), value->get_string().size()};
}

void add_class(StatusSet& set, std::string_view name) {
  if (name.size() != 3 || name.substr(1) != "xx" || name[0] < '2' || name[0] > '5')
    refuse("status '" + std::string(name) + "': expected 2xx, 3xx, 4xx, 5xx or a number");
  const auto first = static_cast<std::size_t>(name[0] - '0') * 100;
  for (std::size_t code = first; code < first + 100; ++code) set.set(code);
}

void add_status(StatusSet& set, const json::value& value) {
  if (value.is_string()) {
    add_class(set, {value.get_string().data(), value.get_string().size()});
    return;
  }
  const auto code = value.is_number() ? value.to_number<std::int64_t>() : 0;
  if (code < 200 || code > 599)
    refuse("status " + json::serialize(value) + ": expected a number from 200 to 599");
  set.set(static_cast<std::size_t>(code));
}

StatusSet expected_of(const json::object& request) {
  StatusSet set;
  const json::value* expect = request.if_contains("expect");
  const json::value* status = expect != nullptr && expect->is_object()
                                  ? expect->get_object().if_contains("status")
                                  : nullptr;
  if (status == nullptr) {
    add_class(set, "2xx");
  } else if (status->is_array()) {
    for (const json::value& one : status->get_array()) add_status(set, one);
  } else {
    add_status(set, *status);
  }
  return set;
}

void add_headers(Headers& headers, const json::object& from) {
  const json::value* given = from.if_contains("headers");
  if (given == nullptr || !given->is_object()) return;
  for (const auto& [name, value] : given->get_object()) {
    if (!value.is_string()) refuse("header '" + std::string(name) + "': not a text");
    set_header(headers, {name.data(), name.size()},
               {value.get_string().data(), value.get_string().size()});
  }
}

// A text is sent as it is; anything else as JSON.
std::string body_of(const json::object& request, Headers& headers) {
  const json::value* body = request.if_contains("body");
  if (body == nullptr || body->is_null()) return {};
  if (body->is_string()) return std::string(body->get_string().data(), body->get_string().size());
  const bool typed = std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return header.first.size() == 12 && (header.first[0] | 0x20) == 'c' &&
           (header.first[8] | 0x20) == 't';
  });
  if (!typed) set_header(headers, "Content-Type", "application/json");
  return json::serialize(*body);
}

std::vector<std::string> paths_of(const json::object& request) {
  std::vector<std::string> paths;
  const json::value* list = request.if_contains("paths");
  if (list != nullptr && list->is_array()) {
    if (request.contains("path")) refuse("path and paths: give one of the two");
    for (const json::value& path : list->get_array()) {
      if (!path.is_string()) refuse("paths: not a list of texts");
      paths.emplace_back(path.get_string().data(), path.get_string().size());
    }
  }
  if (paths.empty()) paths.emplace_back(text_of(request, "path", "/"));
  for (const std::string& path : paths)
    if (!is_request_path(path))
      refuse("path '" + path + "': expected one that begins with '/' and has no space or '#'");
  return paths;
}

// What one entry of "requests" adds: a kind of its own, or more requests to a kind there already.
void add_requests(Config& config, const json::object& request, const Headers& common) {
  std::string kind(text_of(request, "kind", ""));
  std::string method(text_of(request, "method", ""));
  if (method.empty()) method = kind == "post" ? "POST" : "GET";
  if (!is_token(method) || method == "CONNECT") refuse("method '" + method + "' cannot be sent");
  if (kind.empty()) {
    kind = method;
    for (char& c : kind)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  Headers headers = common;
  add_headers(headers, request);
  const std::string body = body_of(request, headers);
  const StatusSet expected = expected_of(request);
  auto found = std::find_if(config.kinds.begin(), config.kinds.end(),
                            [&](const Kind& known) { return known.name == kind; });
  if (found == config.kinds.end()) {
    if (config.kinds.size() == max_kinds) refuse("requests: more than 64 kinds");
    config.kinds.push_back({kind, {}});
    found = config.kinds.end() - 1;
  }
  for (const std::string& path : paths_of(request))
    found->requests.push_back(build_request(config.url, method, path, headers, body, expected));
}

}  // namespace

Config parse_config(std::string_view text) {
  boost::system::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) refuse("the configuration is not a JSON object");
  const json::object& object = parsed.get_object();
  Config config;
  const std::string_view url = text_of(object, "url", "");
  if (url.empty())
    refuse("url is missing: the target's address, which a campaign gives as target.http");
  config.url = parse_url(url);

  const json::value* timeouts = object.if_contains("timeouts");
  const std::string_view connect = timeouts != nullptr && timeouts->is_object()
                                       ? text_of(timeouts->get_object(), "connect", "5s")
                                       : "5s";
  const auto connect_timeout = parse_duration(connect);
  if (!connect_timeout || *connect_timeout == 0)
    refuse("timeouts.connect: '" + std::string(connect) +
           "' is not a duration such as 5s or 500ms");
  config.connect_timeout_ns = *connect_timeout;

  Headers common;
  add_headers(common, object);
  const json::value* requests = object.if_contains("requests");
  if (requests != nullptr && requests->is_array()) {
    for (const json::value& request : requests->get_array()) {
      if (!request.is_object()) refuse("requests: not a list of objects");
      add_requests(config, request.get_object(), common);
    }
  }
  if (config.kinds.empty()) add_requests(config, json::object(), common);
  return config;
}

}  // namespace http
