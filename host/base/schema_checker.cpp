// SPDX-License-Identifier: Apache-2.0
#include "base/schema_checker.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_text.h"
#include "base/schema_describe.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::size_t deepest = 96;
constexpr std::size_t most_work = 200'000;

std::string text_of(json::string_view text) { return {text.data(), text.size()}; }

const json::object* object_at(const json::object& schema, const char* key) {
  const json::value* found = schema.if_contains(key);
  return found != nullptr ? found->if_object() : nullptr;
}

const json::array* array_at(const json::object& schema, const char* key) {
  const json::value* found = schema.if_contains(key);
  return found != nullptr ? found->if_array() : nullptr;
}

/// A count keyword, or `otherwise` when absent.
double count_at(const json::object& schema, const char* key, double otherwise) {
  const json::value* found = schema.if_contains(key);
  if (found == nullptr || !found->is_number()) return otherwise;
  json::error_code failed;
  const double count = found->to_number<double>(failed);
  return failed ? otherwise : count;
}

std::string counted(double count, const char* one) {
  return show_number(json::value(count)) + " " + one + (count == 1 ? "" : "s");
}

std::string list_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

void SchemaChecker::check(const Value& schema, const Value& value, const std::string& pointer,
                          Found& found) {
  if (schema.is_bool()) {
    if (!schema.get_bool())
      add_violation(found, pointer, "nothing is allowed here", {}, {}, false, true);
    return;
  }
  if (!schema.is_object() || gave_up_) return;
  if (depth_ >= deepest || ++work_ > most_work) {
    gave_up_ = true;
    add_violation(found, pointer, "the schema is too deep or too costly to check");
    return;
  }
  ++depth_;
  check_keywords(schema.get_object(), value, pointer, found);
  --depth_;
}

void SchemaChecker::check_keywords(const Object& schema, const Value& value,
                                   const std::string& pointer, Found& found) {
  if (const Value* reference = schema.if_contains("$ref")) {
    check_reference(*reference, value, pointer, found);
  }
  const KeywordLetters letters(schema);
  if (!check_scalar_keywords(schema, value, pointer, patterns_, found)) return;
  if (quiet_ > 0 && !found.empty()) return;
  if (value.is_object()) check_object(schema, value.get_object(), pointer, found);
  if (value.is_array()) check_array(schema, value, pointer, found);
  if (letters.any("aoni")) check_combinations(schema, value, pointer, found);
}

KeywordLetters::KeywordLetters(const json::object& schema) {
  for (const auto& member : schema) {
    const json::string_view key = member.key();
    if (!key.empty()) letters_ |= 1u << (static_cast<unsigned char>(key[0]) & 31u);
  }
}

bool KeywordLetters::any(const char* letters) const {
  for (; *letters != '\0'; ++letters) {
    if ((letters_ & 1u << (static_cast<unsigned char>(*letters) & 31u)) != 0) return true;
  }
  return false;
}

void SchemaChecker::check_reference(const Value& reference, const Value& value,
                                    const std::string& pointer, Found& found) {
  const Value* target = nullptr;
  if (reference.is_string() && reference.get_string().starts_with("#")) {
    target = at_pointer(root_, text_of(reference.get_string()).substr(1));
  }
  if (target == nullptr) {
    add_violation(found, pointer,
                  "the schema refers to " + show_value(reference) + ", which it does not hold");
    return;
  }
  check(*target, value, pointer, found);
}

void SchemaChecker::check_object(const Object& schema, const Object& value,
                                 const std::string& pointer, Found& found) {
  static const Object none;
  const Object* properties = object_at(schema, "properties");
  if (const json::array* required = array_at(schema, "required")) {
    for (const Value& key : *required) {
      if (!key.is_string() || value.contains(key.get_string())) continue;
      if (quiet_ > 0) {
        found.emplace_back();
        return;
      }
      const Value* meant =
          properties != nullptr ? properties->if_contains(key.get_string()) : nullptr;
      std::string words =
          meant != nullptr && meant->is_object() ? describe_schema(meant->get_object()) : "";
      add_violation(found, pointer, "key '" + text_of(key.get_string()) + "' is missing",
                    std::move(words));
    }
  }
  const double size = static_cast<double>(value.size());
  if (const double least = count_at(schema, "minProperties", 0); size < least) {
    add_violation(found, pointer, "too few keys", "at least " + counted(least, "key"));
  }
  if (const double most = count_at(schema, "maxProperties", size); size > most) {
    add_violation(found, pointer, "too many keys", "at most " + counted(most, "key"));
  }
  if (!KeywordLetters(schema).any("pa")) return;
  for (const auto& member : value) {
    const std::string key = text_of(member.key());
    const std::string below = pointer + pointer_token(key);
    if (const Value* names = schema.if_contains("propertyNames")) {
      Found wrong;
      check(*names, Value(member.key()), below, wrong);
      for (FoundViolation& one : wrong) {
        one.violation.at_key = true;
        found.push_back(std::move(one));
      }
    }
    check_member(schema, properties != nullptr ? *properties : none, key, member.value(), below,
                 found);
  }
}

void SchemaChecker::check_member(const Object& schema, const Object& properties,
                                 const std::string& key, const Value& value,
                                 const std::string& pointer, Found& found) {
  bool known = false;
  if (const Value* property = properties.if_contains(key)) {
    known = true;
    check(*property, value, pointer, found);
  }
  if (const Object* patterns = object_at(schema, "patternProperties")) {
    for (const auto& pattern : *patterns) {
      std::string problem;
      if (patterns_.matches({pattern.key().data(), pattern.key().size()}, key, problem)) {
        known = true;
        check(pattern.value(), value, pointer, found);
      }
    }
  }
  const Value* others = schema.if_contains("additionalProperties");
  if (known || others == nullptr) return;
  if (!others->is_bool()) {
    check(*others, value, pointer, found);
  } else if (!others->get_bool()) {
    std::vector<std::string> words;
    for (const auto& property : properties) words.push_back(text_of(property.key()));
    const std::string near = nearest(key, words);
    std::string expected;
    if (words.empty()) {
      expected = "no key";
    } else {
      expected = (words.size() == 1 ? "" : "one of ") + list_words(words);
    }
    add_violation(found, pointer, "unknown key '" + key + "'", std::move(expected),
                  near.empty() ? "" : "did you mean '" + near + "'?", true);
  }
}

void SchemaChecker::check_array(const Object& schema, const Value& value,
                                const std::string& pointer, Found& found) {
  const json::array& array = value.get_array();
  const double size = static_cast<double>(array.size());
  if (const double least = count_at(schema, "minItems", 0); size < least) {
    add_violation(found, pointer, array.empty() ? "the list is empty" : "too few entries",
                  "at least " + show_number(Value(least)));
  }
  if (const double most = count_at(schema, "maxItems", size); size > most) {
    add_violation(found, pointer, "too many entries", "at most " + show_number(Value(most)));
  }
  const json::array* prefix = array_at(schema, "prefixItems");
  const Value* items = schema.if_contains("items");
  for (std::size_t i = 0; i < array.size(); ++i) {
    const std::string below = pointer + "/" + std::to_string(i);
    if (prefix != nullptr && i < prefix->size()) {
      check((*prefix)[i], array[i], below, found);
    } else if (items != nullptr && items->is_bool() && !items->get_bool()) {
      add_violation(found, below, "one entry too many", "at most " + std::to_string(i));
      break;
    } else if (items != nullptr) {
      check(*items, array[i], below, found);
    }
  }
  const Value* unique = schema.if_contains("uniqueItems");
  if (unique == nullptr || !unique->is_bool() || !unique->get_bool()) return;
  for (std::size_t i = 1; i < array.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (++work_ > most_work) {
        gave_up_ = true;
        add_violation(found, pointer, "the list is too long to check for repeats");
        return;
      }
      if (equal_json(array[i], array[j])) {
        add_violation(found, pointer + "/" + std::to_string(i),
                      show_value(array[i]) + " is given twice", "each entry once");
        break;
      }
    }
  }
}

bool SchemaChecker::holds(const Value& schema, const Value& value, const std::string& pointer) {
  Found wrong;
  ++quiet_;
  check(schema, value, pointer, wrong);
  --quiet_;
  return wrong.empty();
}

void SchemaChecker::check_combinations(const Object& schema, const Value& value,
                                       const std::string& pointer, Found& found) {
  if (const json::array* all = array_at(schema, "allOf")) {
    for (const Value& one : *all) check(one, value, pointer, found);
  }
  if (const json::array* any = array_at(schema, "anyOf")) {
    check_alternatives(schema, *any, false, value, pointer, found);
  }
  if (const json::array* one = array_at(schema, "oneOf")) {
    check_alternatives(schema, *one, true, value, pointer, found);
  }
  if (const Value* forbidden = schema.if_contains("not")) {
    if (holds(*forbidden, value, pointer)) {
      const Value* words = schema.if_contains("description");
      add_violation(found, pointer, show_value(value) + " is not allowed",
                    words != nullptr && words->is_string() ? text_of(words->get_string()) : "");
    }
  }
  if (const Value* condition = schema.if_contains("if")) {
    const Value* then = schema.if_contains(holds(*condition, value, pointer) ? "then" : "else");
    if (then != nullptr) check(*then, value, pointer, found);
  }
}

void SchemaChecker::check_alternatives(const Object& schema, const json::array& branches,
                                       bool exactly_one, const Value& value,
                                       const std::string& pointer, Found& found) {
  std::size_t satisfied = 0;
  std::vector<Found> meant;  // the branches whose kind fits: their reasons are worth reading
  for (const Value& branch : branches) {
    Found wrong;
    check(branch, value, pointer, wrong);
    if (wrong.empty()) {
      ++satisfied;
      if (!exactly_one) return;
      continue;
    }
    if (quiet_ > 0) continue;
    const bool other_kind = std::any_of(wrong.begin(), wrong.end(), [&](const FoundViolation& one) {
      return one.wrong_kind && one.violation.pointer == pointer;
    });
    if (!other_kind) meant.push_back(std::move(wrong));
  }
  if (satisfied == 1 || (satisfied > 1 && !exactly_one)) return;
  if (quiet_ > 0) {
    found.emplace_back();
    return;
  }
  if (satisfied > 1) {
    add_violation(found, pointer, "fits more than one of the alternatives",
                  describe_schema(schema));
    return;
  }
  if (!meant.empty()) {
    const auto fewest =
        std::min_element(meant.begin(), meant.end(),
                         [](const Found& a, const Found& b) { return a.size() < b.size(); });
    std::move(fewest->begin(), fewest->end(), std::back_inserter(found));
    return;
  }
  add_violation(found, pointer, show_value(value) + " is not allowed", describe_schema(schema), {},
                false, true);
}

}  // namespace ordeal
