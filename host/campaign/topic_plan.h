// SPDX-License-Identifier: Apache-2.0
// Who of a campaign's plugins publishes and reads which third-party topic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bus/bus.h"
#include "campaign/campaign.h"
#include "registry/registry.h"

namespace ordeal {

/// A component of the campaign whose plugin declares topics.
struct TopicUser {
  std::string kind;  // "collector", "rule", "scenario", "report"
  /// In the campaign's list of that kind; of a scenario its worker's, see worker_number().
  std::size_t index = 0;
  /// Number of the instance within the run, from 1: what events carry as their source.
  std::uint32_t source = 0;
  const PluginInfo* plugin = nullptr;
  std::string label;                     // "com.acme.kv 1.0.0 (scenario kv)"
  std::vector<std::uint32_t> publishes;  // topics of the plan, in the order of the manifest
  std::vector<std::optional<std::uint32_t>> subscribes;  // none: nobody publishes it
};

struct TopicPlan {
  std::vector<TopicSpec> topics;
  std::vector<TopicUser> users;
  /// nullptr: that component has nothing to do with topics.
  [[nodiscard]] const TopicUser* user(std::string_view kind, std::size_t index) const;
};

/// Matches what is offered with what is asked for. Error: plugin_rejected naming both manifests,
/// with file and pointer, when a topic that is read has no publisher, or when revision or queue
/// differ between its publishers or from its reader's. The registry is borrowed by the plan.
Result<TopicPlan> plan_topics(const Campaign& campaign, const Registry& registry);

}  // namespace ordeal
