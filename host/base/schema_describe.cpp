// SPDX-License-Identifier: Apache-2.0
#include "base/schema_describe.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace ordeal {
namespace json = boost::json;
namespace {

std::string type_words(json::string_view type) {
  if (type == "object") return "an object {...}";
  if (type == "array") return "a list [...]";
  if (type == "string") return "text in quotes";
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  if (type == "boolean") return "true or false";
  return std::string(type.data(), type.size());
}

void add_limit(const json::object& schema, const char* key, const char* words, std::string& text) {
  const json::value* limit = schema.if_contains(key);
  if (limit != nullptr && limit->is_number()) {
    text += std::string(text.find(" of ") == std::string::npos ? " of " : " and ") + words + " " +
            show_number(*limit);
  }
}

}  // namespace

std::string show_number(const json::value& number) {
  std::string text = compact_json(number);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string show_value(const json::value& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_number()) return show_number(value);
  if (value.is_string()) {
    std::string text(value.get_string().data(), value.get_string().size());
    if (text.size() > 60) {
      // Cut between characters, not inside one.
      std::size_t end = 57;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
      text = text.substr(0, end) + "...";
    }
    const std::string quoted = compact_json(json::value(text));
    return "'" + quoted.substr(1, quoted.size() - 2) + "'";
  }
  return compact_json(value);
}

std::string join_words(const json::array& values, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += i + 1 == values.size() ? last : std::string_view(", ");
    const json::value& value = values[i];
    text += value.is_string() ? std::string(value.get_string().data(), value.get_string().size())
                              : show_number(value);
  }
  return text;
}

std::string describe_schema(const json::object& schema) {
  const json::value* found = schema.if_contains("const");
  if (found != nullptr) return show_value(*found);
  found = schema.if_contains("enum");
  if (found != nullptr && found->is_array())
    return "one of " + join_words(found->get_array(), ", ");
  found = schema.if_contains("format");
  if (found != nullptr && found->is_string() && found->get_string() == "duration-go") {
    return "a duration such as \"1m30s\"";
  }
  for (const char* key : {"oneOf", "anyOf"}) {
    found = schema.if_contains(key);
    if (found == nullptr || !found->is_array()) continue;
    std::string text;
    for (const json::value& branch : found->get_array()) {
      const std::string words = branch.is_object() ? describe_schema(branch.get_object()) : "";
      if (!words.empty()) text += (text.empty() ? "" : " or ") + words;
    }
    if (!text.empty()) return text;
  }
  found = schema.if_contains("type");
  if (found == nullptr) return {};
  std::string text;
  if (found->is_string()) {
    text = type_words(found->get_string());
  } else if (found->is_array()) {
    for (const json::value& type : found->get_array()) {
      if (type.is_string()) text += (text.empty() ? "" : " or ") + type_words(type.get_string());
    }
  }
  add_limit(schema, "minimum", "at least", text);
  add_limit(schema, "exclusiveMinimum", "more than", text);
  add_limit(schema, "maximum", "at most", text);
  add_limit(schema, "exclusiveMaximum", "less than", text);
  return text;
}

}  // namespace ordeal
