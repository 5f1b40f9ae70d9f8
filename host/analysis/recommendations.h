// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/phase_result.h"
#include "base/outcome.h"

namespace ordeal {

/// What is known of a phase when advice is given.
struct AdviceFacts {
  std::string name;
  PhaseOutcome outcome;
  std::vector<Assertion> assertions;
  OutcomeCounts outcomes{};
  double seconds = 0;         // of measuring
  double rate = 0;            // operations that ended, per second
  std::optional<double> avg;  // latency in seconds
  std::optional<double> p99;
  std::optional<double> service_p99;  // from the actual send
  std::uint32_t connections = 0;
};

/// What is known of the host.
struct HostFacts {
  std::optional<double> cpu_max;     // percent busy
  std::optional<double> memory_max;  // percent used
  std::optional<double> health;      // baseline score
  std::string weakest_sensor;
  std::vector<std::string> quarantined;  // plugins
};

/// What to do about one phase. Every sentence carries the number it follows from; none if nothing
/// follows.
std::vector<std::string> phase_recommendations(const AdviceFacts& phase);

/// What to do after the campaign: the phases' advice named by phase, and what only shows across
/// them.
std::vector<std::string> campaign_recommendations(const std::vector<AdviceFacts>& phases,
                                                  const HostFacts& host);

}  // namespace ordeal
