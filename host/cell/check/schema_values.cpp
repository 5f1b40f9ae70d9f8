// SPDX-License-Identifier: Apache-2.0
#include "cell/check/schema_values.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/json.h"
#include "base/schema.h"
#include "registry/component_config.h"

namespace ordeal::check {
namespace json = boost::json;
namespace {

constexpr int deepest = 24;
constexpr int most_tries = 12;

std::uint64_t below(Random& random, std::uint64_t bound) {
  return bound == 0 ? 0 : random() % bound;
}
bool chance(Random& random, unsigned percent) { return below(random, 100) < percent; }

double number_at(const json::object& schema, const char* key, double otherwise) {
  const json::value* found = schema.if_contains(key);
  if (found == nullptr || !found->is_number()) return otherwise;
  json::error_code failed;
  const double value = found->to_number<double>(failed);
  return failed ? otherwise : value;
}

/// Makes one value; may fail to satisfy what it does not understand.
class Maker {
 public:
  Maker(const json::value& root, Filling filling, Random& random)
      : root_(root), filling_(filling), random_(random) {}

  json::value make(const json::value& schema, int depth) {
    if (!schema.is_object() || depth > deepest || room_ == 0) return nullptr;
    --room_;
    const json::object& rules = schema.get_object();
    if (const json::value* only = rules.if_contains("const")) return *only;
    if (filling_ != Filling::random || chance(random_, 20)) {
      if (const json::value* given = rules.if_contains("examples");
          given != nullptr && given->is_array() && !given->get_array().empty())
        return given
            ->get_array()[filling_ == Filling::random ? below(random_, given->get_array().size())
                                                      : 0];
      if (const json::value* given = rules.if_contains("default")) return *given;
    }
    if (const json::value* list = rules.if_contains("enum");
        list != nullptr && list->is_array() && !list->get_array().empty())
      return list->get_array()[pick(list->get_array().size())];
    if (const json::value* reference = rules.if_contains("$ref");
        reference != nullptr && reference->is_string() &&
        reference->get_string().starts_with("#")) {
      const auto pointer = std::string(reference->get_string()).substr(1);
      if (const json::value* target = at_pointer(root_, pointer)) return make(*target, depth + 1);
    }
    for (const char* key : {"oneOf", "anyOf"}) {
      const json::value* branches = rules.if_contains(key);
      if (branches == nullptr || !branches->is_array() || branches->get_array().empty()) continue;
      const auto& list = branches->get_array();
      // A branch that only says what is required lives from the keys beside it.
      const json::value& branch = list[pick(list.size())];
      if (!rules.contains("properties")) return make(branch, depth + 1);
    }
    return of_type(rules, type_of(rules), depth);
  }

 private:
  std::size_t pick(std::size_t count) {
    return filling_ == Filling::random ? below(random_, count) : 0;
  }

  std::string type_of(const json::object& rules) {
    if (const json::value* type = rules.if_contains("type")) {
      if (type->is_string()) return std::string(type->get_string());
      if (type->is_array() && !type->get_array().empty()) {
        const json::value& one = type->get_array()[pick(type->get_array().size())];
        if (one.is_string()) return std::string(one.get_string());
      }
    }
    if (rules.contains("properties") || rules.contains("required")) return "object";
    if (rules.contains("items")) return "array";
    if (rules.contains("pattern") || rules.contains("minLength")) return "string";
    if (rules.contains("minimum") || rules.contains("maximum")) return "number";
    constexpr const char* any[] = {"string", "integer", "boolean", "object", "null"};
    return any[pick(std::size(any))];
  }

  json::value of_type(const json::object& rules, const std::string& type, int depth) {
    if (type == "object") return object(rules, depth);
    if (type == "array") return array(rules, depth);
    if (type == "string") return json::value(text(rules));
    if (type == "integer" || type == "number") return number(rules, type == "integer");
    if (type == "boolean") return json::value(pick(2) == 1);
    return nullptr;
  }

  json::value object(const json::object& rules, int depth) {
    json::object made;
    std::vector<std::string> required;
    if (const json::value* list = rules.if_contains("required");
        list != nullptr && list->is_array())
      for (const json::value& key : list->get_array())
        if (key.is_string()) required.emplace_back(key.get_string());
    const json::value* properties = rules.if_contains("properties");
    if (properties != nullptr && properties->is_object()) {
      for (const auto& property : properties->get_object()) {
        const std::string key(property.key());
        const bool needed = std::find(required.begin(), required.end(), key) != required.end();
        const bool has_example =
            property.value().is_object() && property.value().get_object().contains("examples");
        const bool wanted = needed || (filling_ == Filling::examples && has_example) ||
                            (filling_ == Filling::random && depth < 12 && chance(random_, 55));
        if (wanted) made[key] = make(property.value(), depth + 1);
      }
    }
    const json::value* others = rules.if_contains("additionalProperties");
    const bool open = others != nullptr && others->is_object();
    for (const std::string& key : required)
      if (!made.contains(key)) made[key] = open ? make(*others, depth + 1) : json::value("x");
    if (open && filling_ == Filling::random)
      for (std::uint64_t n = below(random_, 3); n > 0; --n)
        made["key-" + std::to_string(below(random_, 100))] = make(*others, depth + 1);
    const auto least = static_cast<std::size_t>(number_at(rules, "minProperties", 0));
    for (std::size_t n = 0; made.size() < least && n < 64; ++n)
      made["key-" + std::to_string(n)] = open ? make(*others, depth + 1) : json::value("x");
    return made;
  }

  json::value array(const json::object& rules, int depth) {
    json::array made;
    const auto least = static_cast<std::uint64_t>(number_at(rules, "minItems", 0));
    const double most = number_at(rules, "maxItems", 1e9);
    std::uint64_t count = least;
    if (filling_ == Filling::random && depth < 12) count += below(random_, 4);
    count = std::min<std::uint64_t>({count, static_cast<std::uint64_t>(most), 1000});
    const json::value* items = rules.if_contains("items");
    const json::value* prefix = rules.if_contains("prefixItems");
    for (std::uint64_t i = 0; i < count && room_ > 0; ++i) {
      if (prefix != nullptr && prefix->is_array() && i < prefix->get_array().size()) {
        made.push_back(make(prefix->get_array()[i], depth + 1));
      } else if (items != nullptr && items->is_object()) {
        made.push_back(make(*items, depth + 1));
      } else {
        made.emplace_back("x");
      }
    }
    return made;
  }

  json::value number(const json::object& rules, bool whole) {
    const double step = number_at(rules, "multipleOf", 0);
    double least = number_at(rules, "minimum", number_at(rules, "exclusiveMinimum", -1000));
    double most = number_at(rules, "maximum",
                            number_at(rules, "exclusiveMaximum", std::max(least, 0.0) + 5000));
    if (rules.contains("exclusiveMinimum")) least += whole ? 1 : (most - least) * 1e-6;
    if (rules.contains("exclusiveMaximum")) most -= whole ? 1 : (most - least) * 1e-6;
    double made = 0;
    if (filling_ != Filling::random) {
      made = least <= 1 && most >= 1 ? 1 : least;
    } else {
      switch (below(random_, 4)) {
        case 0:
          made = least;
          break;
        case 1:
          made = most;
          break;
        default:
          made = least + (most - least) * (static_cast<double>(random_() % 10'001) / 10'000);
      }
    }
    if (step > 0) made = std::ceil(least / step) * step;
    if (!whole) return json::value(made);
    return json::value(static_cast<std::int64_t>(std::clamp(std::floor(made), -9e18, 9e18)));
  }

  std::string text(const json::object& rules) {
    const json::value* pattern = rules.if_contains("pattern");
    if (pattern != nullptr && pattern->is_string())
      return text_for_pattern(std::string(pattern->get_string()), random_);
    const json::value* format = rules.if_contains("format");
    if (format != nullptr && format->is_string() && format->get_string() == "duration-go") {
      constexpr const char* durations[] = {"1s", "250ms", "1m30s", "0s", "2h", "1500us"};
      return durations[pick(std::size(durations))];
    }
    const auto length = [&](const char* key, double otherwise) {
      return static_cast<std::size_t>(std::clamp(number_at(rules, key, otherwise), 0.0, 1e9));
    };
    const std::size_t least = length("minLength", 0);
    const std::size_t most = length("maxLength", 1e6);
    std::string made;
    if (filling_ == Filling::random) {
      constexpr const char* words[] = {
          "",           "a",      "node_load1",           "127.0.0.1:9",   "http://127.0.0.1:9/",
          "../../etc",  "%s%n%d", "\xC3\xA4\xE2\x82\xAC", "two words",     "\"quoted\"\\",
          "/proc/self", "0",      "line\nbreak",          "{\"json\": 1}", "-1"};
      made = words[below(random_, std::size(words))];
      if (chance(random_, 3)) made = std::string(5000, 'x');
    }
    if (made.size() < least) made.append(std::min(least - made.size(), room_), 'a');
    if (made.size() > most) made = std::string(most, 'a');
    room_ -= std::min(room_, made.size());
    return made;
  }

  const json::value& root_;
  Filling filling_;
  Random& random_;
  /// Values and bytes of text that may still be made: a schema can ask for more than any memory.
  std::size_t room_ = 20'000;
};

/// Every value inside `value`, itself included.
void all_values(json::value& value, std::vector<json::value*>& found) {
  found.push_back(&value);
  if (value.is_object())
    for (auto& member : value.get_object()) all_values(member.value(), found);
  if (value.is_array())
    for (auto& one : value.get_array()) all_values(one, found);
}

/// As the host does it: schema and manifest defaults under the value.
std::string merged(const ComponentInfo& component, const json::value& value) {
  const auto nowhere = [](const std::string& pointer, bool) { return Location{"", 0, 0, pointer}; };
  auto config = merge_component_config(component, &value, "", nowhere);
  return config ? *config : std::string();
}

}  // namespace

std::optional<json::value> value_for(const json::value& schema, Filling filling, Random& random) {
  for (int i = 0; i < most_tries; ++i) {
    json::value made = Maker(schema, filling, random).make(schema, 0);
    if (check_schema(schema, made).empty()) return made;
    if (filling != Filling::random) filling = i % 2 == 0 ? Filling::required : Filling::random;
  }
  return std::nullopt;
}

std::string spoiled_config(const json::value& valid, Random& random) {
  json::value copy(valid);
  std::vector<json::value*> places;
  all_values(copy, places);
  json::value& place = *places[below(random, places.size())];
  std::string text = compact_json(valid);
  switch (below(random, 14)) {
    case 0:
      place = nullptr;
      break;
    case 1:
      place = json::value(std::string(70'000, 'x'));
      break;
    case 2:
      place = json::value(-1);
      break;
    case 3:
      place = json::value(1e300);
      break;
    case 4:
      place = json::array{json::object{{"a", json::array{}}}, 1, "x"};
      break;
    case 5:
      place = json::object{{"", ""}};
      break;
    case 6:
      if (copy.is_object() && !copy.get_object().empty())
        copy.get_object().erase(copy.get_object().begin());
      break;
    case 7:
      if (copy.is_object()) copy.get_object()["no-such-option"] = true;
      break;
    case 8:
      return text.substr(0, below(random, text.size()));
    case 9: {
      constexpr const char* texts[] = {"", " ", "null", "[]", "0", "\"x\"", "{", "{}}", "{\"a\":}"};
      return texts[below(random, std::size(texts))];
    }
    case 10:
      for (int i = 0; i < 3; ++i)
        if (!text.empty()) text[below(random, text.size())] = static_cast<char>(random());
      return text;
    case 11:
      return std::string(20'000, '[');
    case 12:
      return text.insert(below(random, text.size() + 1), 1, '\0');
    default:
      place = json::value(true);
  }
  return compact_json(copy);
}

std::string random_config(const ComponentInfo& component, Random& random) {
  auto schema = parse_json(component.config_schema.empty() ? "{}" : component.config_schema, "");
  if (!schema) return {};
  const auto made = value_for(*schema, Filling::random, random);
  return made && made->is_object() ? merged(component, *made) : std::string();
}

std::vector<std::string> candidate_configs(const Job& job) {
  if (!job.config.empty()) return {job.config};
  const ComponentInfo& component = job.subject();
  std::vector<std::string> configs;
  const auto add = [&configs](std::string config) {
    if (!config.empty() && std::find(configs.begin(), configs.end(), config) == configs.end())
      configs.push_back(std::move(config));
  };
  auto schema = parse_json(component.config_schema.empty() ? "{}" : component.config_schema, "");
  if (!schema) return {};
  Random random(job.seed);
  add(merged(component, json::object()));
  for (const Filling filling : {Filling::required, Filling::examples})
    if (const auto made = value_for(*schema, filling, random)) add(merged(component, *made));
  for (int i = 0; i < 60; ++i) add(random_config(component, random));
  return configs;
}

}  // namespace ordeal::check
