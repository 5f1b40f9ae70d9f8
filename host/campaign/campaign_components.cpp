// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_components.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "campaign/campaign_feeder.h"
#include "campaign/campaign_load.h"
#include "campaign/campaign_workers.h"
#include "registry/component_config.h"

namespace ordeal {
namespace json = boost::json;
namespace {

/// Whether a configuration says something for a key: an empty text or list, which plugins have as
/// their defaults and effective campaigns therefore keep, says nothing.
bool given(const json::object& config, const char* key) {
  const json::value* value = config.if_contains(key);
  if (value == nullptr) return false;
  if (value->is_string()) return !value->get_string().empty();
  return !value->is_array() || !value->get_array().empty();
}

/// One entry resolved.
struct Component {
  std::string id;  // without the plugin's, which may stand before it in the campaign
  std::string plugin;
  std::string config;
};

class ComponentReader {
 public:
  ComponentReader(CampaignDocument& document, const Registry& registry, const TargetSpec& target)
      : document_(document), registry_(registry), target_(target) {}

  Result<Component> read(json::object& entry, const char* kind, const std::string& pointer) {
    const Result<Registry::Found> found = registry_.find(kind, text_member(entry, kind));
    if (!found) {
      Error error = found.error();
      error.where = document_.locate(pointer + "/" + kind);
      return error;
    }
    if (Result<void> same = check_library_hash(*found->plugin); !same)
      return std::move(same.error()).within(std::string(kind) + " '" + found->component->id + "'");
    const ComponentInfo& component = *found->component;
    const std::vector<std::string>& allowed = found->plugin->isolation_allowed;
    if (const std::string isolation = text_member(entry, "isolation");
        !isolation.empty() && std::find(allowed.begin(), allowed.end(), isolation) == allowed.end())
      return document_.error(pointer + "/isolation",
                             "plugin " + found->plugin->id + " does not allow '" + isolation + "'",
                             "'" + allowed.front() + "'");
    const json::value* own = entry.if_contains("config");
    json::value user = own != nullptr ? *own : json::value(json::object());
    const std::vector<std::string> filled = fill_from_target(component, user.get_object());
    Result<std::string> merged = merge_component_config(
        component, &user, pointer + "/config",
        [this](const std::string& at, bool key) { return document_.locate(at, key); });
    if (!merged) {
      Error error = merged.error();
      if (error.fix.empty() && target_.http.empty() && error.what == "key 'url' is missing") {
        error.fix = "give the target: --set target.http=http://HOST:PORT";
      }
      return error;
    }
    Result<json::value> config = parse_json(*merged, {});
    if (!config) return config.error();
    if (config->is_object()) {
      for (const std::string& key : filled) config->get_object().erase(key);
    }
    entry["config"] = std::move(*config);
    return Component{component.id, found->plugin->id, std::move(*merged)};
  }

 private:
  /// Adds what the target knows and the user left open; returns the keys added.
  std::vector<std::string> fill_from_target(const ComponentInfo& component, json::object& config) {
    std::vector<std::string> filled;
    Result<json::value> schema = parse_json(component.config_schema, {});
    const json::value* properties = schema ? at_pointer(*schema, "/properties") : nullptr;
    if (properties == nullptr || !properties->is_object()) return filled;
    const auto fill = [&](const char* key, json::value value) {
      if (!properties->get_object().contains(key) || given(config, key)) return;
      config[key] = std::move(value);
      filled.emplace_back(key);
    };
    if (component.kind == "scenario" && !target_.http.empty()) {
      fill("url", json::value(target_.http));
    }
    // Only a collector that was not told what to watch watches the target.
    if (component.kind == "collector" && !given(config, "pid") && !given(config, "pids") &&
        !given(config, "pid_file") && !given(config, "name")) {
      if (!target_.pid_file.empty()) fill("pid_file", json::value(target_.pid_file));
      if (target_.pid > 0) {
        fill("pid", json::value(target_.pid));
        fill("pids", json::value(json::array({json::value(target_.pid)})));
      }
    }
    return filled;
  }

  CampaignDocument& document_;
  const Registry& registry_;
  const TargetSpec& target_;
};

/// The entries of a list; none when absent.
json::array* list_at(json::object& object, const char* key) {
  json::value* found = object.if_contains(key);
  return found != nullptr ? found->if_array() : nullptr;
}

void add_default_collectors(json::object& root, const TargetSpec& target) {
  const auto entry = [](const char* collector, const std::string& interval) {
    json::object made;
    made["collector"] = collector;
    made["interval"] = interval;
    return made;
  };
  if (!root.contains("collect")) root["collect"] = json::array({entry("system", "10s")});
  if (target.pid_file.empty() && target.pid == 0) return;
  std::string interval = "10s";
  for (const json::value& one : root["collect"].get_array()) {
    const std::string name = text_member(one.get_object(), "collector");
    if (name == "process" || name.ends_with("/process")) return;
    interval = text_member(one.get_object(), "interval", interval);
  }
  root["collect"].get_array().emplace_back(entry("process", interval));
}

Result<void> read_rules(ComponentReader& reader, json::object& section, const std::string& pointer,
                        std::vector<RuleEntry>& rules) {
  json::array* list = list_at(section, "rules");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    json::object& entry = (*list)[i].get_object();
    Result<Component> one = reader.read(entry, "rule", pointer + "/rules/" + std::to_string(i));
    if (!one) return one.error();
    rules.push_back({one->id, one->plugin, one->config, text_member(entry, "isolation")});
  }
  return {};
}

}  // namespace

Result<void> read_components(CampaignDocument& document, const Registry& registry,
                             Campaign& campaign) {
  json::object& root = document.root().get_object();
  ComponentReader reader(document, registry, campaign.target);
  json::array& loads = root.at("load").get_array();
  for (std::size_t i = 0; i < loads.size(); ++i) {
    json::object& entry = loads[i].get_object();
    const std::string pointer = "/load/" + std::to_string(i);
    Result<Component> one = reader.read(entry, "scenario", pointer);
    if (!one) return one.error();
    LoadEntry load;
    load.scenario = one->id;
    load.plugin = one->plugin;
    load.config = one->config;
    load.weight = number_member(entry, "weight", 1);
    if (auto done = read_entry_load(document, entry, pointer, load); !done) return done;
    if (const json::value* mix = entry.if_contains("mix")) {
      double sum = 0;
      for (const auto& member : mix->get_object()) {
        load.mix.emplace_back(std::string(member.key()),
                              number_member(mix->get_object(), member.key()));
        sum += load.mix.back().second;
      }
      if (sum <= 0)
        return document.error(pointer + "/mix", "all weights are 0", "at least one above 0");
    }
    if (auto done = read_workers(document, entry, pointer, load); !done) return done;
    if (auto done = read_feeder(document, entry, pointer, campaign.source, load); !done)
      return done;
    campaign.load.push_back(std::move(load));
  }
  add_default_collectors(root, campaign.target);
  json::array& collectors = root.at("collect").get_array();
  for (std::size_t i = 0; i < collectors.size(); ++i) {
    json::object& entry = collectors[i].get_object();
    const std::string pointer = "/collect/" + std::to_string(i);
    Result<Component> one = reader.read(entry, "collector", pointer);
    if (!one) return one.error();
    const Duration interval = duration_member(entry, "interval");
    if (interval < std::chrono::milliseconds(100)) {
      return document.error(pointer + "/interval",
                            "reading so often would measure the collector itself",
                            "at least 100ms");
    }
    campaign.collect.push_back(
        {one->id, one->plugin, one->config, interval, text_member(entry, "isolation")});
  }
  json::array& reports = root.at("report").get_array();
  for (std::size_t i = 0; i < reports.size(); ++i) {
    json::object& entry = reports[i].get_object();
    Result<Component> one = reader.read(entry, "report", "/report/" + std::to_string(i));
    if (!one) return one.error();
    campaign.report.push_back({one->id, one->plugin, one->config});
  }
  Result<void> done =
      read_rules(reader, root.at("safety").get_object(), "/safety", campaign.safety.rules);
  json::array& phases = root.at("phases").get_array();
  for (std::size_t i = 0; done && i < phases.size(); ++i) {
    std::optional<Safety>& safety = campaign.phases[i].safety;
    if (!safety) continue;
    // A phase adds rules to the campaign's; it cannot take one away.
    safety->rules = campaign.safety.rules;
    done = read_rules(reader, phases[i].get_object().at("safety").get_object(),
                      "/phases/" + std::to_string(i) + "/safety", safety->rules);
  }
  return done;
}

}  // namespace ordeal
