// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/slo.h"
#include "base/outcome.h"

namespace ordeal {

enum class PhaseResult { passed, failed, invalid, inconclusive, not_judged, stopped };
std::string_view phase_result_name(PhaseResult result);

/// All that decides about one phase.
struct PhaseEvidence {
  bool judge = true;
  bool ended = true;  // false: the controller was gone before the phase was over
  std::optional<std::string>
      stop_reason;  // "person", "safety: ...", "guardian", ...; absent: ran through
  bool open_load = false;
  double offered = 0;               // operations intended
  std::optional<double> send_rate;  // share of the offered operations that were sent
  OutcomeCounts outcomes{};
  bool valid = true;
  std::vector<std::string> invalid_reasons;
  double missing_share = 0;  // of the offered time, lost through a dead cell
  std::vector<Assertion> assertions;
};

struct PhaseOutcome {
  PhaseResult result = PhaseResult::inconclusive;
  bool success = false;  // passed, nothing else
  std::vector<std::string> reasons;
  std::vector<std::string> validity;  // what is wrong with the measurement, whatever the result
};

/// One result, the first that applies: not_judged (the plan says so), stopped, invalid, failed (a
/// limit was missed), inconclusive (a limit was not estimable, or nothing was done), not_judged (no
/// limits given), passed. An open load of which less than 99 % was sent is invalid, unless the
/// target is to blame for the rest (operations dropped after failed connects, or timed out while
/// they waited for a session). Over 1 % of the time missing is invalid.
PhaseOutcome judge_phase_evidence(const PhaseEvidence& evidence);

}  // namespace ordeal
