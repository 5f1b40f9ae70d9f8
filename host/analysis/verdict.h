// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/phase_result.h"
#include "base/result.h"

namespace ordeal {

/// A planned phase and what came of it.
struct PhaseSummary {
  std::int32_t index = 0;
  std::string name;
  bool judge = true;
  bool attempted = false;
  PhaseOutcome outcome;
  std::uint64_t operations = 0;  // counted ones: see counted_operations()
  std::uint64_t successful = 0;
  std::vector<Assertion> assertions;
};

struct CampaignEvidence {
  std::vector<PhaseSummary> phases;  // last attempts, in planned order
  double phases_passed = 0.70;       // share of the judged phases needed
  double operations_ok = 0.90;       // share of their operations needed
  /// How it ended: finished, person, safety, guardian_lost, controller_error, incomplete. Absent:
  /// the controller did not live to say.
  std::optional<std::string> end_reason;
  std::string end_detail;
  std::optional<int> end_exit_code;
  std::optional<bool> ready;              // readiness; absent: never got so far
  std::vector<std::string> unready;       // the checks that were not ok
  std::uint64_t control_events_lost = 0;  // dropped on a control topic
};

/// A sentence with the figure it rests on, if it rests on one.
struct VerdictReason {
  std::string text;
  bool has_evidence = false;
  std::string phase;
  std::string metric;
  std::optional<double> measured;
  std::optional<double> limit;
  std::uint64_t samples = 0;
};

struct CampaignVerdict {
  /// go, no-go, inconclusive, invalid, stopped, safety-stop, incomplete, internal-error
  std::string verdict = "incomplete";
  ExitCode exit_code = ExitCode::incomplete;
  std::string sentence;
  std::vector<VerdictReason> reasons;
};

/// The first that applies:
///   before load: the preflight code the controller ended with (2, 104, 112, 113; "incomplete");
///   109 internal-error: the controller failed, or lost a control event;
///   116 incomplete: no end recorded, guardian lost; 111 safety-stop; 105 stopped;
///   114 invalid: the passed phases alone do not reach the share and a judged one was invalid;
///    99 no-go: too few phases can have passed, or too few operations succeeded;
///   115 inconclusive: too few passed, but some phases were inconclusive or never run, or nothing
///       was judged; 0 go.
/// Invalid phases count as not passed, and their operations do not count.
CampaignVerdict judge_evidence(const CampaignEvidence& evidence);

}  // namespace ordeal
