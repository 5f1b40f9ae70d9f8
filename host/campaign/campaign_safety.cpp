// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_safety.h"

#include <boost/json.hpp>

#include "base/schema_describe.h"

namespace ordeal {
namespace json = boost::json;
namespace {

/// The keys that a phase may give too.
void read_shared(const json::object& section, Safety& safety) {
  safety.memory_percent = number_member(section, "memory_percent", safety.memory_percent);
  safety.cpu_percent = number_member(section, "cpu_percent", safety.cpu_percent);
  safety.disk_percent = number_member(section, "disk_percent", safety.disk_percent);
  if (const json::value* reserve = section.if_contains("reserve")) {
    const json::object& kept = reserve->get_object();
    safety.reserve_cpu_percent = number_member(kept, "cpu_percent", safety.reserve_cpu_percent);
    safety.reserve_memory_percent =
        number_member(kept, "memory_percent", safety.reserve_memory_percent);
  }
  safety.check_interval = duration_member(section, "check_interval", safety.check_interval);
  safety.consecutive_violations = static_cast<std::uint32_t>(
      number_member(section, "consecutive_violations", safety.consecutive_violations));
}

Result<void> require_positive(const CampaignDocument& document, const std::string& pointer,
                              Duration duration) {
  if (duration > Duration::zero()) return {};
  return document.error(pointer, "a time of 0s would mean never", "more than 0s");
}

}  // namespace

Result<Safety> read_safety(const CampaignDocument& document) {
  const json::object& section = document.root().get_object().at("safety").get_object();
  Safety safety;
  read_shared(section, safety);
  safety.max_duration = duration_member(section, "max_duration");
  safety.cooldown = duration_member(section, "cooldown");
  safety.max_consecutive_failures =
      static_cast<std::uint32_t>(number_member(section, "max_consecutive_failures"));
  if (auto done = require_positive(document, "/safety/check_interval", safety.check_interval);
      !done) {
    return done.error();
  }
  if (auto done = require_positive(document, "/safety/max_duration", safety.max_duration); !done) {
    return done.error();
  }
  return safety;
}

Result<Safety> tighten_safety(const CampaignDocument& document, const json::object& section,
                              const std::string& pointer, const Safety& campaign) {
  Safety safety = campaign;
  read_shared(section, safety);
  if (auto done = require_positive(document, pointer + "/check_interval", safety.check_interval);
      !done) {
    return done.error();
  }
  struct Limit {
    const char* key;
    double mine;
    double campaigns;
    bool at_most;
  };
  const Limit limits[] = {
      {"memory_percent", safety.memory_percent, campaign.memory_percent, true},
      {"cpu_percent", safety.cpu_percent, campaign.cpu_percent, true},
      {"disk_percent", safety.disk_percent, campaign.disk_percent, true},
      {"reserve/cpu_percent", safety.reserve_cpu_percent, campaign.reserve_cpu_percent, false},
      {"reserve/memory_percent", safety.reserve_memory_percent, campaign.reserve_memory_percent,
       false},
      {"consecutive_violations", static_cast<double>(safety.consecutive_violations),
       static_cast<double>(campaign.consecutive_violations), true},
  };
  for (const Limit& limit : limits) {
    if (limit.at_most ? limit.mine <= limit.campaigns : limit.mine >= limit.campaigns) continue;
    return document.error(
        pointer + "/" + limit.key,
        show_number(json::value(limit.mine)) + " is looser than the campaign's own limit",
        std::string(limit.at_most ? "at most " : "at least ") +
            show_number(json::value(limit.campaigns)));
  }
  if (safety.check_interval > campaign.check_interval) {
    return document.error(
        pointer + "/check_interval",
        format_duration(safety.check_interval) + " is looser than the campaign's own limit",
        "at most " + format_duration(campaign.check_interval));
  }
  return safety;
}

}  // namespace ordeal
