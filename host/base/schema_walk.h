// SPDX-License-Identifier: Apache-2.0
// Includes all of Boost.JSON: for .cpp files that walk schemas.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "base/json_text.h"

namespace ordeal {

/// Calls visit(keyword, pointer below the schema, subschema) for every schema directly inside one
/// that satisfies the keywords of check_schema; not for values such as `default` or `enum`.
template <class Object, class Visit>
void each_subschema(Object& schema, const Visit& visit) {
  for (auto&& member : schema) {
    const std::string keyword(member.key().data(), member.key().size());
    const std::string pointer = "/" + keyword;
    auto& value = member.value();
    if (keyword == "additionalProperties" || keyword == "propertyNames" || keyword == "items" ||
        keyword == "not" || keyword == "if" || keyword == "then" || keyword == "else") {
      visit(keyword, pointer, value);
    } else if (keyword == "prefixItems" || keyword == "allOf" || keyword == "anyOf" ||
               keyword == "oneOf") {
      if (!value.is_array()) continue;
      std::size_t i = 0;
      for (auto& one : value.get_array()) visit(keyword, pointer + "/" + std::to_string(i++), one);
    } else if (keyword == "properties" || keyword == "patternProperties" || keyword == "$defs") {
      if (!value.is_object()) continue;
      for (auto&& one : value.get_object())
        visit(keyword, pointer + pointer_token({one.key().data(), one.key().size()}), one.value());
    }
  }
}

}  // namespace ordeal
