// SPDX-License-Identifier: Apache-2.0
#include "registry/component_config.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/schema.h"

namespace ordeal {
namespace json = boost::json;
namespace {

void merge_over(json::value& base, const json::value& over) {
  if (!base.is_object() || !over.is_object()) {
    base = over;
    return;
  }
  for (const auto& member : over.get_object()) {
    json::value* present = base.get_object().if_contains(member.key());
    if (present != nullptr) {
      merge_over(*present, member.value());
    } else {
      base.get_object().emplace(member.key(), member.value());
    }
  }
}

}  // namespace

Result<std::string> merge_component_config(const ComponentInfo& component, const json::value* user,
                                           const std::string& pointer, const LocateConfig& locate) {
  const std::string context = component.kind + " '" + component.id + "'";
  const auto from_manifest = [&](const std::string& text) -> Result<json::value> {
    if (text.empty()) return json::value(json::object());
    Result<json::value> parsed = parse_json(text, "manifest");
    if (parsed) return parsed;
    Error error = std::move(parsed.error()).within(context);
    error.code = ExitCode::plugin_rejected;
    return error;
  };
  Result<json::value> schema = from_manifest(component.config_schema);
  if (!schema) return schema.error();
  Result<json::value> merged = from_manifest(component.defaults);
  if (!merged) return merged.error();
  if (user != nullptr) merge_over(*merged, *user);
  apply_defaults(*schema, *merged);
  const std::vector<SchemaViolation> violations = check_schema(*schema, *merged);
  if (violations.empty()) return compact_json(*merged);
  const SchemaViolation& first = violations.front();
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = first.what;
  error.where = locate(pointer + first.pointer, first.at_key);
  error.expected = first.expected;
  error.fix = first.fix;
  return std::move(error).within("config of " + context);
}

}  // namespace ordeal
