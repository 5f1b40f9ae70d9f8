// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "campaign/campaign.h"
#include "campaign/services.h"

namespace ordeal {

/// The CPU limit of `safety.cpu_percent` (or of the reserve, if tighter), judged every check
/// interval: after `consecutive_violations` checks above it in a row the level rises by one
/// (throttle, hold, stop phase), never further: CPU does not kill. It falls back to ok once a check
/// is 10 points under the limit. Pure.
class CpuLimit {
 public:
  /// `safety.reserve` tightens the limit: what is reserved is not used up to the last.
  explicit CpuLimit(const Safety& safety)
      : limit_(std::min(safety.cpu_percent, 100 - safety.reserve_cpu_percent) / 100),
        needed_(safety.consecutive_violations) {}

  /// One check of the machine's busy share (0-1). Returns the level, ORDEAL_VERDICT_*.
  std::uint32_t check(double busy);
  [[nodiscard]] std::uint32_t level() const { return level_; }
  [[nodiscard]] double limit() const { return limit_; }

 private:
  double limit_;
  std::uint32_t needed_;
  std::uint32_t above_ = 0;
  std::uint32_t level_ = 0;
};

/// What the rules together ask for.
struct LadderState {
  std::uint32_t level = 0;  // ORDEAL_VERDICT_*
  std::string reason;       // of the rule that asks for it
  /// Share of the load that may be offered at this level: 1, 0.5 (throttle) or 0 (hold and above).
  [[nodiscard]] double factor() const;
};
/// The harshest wins. Pure.
LadderState climb(const std::vector<RuleState>& rules, const CpuLimit& cpu, bool cpu_enforced);

const char* level_name(std::uint32_t level);

}  // namespace ordeal
