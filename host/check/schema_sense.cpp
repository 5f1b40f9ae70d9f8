// SPDX-License-Identifier: Apache-2.0
#include "check/schema_sense.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <regex>

#include "base/json.h"
#include "base/json_text.h"
#include "base/schema.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr int deepest = 48;

class Sense {
 public:
  explicit Sense(const json::value& root) : root_(root) {}

  std::vector<SchemaRemark> remarks() {
    look(root_, "", 0);
    return std::move(remarks_);
  }

 private:
  void remark(const std::string& pointer, std::string what, bool wrong = true) {
    if (remarks_.size() < 20) remarks_.push_back({pointer, std::move(what), wrong});
  }

  void look(const json::value& schema, const std::string& at, int depth) {
    if (schema.is_bool()) return;
    if (!schema.is_object()) return remark(at, "a schema is an object, or true or false");
    if (depth > deepest) return remark(at, "it is nested too deeply");
    const json::object& rules = schema.get_object();
    for (const auto& rule : rules) {
      const std::string key(rule.key());
      check_keyword(schema, key, rule.value(), at + pointer_token(key), depth);
    }
    check_required(rules, at);
    check_values(schema, rules, at);
  }

  void check_keyword(const json::value& schema, const std::string& key, const json::value& value,
                     const std::string& at, int depth) {
    static_cast<void>(schema);
    constexpr std::array counts{"minLength", "maxLength",     "minItems",
                                "maxItems",  "minProperties", "maxProperties"};
    constexpr std::array numbers{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
                                 "multipleOf"};
    constexpr std::array schemas{"additionalProperties", "items", "not", "if", "then", "else",
                                 "propertyNames"};
    constexpr std::array lists{"oneOf", "anyOf", "allOf", "prefixItems"};
    constexpr std::array maps{"properties", "patternProperties", "$defs", "definitions"};
    const auto any = [&key](const auto& words) {
      return std::any_of(words.begin(), words.end(), [&](const char* one) { return key == one; });
    };
    if (key == "type") check_type(value, at);
    if (any(counts) && !(value.is_int64() && value.get_int64() >= 0) && !value.is_uint64())
      remark(at, "'" + key + "' is a count, a whole number of at least 0");
    if (any(numbers) && !value.is_number()) remark(at, "'" + key + "' is a number");
    if (key == "uniqueItems" && !value.is_bool()) remark(at, "'uniqueItems' is true or false");
    if ((key == "enum" || key == "examples") && !value.is_array())
      remark(at, "'" + key + "' is a list");
    if (key == "enum" && value.is_array() && value.get_array().empty())
      remark(at, "'enum' is empty: nothing would be allowed");
    if (key == "required") {
      if (!value.is_array() || std::any_of(value.get_array().begin(), value.get_array().end(),
                                           [](const json::value& one) { return !one.is_string(); }))
        remark(at, "'required' is a list of keys");
    }
    if (key == "pattern") check_pattern(value, at);
    if (key == "$ref") check_reference(value, at);
    if (any(schemas)) look(value, at, depth + 1);
    if (any(lists)) {
      if (!value.is_array() || value.get_array().empty())
        return remark(at, "'" + key + "' is a list of schemas");
      for (std::size_t i = 0; i < value.get_array().size(); ++i)
        look(value.get_array()[i], at + "/" + std::to_string(i), depth + 1);
    }
    if (any(maps)) {
      if (!value.is_object()) return remark(at, "'" + key + "' is an object of schemas");
      for (const auto& one : value.get_object()) {
        const std::string name(one.key());
        if (key == "patternProperties") check_pattern(json::value(name), at + pointer_token(name));
        look(one.value(), at + pointer_token(name), depth + 1);
        if (key == "properties" && one.value().is_object() &&
            !one.value().get_object().contains("description") &&
            !one.value().get_object().contains("$ref"))
          remark(at + pointer_token(name), "the option '" + name + "' has no description", false);
      }
    }
  }

  void check_type(const json::value& value, const std::string& at) {
    constexpr std::array types{"object", "array", "string", "number", "integer", "boolean", "null"};
    const auto known = [&](const json::value& one) {
      return one.is_string() && std::any_of(types.begin(), types.end(), [&](const char* type) {
               return one.get_string() == type;
             });
    };
    const bool fine =
        value.is_array() ? !value.get_array().empty() && std::all_of(value.get_array().begin(),
                                                                     value.get_array().end(), known)
                         : known(value);
    if (!fine) remark(at, "'type' is object, array, string, number, integer, boolean or null");
  }

  void check_pattern(const json::value& value, const std::string& at) {
    if (!value.is_string()) return remark(at, "'pattern' is a text");
    try {
      const std::regex regex(std::string(value.get_string()), std::regex::ECMAScript);
    } catch (const std::regex_error& error) {
      remark(at, std::string("the pattern cannot be used: ") + error.what());
    }
  }

  void check_reference(const json::value& value, const std::string& at) {
    if (!value.is_string() || !value.get_string().starts_with("#"))
      return remark(at, "'$ref' leads out of the manifest; only '#/...' is followed");
    if (at_pointer(root_, std::string(value.get_string()).substr(1)) == nullptr)
      remark(at, "'$ref' leads nowhere: " + std::string(value.get_string()));
  }

  void check_required(const json::object& rules, const std::string& at) {
    const json::value* required = rules.if_contains("required");
    const json::value* others = rules.if_contains("additionalProperties");
    const json::value* properties = rules.if_contains("properties");
    if (required == nullptr || !required->is_array() || others == nullptr || !others->is_bool() ||
        others->get_bool() || rules.contains("patternProperties"))
      return;
    for (const json::value& key : required->get_array()) {
      if (!key.is_string()) continue;
      if (properties == nullptr || !properties->is_object() ||
          !properties->get_object().contains(key.get_string()))
        remark(at + "/required", "'" + std::string(key.get_string()) +
                                     "' is required and not allowed: no config would satisfy it");
    }
  }

  /// `default` and `examples` against the schema they stand in, with the root's definitions.
  void check_values(const json::value& schema, const json::object& rules, const std::string& at) {
    json::value alone(schema);
    json::object& object = alone.get_object();
    object.erase("required");  // a default may be completed by the user
    if (root_.is_object())
      for (const char* key : {"$defs", "definitions"})
        if (const json::value* definitions = root_.get_object().if_contains(key))
          if (!object.contains(key)) object[key] = *definitions;
    const auto check = [&](const json::value& value, const std::string& where, const char* what) {
      const auto violations = check_schema(alone, value);
      if (!violations.empty())
        remark(where,
               std::string(what) + " breaks the schema it stands in: " + violations.front().what);
    };
    if (const json::value* value = rules.if_contains("default"))
      check(*value, at + "/default", "the default");
    const json::value* examples = rules.if_contains("examples");
    if (examples == nullptr || !examples->is_array()) return;
    for (std::size_t i = 0; i < examples->get_array().size(); ++i)
      check(examples->get_array()[i], at + "/examples/" + std::to_string(i), "the example");
  }

  const json::value& root_;
  std::vector<SchemaRemark> remarks_;
};

}  // namespace

std::vector<SchemaRemark> schema_remarks(const json::value& schema) {
  return Sense(schema).remarks();
}

}  // namespace ordeal
