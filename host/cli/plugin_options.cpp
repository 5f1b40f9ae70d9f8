// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_options.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "base/json.h"
#include "base/plain_text.h"
#include "base/schema_describe.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr int deepest = 8;
constexpr std::size_t most_options = 500;

std::string text_at(const json::object& rules, const char* key) {
  const json::value* found = rules.if_contains(key);
  if (found == nullptr || !found->is_string()) return "";
  return {found->get_string().data(), found->get_string().size()};
}

const json::object* object_at(const json::object& rules, const char* key) {
  const json::value* found = rules.if_contains(key);
  return found != nullptr ? found->if_object() : nullptr;
}

/// "1 to 64 characters", "at least 1 entry", or "".
std::string sizes(const json::object& rules, const char* least, const char* most, const char* one,
                  const char* many) {
  const json::value* from = rules.if_contains(least);
  const json::value* to = rules.if_contains(most);
  const auto counted = [&](const json::value& number) {
    const std::string text = show_number(number);
    return text + " " + (text == "1" ? one : many);
  };
  if (from != nullptr && to != nullptr) return show_number(*from) + " to " + counted(*to);
  if (from != nullptr) return "at least " + counted(*from);
  return to != nullptr ? "at most " + counted(*to) : "";
}

class OptionReader {
 public:
  explicit OptionReader(const json::value& root) : root_(root) {}

  std::vector<PluginOption> read(const json::value& defaults) {
    if (const json::object* rules = root_.if_object()) members(*rules, "", &defaults, false, 0);
    return std::move(options_);
  }

 private:
  /// Behind its references, as far as they lead somewhere.
  const json::object* resolved(const json::value& schema) const {
    const json::object* rules = schema.if_object();
    for (int steps = 0; rules != nullptr && steps < deepest; ++steps) {
      const std::string reference = text_at(*rules, "$ref");
      if (!reference.starts_with("#")) return rules;
      const json::value* target = at_pointer(root_, reference.substr(1));
      if (target == nullptr || !target->is_object()) return rules;
      rules = target->if_object();
    }
    return rules;
  }

  /// What may be given, in words.
  [[nodiscard]] std::string words(const json::object& rules, int depth) const {
    for (const char* key : {"oneOf", "anyOf"}) {
      const json::value* found = rules.if_contains(key);
      if (found == nullptr || !found->is_array() || depth > deepest) continue;
      std::vector<std::string> branches;
      for (const json::value& one : found->get_array()) {
        const json::object* branch = resolved(one);
        const std::string said = branch != nullptr ? words(*branch, depth + 1) : "";
        if (!said.empty() && std::find(branches.begin(), branches.end(), said) == branches.end())
          branches.push_back(said);
      }
      std::string text;
      for (const std::string& said : branches) text += (text.empty() ? "" : " or ") + said;
      if (!text.empty()) return text;
    }
    std::string text = describe_schema(rules);
    const json::value* items = rules.if_contains("items");
    if (const json::object* entry = items != nullptr ? resolved(*items) : nullptr;
        entry != nullptr && depth <= deepest) {
      const std::string each = entry->contains("properties") ? "" : words(*entry, depth + 1);
      if (!each.empty()) text = "a list [...] of " + each;
    }
    const json::value* step = rules.if_contains("multipleOf");
    const json::value* unique = rules.if_contains("uniqueItems");
    const std::string pattern = text_at(rules, "pattern");
    for (const std::string& part :
         {sizes(rules, "minLength", "maxLength", "character", "characters"),
          sizes(rules, "minItems", "maxItems", "entry", "entries"),
          sizes(rules, "minProperties", "maxProperties", "key", "keys"),
          unique != nullptr && *unique == json::value(true) ? std::string("each once")
                                                            : std::string(),
          step != nullptr ? "a multiple of " + show_number(*step) : std::string(),
          pattern.empty() ? std::string() : "pattern " + pattern}) {
      if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
    }
    return text;
  }

  void members(const json::object& rules, const std::string& path, const json::value* defaults,
               bool sometimes, int depth) {
    if (depth > deepest) return;
    const json::value* required = rules.if_contains("required");
    if (const json::object* properties = object_at(rules, "properties")) {
      for (const auto& property : *properties) {
        const std::string name(property.key());
        const json::value* given = defaults != nullptr && defaults->is_object()
                                       ? defaults->get_object().if_contains(name)
                                       : nullptr;
        const bool needed = required != nullptr && required->is_array() &&
                            std::find(required->get_array().begin(), required->get_array().end(),
                                      json::value(property.key())) != required->get_array().end();
        option(property.value(), path.empty() ? name : path + "." + name, given, needed, sometimes,
               depth);
      }
    }
    if (const json::object* patterns = object_at(rules, "patternProperties")) {
      for (const auto& one : *patterns) {
        const std::string name = "/" + std::string(one.key()) + "/";
        option(one.value(), path.empty() ? name : path + "." + name, nullptr, false, sometimes,
               depth);
      }
    }
    if (object_at(rules, "additionalProperties") != nullptr)
      option(rules.at("additionalProperties"), path.empty() ? "*" : path + ".*", nullptr, false,
             sometimes, depth);
    for (const char* key : {"allOf", "anyOf", "oneOf"}) {
      const json::value* list = rules.if_contains(key);
      if (list == nullptr || !list->is_array()) continue;
      for (const json::value& one : list->get_array()) {
        if (const json::object* branch = resolved(one))
          members(*branch, path, defaults, sometimes || *key != 'a' || key[1] == 'n', depth + 1);
      }
    }
    for (const char* key : {"then", "else"}) {
      const json::value* one = rules.if_contains(key);
      const json::object* branch = one != nullptr ? resolved(*one) : nullptr;
      if (branch != nullptr) members(*branch, path, defaults, true, depth + 1);
    }
  }

  void option(const json::value& schema, const std::string& path, const json::value* given,
              bool required, bool sometimes, int depth) {
    if (options_.size() >= most_options) return;
    const json::object* own = schema.if_object();
    const json::object* rules = resolved(schema);
    if (own == nullptr || rules == nullptr) {
      if (schema.is_bool() && schema.get_bool())
        add({path, "anything", {}, {}, {}, required, sometimes});
      return;
    }
    PluginOption made;
    made.path = path;
    made.type = words(*rules, 0);
    made.required = required;
    made.sometimes = sometimes;
    // What stands beside a reference says more of this option than what it refers to.
    for (const json::object* from : {rules, own}) {
      if (const std::string text = text_at(*from, "description"); !text.empty())
        made.description = text;
      if (const std::string text = text_at(*from, "x-unit"); !text.empty()) made.unit = text;
      if (const json::value* value = from->if_contains("default"))
        made.standard = compact_json(*value);
    }
    if (given != nullptr) made.standard = compact_json(*given);
    if (!add(std::move(made))) return;
    members(*rules, path, given, false, depth + 1);
    if (const json::value* items = rules->if_contains("items")) {
      if (const json::object* entry = resolved(*items))
        members(*entry, path + "[]", nullptr, false, depth + 1);
    }
  }

  /// False when an option of that path is there already, from another alternative.
  bool add(PluginOption option) {
    for (const PluginOption& known : options_) {
      if (known.path == option.path) return false;
    }
    options_.push_back(std::move(option));
    return true;
  }

  const json::value& root_;
  std::vector<PluginOption> options_;
};

}  // namespace

std::vector<PluginOption> plugin_options(const ComponentInfo& component) {
  const Result<json::value> schema = parse_json(component.config_schema, {});
  const Result<json::value> defaults = parse_json(component.defaults, {});
  if (!schema) return {};
  return OptionReader(*schema).read(defaults ? *defaults : json::value());
}

void print_options(const std::vector<PluginOption>& options, std::ostream& out) {
  if (options.empty()) out << "  no options\n";
  for (const PluginOption& option : options) {
    out << "  " << plain_text(option.path);
    std::string words = option.type;
    if (!option.unit.empty()) words += (words.empty() ? "in " : ", in ") + option.unit;
    if (!words.empty()) out << "  (" << plain_text(words) << ')';
    if (!option.standard.empty()) {
      out << "  default " << plain_text(option.standard);
    } else if (option.required) {
      out << "  required";
    }
    if (option.sometimes) out << "  in some cases";
    out << '\n';
    if (!option.description.empty()) out << "      " << plain_text(option.description) << '\n';
  }
}

json::array options_json(const std::vector<PluginOption>& options) {
  json::array all;
  for (const PluginOption& option : options) {
    json::object one;
    one["path"] = option.path;
    one["type"] = option.type;
    one["unit"] = option.unit.empty() ? json::value(nullptr) : json::value(option.unit);
    const Result<json::value> standard = parse_json(option.standard, {});
    one["default"] = standard && !option.standard.empty() ? *standard : json::value(nullptr);
    one["required"] = option.required && option.standard.empty();
    one["in_some_cases"] = option.sometimes;
    one["description"] = option.description;
    all.emplace_back(std::move(one));
  }
  return all;
}

}  // namespace ordeal
