// SPDX-License-Identifier: Apache-2.0
#include "request_config.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "duration.h"
#include "ordeal/component.hpp"

namespace http {

namespace json = boost::json;

namespace {

constexpr std::size_t max_kinds = 64;

void add_headers(Headers& headers, const json::object& from) {
  const json::value* given = from.if_contains("headers");
  if (given == nullptr || !given->is_object()) return;
  for (const auto& [name, value] : given->get_object()) {
    if (!value.is_string()) refuse("header '" + std::string(name) + "': not a text");
    set_header(headers, {name.data(), name.size()},
               {value.get_string().data(), value.get_string().size()});
  }
}

// How what is filled in is written, by the type of the body.
Encoding encoding_of(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  while (type.ends_with(' ')) type.pop_back();
  if (type == "application/json" || type.ends_with("+json")) return Encoding::json;
  if (type == "application/x-www-form-urlencoded") return Encoding::url;
  return Encoding::text;
}

// A text is sent as it is; anything else as JSON.
Template body_of(const json::object& request, Headers& headers) {
  const json::value* body = request.if_contains("body");
  if (body == nullptr || body->is_null()) return {};
  if (body->is_string())
    return {{body->get_string().data(), body->get_string().size()},
            encoding_of(header_value(headers, "Content-Type"))};
  if (!has_header(headers, "Content-Type")) set_header(headers, "Content-Type", "application/json");
  return {json::serialize(*body), Encoding::json};
}

std::vector<Template> paths_of(const json::object& request) {
  std::vector<std::string> texts;
  const json::value* list = request.if_contains("paths");
  if (list != nullptr && list->is_array()) {
    if (request.contains("path")) refuse("path and paths: give one of the two");
    for (const json::value& path : list->get_array()) {
      if (!path.is_string()) refuse("paths: not a list of texts");
      texts.emplace_back(path.get_string().data(), path.get_string().size());
    }
  }
  if (texts.empty()) texts.emplace_back(text_of(request, "path", "/"));
  std::vector<Template> paths;
  for (const std::string& text : texts) {
    paths.emplace_back(text, Encoding::url);
    if (!is_request_path(paths.back().sample()))
      refuse("path '" + text + "': expected one that begins with '/' and has no space or '#'");
  }
  return paths;
}

void parse_stream(const json::object& request, Message& message) {
  const std::string_view stream = text_of(request, "stream", "");
  if (!stream.empty() && stream != "sse")
    refuse("stream '" + std::string(stream) + "': expected sse");
  message.stream = !stream.empty();
  for (const char* key : {"events", "for"})
    if (!message.stream && request.contains(key))
      refuse(std::string(key) + ": only with \"stream\": \"sse\"");
  if (!message.stream) return;
  message.limits.events = number_of(request, "events", 0);
  if (request.contains("events") && message.limits.events == 0)
    refuse("events: expected 1 or more");
  if (const std::string_view limit = text_of(request, "for", ""); !limit.empty())
    message.limits.for_ns = duration_of("for", limit);
  if (!message.expect.json.empty()) refuse("expect.json: a stream of events is not JSON");
  if (message.method == "HEAD") refuse("stream: the response to HEAD has no body");
  if (!has_header(message.headers, "Accept"))
    set_header(message.headers, "Accept", "text/event-stream");
}

void add_trace(const json::object& from, Headers& headers) {
  const std::string_view trace = text_of(from, "trace", "none");
  if (trace != "none" && trace != "w3c")
    refuse("trace '" + std::string(trace) + "': expected none or w3c");
  if (trace == "none" || has_header(headers, "traceparent")) return;
  Template value;
  value.append(Template::Piece::Kind::trace);
  headers.emplace_back("traceparent", std::move(value));
}

// What one entry of "requests" adds: a kind of its own, or more requests to a kind there already.
void add_requests(Config& config, const json::object& request, const Headers& common,
                  const json::object& all) {
  std::string kind(text_of(request, "kind", ""));
  Message message;
  message.method = text_of(request, "method", "");
  if (message.method.empty()) message.method = kind == "post" ? "POST" : "GET";
  const std::string& method = message.method;
  if (!is_token(method) || method == "CONNECT") refuse("method '" + method + "' cannot be sent");
  if (kind.empty()) {
    kind = method;
    for (char& c : kind)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (!has_header(common, "User-Agent")) set_header(message.headers, "User-Agent", "ordeal");
  message.headers.insert(message.headers.end(), common.begin(), common.end());
  add_headers(message.headers, request);
  message.body = body_of(request, message.headers);
  message.sends_length = method == "POST" || method == "PUT" || method == "PATCH";
  message.expect = parse_expectation(request);
  parse_stream(request, message);
  add_trace(all, message.headers);
  config.streams = config.streams || message.stream;
  auto found = std::find_if(config.kinds.begin(), config.kinds.end(),
                            [&](const Kind& known) { return known.name == kind; });
  if (found == config.kinds.end()) {
    if (config.kinds.size() == max_kinds) refuse("requests: more than 64 kinds");
    config.kinds.push_back({kind, {}});
    found = config.kinds.end() - 1;
  }
  const auto shared = std::make_shared<const Message>(std::move(message));
  for (const Template& path : paths_of(request))
    found->requests.push_back(build_request(config.url, shared, path));
}

}  // namespace

void refuse(const std::string& what) { throw ordeal::Failure(ORDEAL_E_INVALID, what); }

std::string_view text_of(const json::object& from, std::string_view key,
                         std::string_view otherwise) {
  const json::value* value = from.if_contains({key.data(), key.size()});
  if (value == nullptr) return otherwise;
  if (!value->is_string()) refuse(std::string(key) + ": not a text");
  return {value->get_string().data(), value->get_string().size()};
}

std::uint64_t number_of(const json::object& from, std::string_view key, std::uint64_t otherwise) {
  const json::value* value = from.if_contains({key.data(), key.size()});
  if (value == nullptr) return otherwise;
  json::error_code error;
  const auto number = value->to_number<std::uint64_t>(error);
  if (error) refuse(std::string(key) + ": expected a whole number from 0");
  return number;
}

bool flag_of(const json::object& from, std::string_view key, bool otherwise) {
  const json::value* value = from.if_contains({key.data(), key.size()});
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) refuse(std::string(key) + ": expected true or false");
  return value->get_bool();
}

std::uint64_t duration_of(std::string_view what, std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration || *duration == 0)
    refuse(std::string(what) + ": '" + std::string(text) +
           "' is not a duration such as 5s or 500ms");
  return *duration;
}

void parse_requests(const json::object& from, Config& config) {
  Headers common;
  add_headers(common, from);
  const json::value* requests = from.if_contains("requests");
  if (requests != nullptr && requests->is_array()) {
    for (const json::value& request : requests->get_array()) {
      if (!request.is_object()) refuse("requests: not a list of objects");
      add_requests(config, request.get_object(), common, from);
    }
  }
  if (config.kinds.empty()) add_requests(config, json::object(), common, from);
}

}  // namespace http
