// SPDX-License-Identifier: Apache-2.0
#include "campaign/ladder.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ordeal/abi/rule.h"

namespace ordeal {

std::uint32_t CpuLimit::check(double busy) {
  if (busy > limit_) {
    if (++above_ >= std::max(needed_, 1u)) {
      above_ = 0;
      level_ =
          std::clamp<std::uint32_t>(level_ + 1, ORDEAL_VERDICT_THROTTLE, ORDEAL_VERDICT_STOP_PHASE);
    }
  } else {
    above_ = 0;
    if (busy < limit_ - 0.10) level_ = ORDEAL_VERDICT_OK;
  }
  return level_;
}

double LadderState::factor() const {
  if (level >= ORDEAL_VERDICT_HOLD) return 0;
  return level == ORDEAL_VERDICT_THROTTLE ? 0.5 : 1;
}

LadderState climb(const std::vector<RuleState>& rules, const CpuLimit& cpu, bool cpu_enforced) {
  LadderState state;
  for (const auto& rule : rules) {
    if (rule.level <= state.level) continue;
    state.level = rule.level;
    state.reason = "rule " + rule.rule + ": " + rule.reason;
  }
  if (cpu_enforced && cpu.level() > state.level) {
    state.level = cpu.level();
    state.reason = "CPU busy above " + std::to_string(std::lround(cpu.limit() * 100)) + " %";
  }
  return state;
}

const char* level_name(std::uint32_t level) {
  static constexpr std::array names{"ok", "warn", "throttle", "hold", "stop_phase", "abort"};
  return names[std::min<std::size_t>(level, names.size() - 1)];
}

}  // namespace ordeal
