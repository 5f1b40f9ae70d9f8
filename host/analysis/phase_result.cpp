// SPDX-License-Identifier: Apache-2.0
#include "analysis/phase_result.h"

#include <algorithm>

#include "analysis/wording.h"

namespace ordeal {
namespace {

std::uint64_t count_of(const OutcomeCounts& outcomes, Outcome outcome) {
  return outcomes[static_cast<std::size_t>(outcome)];
}

std::vector<std::string> validity_problems(const PhaseEvidence& e) {
  std::vector<std::string> problems = e.invalid_reasons;
  if (problems.empty() && !e.valid) problems.emplace_back("the measurement was not valid");
  if (e.missing_share > 0.01) {
    problems.push_back(say_share(e.missing_share) +
                       " of the offered time is missing through a dead cell, limit 1 %");
  }
  if (e.open_load && e.send_rate && *e.send_rate < 0.99 && e.offered > 0) {
    const auto blocked = static_cast<double>(count_of(e.outcomes, Outcome::dropped) +
                                             count_of(e.outcomes, Outcome::timeout) +
                                             count_of(e.outcomes, Outcome::cancelled));
    const double unexplained = 1 - *e.send_rate - blocked / e.offered;
    if (unexplained > 0.01) {
      problems.push_back("the generator was the bottleneck: it sent " + say_share(*e.send_rate) +
                         " of the offered operations, limit 99 %");
    }
  }
  return problems;
}

std::string stop_sentence(const std::string& reason) {
  if (reason == "person") return "stopped by a person";
  if (reason == "guardian") return "stopped by the guardian";
  return "stopped: " + reason;
}

}  // namespace

std::string_view phase_result_name(PhaseResult result) {
  switch (result) {
    case PhaseResult::passed:
      return "passed";
    case PhaseResult::failed:
      return "failed";
    case PhaseResult::invalid:
      return "invalid";
    case PhaseResult::not_judged:
      return "not_judged";
    case PhaseResult::stopped:
      return "stopped";
    case PhaseResult::inconclusive:
      break;
  }
  return "inconclusive";
}

PhaseOutcome judge_phase_evidence(const PhaseEvidence& e) {
  PhaseOutcome outcome;
  const auto problems = validity_problems(e);
  const auto add_texts = [&](SloResult which) {
    for (const auto& a : e.assertions) {
      if (a.result == which) outcome.reasons.push_back(a.text);
    }
  };
  const auto is = [&](SloResult which) {
    return std::any_of(e.assertions.begin(), e.assertions.end(),
                       [&](const Assertion& a) { return a.result == which; });
  };

  if (!e.ended) {
    outcome.reasons.emplace_back("interrupted: the controller was gone before the phase was over");
  } else if (e.stop_reason) {
    outcome.reasons.push_back(stop_sentence(*e.stop_reason));
  }
  const bool stopped = !outcome.reasons.empty();
  outcome.validity = problems;
  outcome.reasons.insert(outcome.reasons.end(), problems.begin(), problems.end());

  if (!e.judge) {
    outcome.result = PhaseResult::not_judged;
    outcome.reasons.emplace_back("the campaign says not to judge this phase");
  } else if (stopped) {
    outcome.result = PhaseResult::stopped;
    add_texts(SloResult::missed);
  } else if (!problems.empty()) {
    outcome.result = PhaseResult::invalid;
  } else if (is(SloResult::missed)) {
    outcome.result = PhaseResult::failed;
    add_texts(SloResult::missed);
    add_texts(SloResult::not_estimable);
  } else if (counted_operations(e.outcomes) == 0) {
    outcome.result = PhaseResult::inconclusive;
    outcome.reasons.emplace_back("no operation was measured");
  } else if (is(SloResult::not_estimable)) {
    outcome.result = PhaseResult::inconclusive;
    add_texts(SloResult::not_estimable);
  } else if (e.assertions.empty()) {
    outcome.result = PhaseResult::not_judged;
    outcome.reasons.emplace_back("the phase has no limits to be judged by");
  } else {
    outcome.result = PhaseResult::passed;
    outcome.success = true;
    add_texts(SloResult::met);
  }
  return outcome;
}

}  // namespace ordeal
