// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>

#include "request_config.h"

namespace http {

namespace json = boost::json;

namespace {

constexpr std::size_t max_header_checks = 32;

std::string string_of(const json::value& value) {
  return {value.get_string().data(), value.get_string().size()};
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
  json::error_code error;
  const auto code = value.to_number<std::int64_t>(error);
  if (error || code < 200 || code > 599)
    refuse("status " + json::serialize(value) + ": expected a number from 200 to 599");
  set.set(static_cast<std::size_t>(code));
}

StatusSet status_of(const json::value* status) {
  StatusSet set;
  if (status == nullptr) {
    add_class(set, "2xx");
  } else if (status->is_array()) {
    for (const json::value& one : status->get_array()) add_status(set, one);
  } else {
    add_status(set, *status);
  }
  return set;
}

std::vector<HeaderCheck> headers_of(const json::value* headers) {
  std::vector<HeaderCheck> checks;
  if (headers == nullptr) return checks;
  if (!headers->is_object()) refuse("expect.headers: not an object of texts");
  for (const auto& [name, text] : headers->get_object()) {
    if (!text.is_string()) refuse("expect.headers: '" + std::string(name) + "' is not a text");
    if (!is_token({name.data(), name.size()}))
      refuse("expect.headers: '" + std::string(name) + "' is not a header name");
    checks.push_back({std::string(name), string_of(text)});
  }
  if (checks.size() > max_header_checks) refuse("expect.headers: more than 32");
  return checks;
}

std::vector<TextSearch> texts_of(const json::value* contains) {
  std::vector<TextSearch> texts;
  if (contains == nullptr) return texts;
  const auto add = [&](const json::value& text) {
    if (!text.is_string() || text.get_string().empty())
      refuse("expect.contains: expected a text that is not empty, or a list of these");
    texts.emplace_back(string_of(text));
  };
  if (contains->is_array()) {
    for (const json::value& text : contains->get_array()) add(text);
  } else {
    add(*contains);
  }
  return texts;
}

std::optional<double> limit_of(const json::object& check, std::string_view key) {
  const json::value* limit = check.if_contains({key.data(), key.size()});
  if (limit == nullptr) return std::nullopt;
  if (!limit->is_number()) refuse("expect.json: " + std::string(key) + " is not a number");
  return limit->to_number<double>();
}

bool is_pointer(std::string_view text) {
  if (!text.empty() && text[0] != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
      return false;
  return true;
}

JsonCheck json_check_of(const json::value& value) {
  if (!value.is_object()) refuse("expect.json: not a list of objects");
  const json::object& from = value.get_object();
  JsonCheck check;
  const json::value* pointer = from.if_contains("pointer");
  if (pointer == nullptr || !pointer->is_string() || !is_pointer(string_of(*pointer)))
    refuse("expect.json: expected a pointer such as \"/items/0/name\"");
  check.pointer = string_of(*pointer);
  if (const json::value* equals = from.if_contains("equals"))
    check.equals = std::make_shared<const json::value>(*equals);
  if (from.contains("exists")) check.exists = flag_of(from, "exists", true);
  if (from.contains("contains")) check.contains = std::string(text_of(from, "contains", ""));
  check.min = limit_of(from, "min");
  check.max = limit_of(from, "max");
  const bool absent = check.exists && !*check.exists;
  if (absent && (check.equals || check.contains || check.min || check.max))
    refuse("expect.json: '" + check.pointer + "' cannot be absent and have a value");
  if (!check.equals && !check.exists && !check.contains && !check.min && !check.max)
    check.exists = true;
  return check;
}

void add_size(Expectation& expect, const json::value& size) {
  if (size.is_object()) {
    expect.min_size = number_of(size.get_object(), "min", expect.min_size);
    expect.max_size = number_of(size.get_object(), "max", expect.max_size);
  } else {
    json::error_code error;
    expect.min_size = expect.max_size = size.to_number<std::uint64_t>(error);
    if (error) refuse("expect.size: expected a number of bytes, or min and max");
  }
  if (expect.min_size > expect.max_size) refuse("expect.size: min is above max");
}

}  // namespace

Expectation parse_expectation(const json::object& request) {
  static const json::object nothing;
  const json::value* given = request.if_contains("expect");
  const json::object& from = given != nullptr && given->is_object() ? given->get_object() : nothing;
  Expectation expect;
  expect.status = status_of(from.if_contains("status"));
  expect.headers = headers_of(from.if_contains("headers"));
  expect.contains = texts_of(from.if_contains("contains"));
  if (const json::value* size = from.if_contains("size")) add_size(expect, *size);
  if (const json::value* checks = from.if_contains("json")) {
    if (!checks->is_array()) refuse("expect.json: not a list of objects");
    for (const json::value& check : checks->get_array())
      expect.json.push_back(json_check_of(check));
  }
  return expect;
}

}  // namespace http
