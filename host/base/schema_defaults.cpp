// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>

#include "base/json.h"
#include "base/schema.h"

namespace ordeal {
namespace json = boost::json;
namespace {

// Schemas come with plugins: one that refers to itself must end, and not after 2^32 steps.
constexpr std::size_t deepest = 32;
constexpr std::size_t most_work = 100'000;

void fill(const json::value& root, const json::value& schema, json::value& value, std::size_t depth,
          std::size_t& work) {
  if (!schema.is_object() || depth > deepest || ++work > most_work) return;
  const json::object& rules = schema.get_object();
  if (const json::value* reference = rules.if_contains("$ref");
      reference != nullptr && reference->is_string() && reference->get_string().starts_with("#")) {
    const std::string pointer(reference->get_string().data() + 1,
                              reference->get_string().size() - 1);
    if (const json::value* target = at_pointer(root, pointer)) {
      fill(root, *target, value, depth + 1, work);
    }
  }
  if (const json::value* all = rules.if_contains("allOf"); all != nullptr && all->is_array()) {
    for (const json::value& one : all->get_array()) fill(root, one, value, depth + 1, work);
  }
  if (value.is_object()) {
    const json::value* properties = rules.if_contains("properties");
    if (properties == nullptr || !properties->is_object()) return;
    for (const auto& property : properties->get_object()) {
      json::object& object = value.get_object();
      if (!object.contains(property.key()) && property.value().is_object()) {
        if (const json::value* given = property.value().get_object().if_contains("default")) {
          object.emplace(property.key(), *given);
        }
      }
      if (json::value* child = object.if_contains(property.key())) {
        fill(root, property.value(), *child, depth + 1, work);
      }
    }
  } else if (value.is_array()) {
    const json::value* items = rules.if_contains("items");
    if (items == nullptr) return;
    for (json::value& item : value.get_array()) fill(root, *items, item, depth + 1, work);
  }
}

}  // namespace

void apply_defaults(const json::value& schema, json::value& value) {
  std::size_t work = 0;
  fill(schema, schema, value, 0, work);
}

}  // namespace ordeal
