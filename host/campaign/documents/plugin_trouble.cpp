// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/plugin_trouble.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <tuple>

#include "campaign/documents/json_fields.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

struct Trouble {
  std::string kind;  // "": none
  std::uint64_t count = 1;
  std::string detail;
};

bool starts_with(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

Trouble trouble_of(const JournalEvent& event, const json::value& data) {
  const std::string reason = text_field(data, "reason").value_or("");
  if (event.topic == "safety") {
    // The rule itself was the trouble, not what it watches.
    if (event.type == "rule_verdict" && text_field(data, "metric") == "rule deadline" &&
        text_field(data, "level") != "ok")
      return {"overrun", 1, reason};
    return {};
  }
  if (event.topic != "plugin" || event.type == "cell_restarted") return {};
  const std::string how = text_field(data, "how").value_or("");
  if (event.type == "cell_died") return {starts_with(how, "hung") ? "hang" : "crash", 1, how};
  if (event.type == "quarantined") return {"quarantine", 1, how};
  if (event.type == "refused") return {"refused", 1, reason};
  if (event.type == "collector_gap")
    return {starts_with(reason, "no answer") ? "overrun" : "failed", 1, reason};
  if (event.type == "report_failed") {
    const char* kind = starts_with(reason, "its cell died")    ? "crash"
                       : starts_with(reason, "it took longer") ? "hang"
                                                               : "failed";
    return {kind, 1, reason};
  }
  if (event.type == "trouble")
    return {text_field(data, "kind").value_or("trouble"), count_field(data, "count").value_or(1),
            reason};
  for (const char* key : {"count", "dropped", "lost"})
    if (const auto count = count_field(data, key))
      return {event.type == "report_lost_intervals" ? "dropped" : event.type, *count,
              reason.empty() ? "events were dropped: it was too slow for them" : reason};
  return {};
}

/// Those an event names, each once: a shared cell dies for all its plugins.
std::vector<std::pair<std::string, std::string>> plugins_of(const json::value& data) {
  std::vector<std::string> names = text_list(data, "plugins");
  if (names.empty())
    if (auto one = text_field(data, "plugin")) names.push_back(std::move(*one));
  std::vector<std::pair<std::string, std::string>> plugins;
  for (const auto& name : names) {
    const std::size_t space = name.find(' ');
    std::pair<std::string, std::string> plugin{
        name.substr(0, space), space == std::string::npos ? text_field(data, "version").value_or("")
                                                          : name.substr(space + 1)};
    if (plugin.first.empty()) continue;
    if (std::find(plugins.begin(), plugins.end(), plugin) == plugins.end())
      plugins.push_back(std::move(plugin));
  }
  return plugins;
}

}  // namespace

Result<json::array> plugin_trouble(const RunFacts& facts) {
  struct Sum {
    std::uint64_t count = 0;
    std::string detail;
  };
  std::map<std::tuple<std::string, std::string, std::string, std::string>, Sum> sums;
  for (const auto& event : facts.events) {
    if (event.topic != "plugin" && event.topic != "safety") continue;
    auto data = parse_fact(event.data, "event " + std::to_string(event.seq));
    if (!data) return std::move(data.error());
    const Trouble trouble = trouble_of(event, **data);
    if (trouble.kind.empty()) continue;
    const std::string component = text_field(**data, "component").value_or("");
    for (const auto& [id, version] : plugins_of(**data)) {
      Sum& sum = sums[{id, version, component, trouble.kind}];
      sum.count += trouble.count;
      sum.detail = trouble.detail;
    }
  }
  json::array out;
  for (const auto& [key, sum] : sums) {
    const auto& [id, version, component, kind] = key;
    out.push_back(json::object{
        {"plugin", id},
        {"version", version.empty() ? json::value(nullptr) : json::value(version)},
        {"component", component.empty() ? json::value(nullptr) : json::value(component)},
        {"kind", kind},
        {"count", sum.count},
        {"detail", sum.detail}});
  }
  return out;
}

}  // namespace ordeal::documents
