// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <cmath>

#include "base/duration.h"
#include "base/json.h"
#include "base/schema_checker.h"
#include "base/schema_describe.h"

namespace ordeal {
namespace json = boost::json;
namespace {

bool whole(const json::value& value) {
  if (value.is_int64() || value.is_uint64()) return true;
  return value.is_double() && std::isfinite(value.get_double()) &&
         std::trunc(value.get_double()) == value.get_double();
}

bool is_type(json::string_view type, const json::value& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "integer") return whole(value);
  if (type == "boolean") return value.is_bool();
  return type == "null" && value.is_null();
}

bool is_any_type(const json::value& type, const json::value& value) {
  if (type.is_string()) return is_type(type.get_string(), value);
  if (!type.is_array()) return true;
  for (const json::value& one : type.get_array()) {
    if (one.is_string() && is_type(one.get_string(), value)) return true;
  }
  return false;
}

double number(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return value.is_double() ? value.get_double() : 0;
}

void check_number(const json::object& schema, const json::value& value, const std::string& pointer,
                  std::vector<FoundViolation>& found) {
  const double actual = number(value);
  const auto limit = [&](const char* key, auto broken, const char* words) {
    const json::value* bound = schema.if_contains(key);
    if (bound != nullptr && bound->is_number() && broken(number(*bound))) {
      add_violation(found, pointer, show_number(value) + " is " + words, describe_schema(schema));
    }
  };
  limit(
      "minimum", [=](double bound) { return actual < bound; }, "too small");
  limit(
      "exclusiveMinimum", [=](double bound) { return actual <= bound; }, "too small");
  limit(
      "maximum", [=](double bound) { return actual > bound; }, "too large");
  limit(
      "exclusiveMaximum", [=](double bound) { return actual >= bound; }, "too large");
  const json::value* step = schema.if_contains("multipleOf");
  if (step != nullptr && step->is_number() && number(*step) > 0) {
    const double share = actual / number(*step);
    if (std::abs(share - std::round(share)) > 1e-9) {
      add_violation(found, pointer, show_number(value) + " is not allowed",
                    "a multiple of " + show_number(*step));
    }
  }
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u ? 1 : 0;
  return count;
}

void check_string(const json::object& schema, const json::value& value, const std::string& pointer,
                  SchemaPatterns& patterns, std::vector<FoundViolation>& found) {
  const std::string_view text(value.get_string().data(), value.get_string().size());
  const json::value* keyword = schema.if_contains("minLength");
  if (keyword != nullptr && keyword->is_number() &&
      static_cast<double>(characters(text)) < number(*keyword)) {
    add_violation(found, pointer, text.empty() ? "empty text" : show_value(value) + " is too short",
                  "at least " + show_number(*keyword) +
                      (number(*keyword) == 1 ? " character" : " characters"));
  }
  keyword = schema.if_contains("maxLength");
  if (keyword != nullptr && keyword->is_number() &&
      static_cast<double>(characters(text)) > number(*keyword)) {
    add_violation(found, pointer, show_value(value) + " is too long",
                  "at most " + show_number(*keyword) + " characters");
  }
  keyword = schema.if_contains("pattern");
  if (keyword != nullptr && keyword->is_string()) {
    const std::string pattern(keyword->get_string().data(), keyword->get_string().size());
    std::string problem;
    if (!patterns.matches(pattern, text, problem)) {
      const json::value* words = schema.if_contains("description");
      const bool described = words != nullptr && words->is_string();
      add_violation(found, pointer,
                    show_value(value) + (problem.empty() ? " has the wrong form" : ": " + problem),
                    (described ? std::string(words->get_string().c_str()) + " " : "") +
                        "(pattern " + pattern + ")");
    }
  }
  keyword = schema.if_contains("format");
  if (keyword != nullptr && keyword->is_string() && keyword->get_string() == "duration-go") {
    if (Result<Duration> duration = parse_duration(text); !duration) {
      add_violation(found, pointer, duration.error().what, duration.error().expected,
                    duration.error().fix);
    }
  }
}

}  // namespace

void add_violation(std::vector<FoundViolation>& found, const std::string& pointer, std::string what,
                   std::string expected, std::string fix, bool at_key, bool wrong_kind) {
  found.push_back(
      {{pointer, at_key, std::move(what), std::move(expected), std::move(fix)}, wrong_kind});
}

bool equal_json(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return a == b || number(a) == number(b);
  return a == b;
}

bool check_scalar_keywords(const json::object& schema, const json::value& value,
                           const std::string& pointer, SchemaPatterns& patterns,
                           std::vector<FoundViolation>& found) {
  const KeywordLetters letters(schema);
  if (const json::value* type = letters.any("t") ? schema.if_contains("type") : nullptr;
      type != nullptr && !is_any_type(*type, value)) {
    const char* kind = value.is_object()   ? "an object"
                       : value.is_array()  ? "a list"
                       : value.is_string() ? "text"
                       : value.is_bool()   ? "true or false"
                       : value.is_null()   ? "null"
                                           : "a number";
    std::string what = value.is_object() || value.is_array() || value.is_null()
                           ? std::string(kind) + " does not belong here"
                           : show_value(value) + " is " + kind;
    if (value.is_number() && type->is_string() && type->get_string() == "integer") {
      what = show_value(value) + " is not whole";
    }
    add_violation(found, pointer, std::move(what), describe_schema(schema), {}, false, true);
    return false;
  }
  const std::size_t before = found.size();
  if (const json::value* only = letters.any("c") ? schema.if_contains("const") : nullptr;
      only != nullptr && !equal_json(*only, value)) {
    add_violation(found, pointer, show_value(value) + " is not allowed", show_value(*only), {},
                  false, true);
  }
  if (const json::value* list = letters.any("e") ? schema.if_contains("enum") : nullptr;
      list != nullptr && list->is_array()) {
    bool listed = false;
    std::vector<std::string> words;
    for (const json::value& one : list->get_array()) {
      listed = listed || equal_json(one, value);
      if (one.is_string()) words.emplace_back(one.get_string().data(), one.get_string().size());
    }
    if (!listed) {
      const std::string near =
          value.is_string() ? nearest(value.get_string().c_str(), words) : std::string();
      add_violation(found, pointer, show_value(value) + " is not allowed",
                    "one of " + join_words(list->get_array(), ", "),
                    near.empty() ? near : "did you mean '" + near + "'?", false, true);
    }
  }
  if (found.size() > before) return false;
  if (value.is_number() && letters.any("me")) check_number(schema, value, pointer, found);
  if (value.is_string() && letters.any("mpf"))
    check_string(schema, value, pointer, patterns, found);
  return true;
}

}  // namespace ordeal
