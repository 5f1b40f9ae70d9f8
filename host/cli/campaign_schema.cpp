// SPDX-License-Identifier: Apache-2.0
#include "cli/campaign_schema.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/schema_walk.h"

namespace ordeal {
namespace json = boost::json;
namespace {

/// Where a schema stood alone its references began at "#"; now at `place`.
void move_references(json::value& schema, const std::string& place) {
  json::object* rules = schema.if_object();
  if (rules == nullptr) return;
  if (json::value* reference = rules->if_contains("$ref")) {
    const std::string target(reference->get_string().data() + 1,
                             reference->get_string().size() - 1);
    *reference = "#" + place + target;
  }
  each_subschema(*rules, [&](const std::string&, const std::string&, json::value& one) {
    move_references(one, place);
  });
}

/// Takes what has a default out of `required`: the user need not give it. `defaults` are the
/// manifest's at this place, or null. Branches of oneOf and the like are told apart by what they
/// require and stay as they are; the host fills in nothing there either.
void relax_required(json::value& schema, const json::value* defaults) {
  json::object* rules = schema.if_object();
  if (rules == nullptr) return;
  const auto given = [&](const json::value& key) {
    if (!key.is_string()) return false;
    const json::string& name = key.get_string();
    if (defaults != nullptr && defaults->is_object() && defaults->get_object().contains(name)) {
      return true;
    }
    const json::value* properties = rules->if_contains("properties");
    const json::value* property = properties != nullptr && properties->is_object()
                                      ? properties->get_object().if_contains(name)
                                      : nullptr;
    return property != nullptr && property->is_object() &&
           property->get_object().contains("default");
  };
  if (json::value* required = rules->if_contains("required");
      required != nullptr && required->is_array()) {
    json::array& keys = required->get_array();
    keys.erase(std::remove_if(keys.begin(), keys.end(), given), keys.end());
  }
  each_subschema(*rules, [&](const std::string& keyword, const std::string& below,
                             json::value& one) {
    if (keyword == "allOf") {
      relax_required(one, defaults);
    } else if (keyword == "properties") {
      const json::value* further =
          defaults != nullptr ? at_pointer(*defaults, below.substr(keyword.size() + 1)) : nullptr;
      relax_required(one, further);
    } else if (keyword == "items") {
      relax_required(one, nullptr);
    }
  });
}

/// Keys that the host fills in from the campaign's target.
void relax_target(json::value& schema, const std::string& kind) {
  json::value* required =
      schema.is_object() ? schema.get_object().if_contains("required") : nullptr;
  if (required == nullptr || !required->is_array()) return;
  json::array& keys = required->get_array();
  keys.erase(std::remove_if(keys.begin(), keys.end(),
                            [&](const json::value& key) {
                              return kind == "scenario"
                                         ? key == "url"
                                         : kind == "collector" &&
                                               (key == "pid" || key == "pids" || key == "pid_file");
                            }),
             keys.end());
}

bool requires_something(const json::value& schema) {
  const json::value* required = at_pointer(schema, "/required");
  return required != nullptr && required->is_array() && !required->get_array().empty();
}

class CampaignSchema {
 public:
  CampaignSchema(json::value base, const Registry& registry)
      : schema_(std::move(base)), registry_(registry) {}

  json::value take() {
    // It is not the published document any more.
    schema_.get_object().erase("$id");
    for (const auto& [kind, pointer] : {std::pair{"scenario", "/properties/load/items"},
                                        {"collector", "/properties/collect/items"},
                                        {"rule", "/$defs/rules/items"},
                                        {"report", "/properties/report/items"}}) {
      add_kind(kind, pointer);
    }
    return std::move(schema_);
  }

 private:
  json::value& at(const std::string& pointer) {
    json::error_code failed;
    return *schema_.find_pointer(pointer, failed);
  }

  void add_kind(const std::string& kind, const std::string& pointer) {
    json::array names;
    json::array cases;
    for (const PluginInfo& plugin : registry_.plugins()) {
      for (const ComponentInfo& component : plugin.components) {
        if (component.kind != kind) continue;
        json::array called;
        const Result<Registry::Found> plain = registry_.find(kind, component.id);
        if (plain && plain->component == &component) called.emplace_back(component.id);
        called.emplace_back(plugin.id + "/" + component.id);
        names.insert(names.end(), called.begin(), called.end());
        add_config(plugin, component, called, cases);
      }
    }
    json::object& entry = at(pointer).get_object();
    json::object& name = entry["properties"].get_object()[kind].get_object();
    if (!names.empty()) name["enum"] = std::move(names);
    if (!cases.empty()) entry["allOf"] = std::move(cases);
  }

  void add_config(const PluginInfo& plugin, const ComponentInfo& component,
                  const json::array& called, json::array& cases) {
    const std::string place =
        "/$defs" + pointer_token(plugin.id) + "/$defs" + pointer_token(component.id);
    Result<json::value> own = parse_json(component.config_schema, {});
    const Result<json::value> defaults = parse_json(component.defaults, {});
    if (!own || !own->is_object()) return;
    own->get_object().erase("$schema");
    move_references(*own, place);
    relax_required(*own, defaults ? &*defaults : nullptr);
    relax_target(*own, component.kind);
    const bool needed = requires_something(*own);
    json::object& defs = at("/$defs").get_object();
    if (!defs.contains(plugin.id))
      defs[plugin.id] =
          json::object{{"title", plugin.id + " " + plugin.version}, {"$defs", json::object{}}};
    defs[plugin.id].at("$defs").get_object()[component.id] = std::move(*own);

    json::object then{
        {"properties", json::object{{"config", json::object{{"$ref", "#" + place}}}}}};
    if (needed) then["required"] = json::array{"config"};
    cases.emplace_back(json::object{
        {"if", json::object{{"properties",
                             json::object{{component.kind, json::object{{"enum", called}}}}},
                            {"required", json::array{component.kind}}}},
        {"then", std::move(then)}});
  }

  json::value schema_;
  const Registry& registry_;
};

}  // namespace

json::value campaign_schema(json::value base, const Registry& registry) {
  return CampaignSchema(std::move(base), registry).take();
}

}  // namespace ordeal
