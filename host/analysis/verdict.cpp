// SPDX-License-Identifier: Apache-2.0
#include "analysis/verdict.h"

#include <algorithm>
#include <iterator>

#include "analysis/wording.h"

namespace ordeal {
namespace {

struct Tally {
  std::uint64_t judged = 0;
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;  // stopped ones too
  std::uint64_t invalid = 0;
  std::uint64_t open = 0;  // inconclusive or never run
  std::uint64_t operations = 0;
  std::uint64_t successful = 0;
};

Tally tally(const CampaignEvidence& e) {
  Tally t;
  for (const auto& phase : e.phases) {
    if (!phase.judge) continue;
    if (phase.attempted && phase.outcome.result == PhaseResult::not_judged) continue;
    ++t.judged;
    if (!phase.attempted) {
      ++t.open;
      continue;
    }
    switch (phase.outcome.result) {
      case PhaseResult::passed:
        ++t.passed;
        break;
      case PhaseResult::failed:
      case PhaseResult::stopped:
        ++t.failed;
        break;
      case PhaseResult::invalid:
        ++t.invalid;
        continue;  // what an invalid phase counted is no evidence
      case PhaseResult::inconclusive:
      case PhaseResult::not_judged:
        ++t.open;
        break;
    }
    t.operations += phase.operations;
    t.successful += phase.successful;
  }
  return t;
}

double share(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

VerdictReason plain(std::string text) {
  VerdictReason reason;
  reason.text = std::move(text);
  return reason;
}

VerdictReason figure(std::string text, std::string metric, double measured, double limit,
                     std::uint64_t samples) {
  VerdictReason reason = plain(std::move(text));
  reason.has_evidence = true;
  reason.metric = std::move(metric);
  reason.measured = measured;
  reason.limit = limit;
  reason.samples = samples;
  return reason;
}

/// Every judged phase that did not pass, limit by limit.
void add_phase_reasons(const CampaignEvidence& e, std::vector<VerdictReason>& reasons) {
  for (const auto& phase : e.phases) {
    if (!phase.judge) continue;
    const std::string who = "phase " + phase.name;
    if (!phase.attempted) {
      reasons.push_back(plain(who + " was never run"));
      continue;
    }
    const auto result = phase.outcome.result;
    if (result == PhaseResult::passed || result == PhaseResult::not_judged) continue;
    const std::string verb = result == PhaseResult::failed    ? " failed: "
                             : result == PhaseResult::stopped ? " did not run to its end: "
                             : result == PhaseResult::invalid ? " was invalid: "
                                                              : " was inconclusive: ";
    for (const auto& text : phase.outcome.reasons) {
      VerdictReason reason = plain(who + verb + text);
      const auto a = std::find_if(phase.assertions.begin(), phase.assertions.end(),
                                  [&](const Assertion& one) { return one.text == text; });
      if (a != phase.assertions.end()) {
        reason.has_evidence = true;
        reason.metric = a->slo.metric;
        reason.measured = a->measured;
        reason.limit = a->slo.limit;
        reason.samples = a->samples;
      }
      reason.phase = phase.name;
      reasons.push_back(std::move(reason));
    }
  }
}

CampaignVerdict make(std::string verdict, ExitCode code, std::string sentence) {
  CampaignVerdict v;
  v.verdict = std::move(verdict);
  v.exit_code = code;
  v.sentence = std::move(sentence);
  return v;
}

std::string with_detail(const std::string& text, const std::string& detail) {
  return detail.empty() ? text : text + ": " + detail;
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

bool refused_before_load(int code) {
  return code == static_cast<int>(ExitCode::usage) ||
         code == static_cast<int>(ExitCode::invalid_config) ||
         code == static_cast<int>(ExitCode::preflight) ||
         code == static_cast<int>(ExitCode::plugin_rejected);
}

/// Ends that leave nothing to weigh, or nothing.
std::optional<CampaignVerdict> judge_end(const CampaignEvidence& e) {
  const bool began = std::any_of(e.phases.begin(), e.phases.end(),
                                 [](const PhaseSummary& phase) { return phase.attempted; });
  if (!began && e.end_exit_code && refused_before_load(*e.end_exit_code)) {
    return make("incomplete", static_cast<ExitCode>(*e.end_exit_code),
                with_detail("NOT STARTED: refused before any load",
                            e.end_detail.empty() ? join(e.unready) : e.end_detail));
  }
  if (e.end_reason && *e.end_reason == "controller_error") {
    return make("internal-error", ExitCode::internal,
                with_detail("INTERNAL ERROR: the controller could not go on", e.end_detail));
  }
  if (e.control_events_lost > 0) {
    return make("internal-error", ExitCode::internal,
                "INTERNAL ERROR: " + say_count(e.control_events_lost, "control event") +
                    " were lost on the bus");
  }
  if (!e.end_reason) {
    return make("incomplete", ExitCode::incomplete,
                with_detail("INCOMPLETE: the controller was gone before the campaign was over",
                            e.end_detail));
  }
  if (*e.end_reason == "guardian_lost") {
    return make(
        "incomplete", ExitCode::incomplete,
        with_detail("INCOMPLETE: the guardian was lost, and nothing runs unguarded", e.end_detail));
  }
  if (*e.end_reason == "incomplete") {
    return make("incomplete", ExitCode::incomplete, with_detail("INCOMPLETE", e.end_detail));
  }
  if (*e.end_reason == "safety") {
    return make(
        "safety-stop", ExitCode::safety_stop,
        with_detail("SAFETY STOP: the campaign was ended to keep the machine safe", e.end_detail));
  }
  if (*e.end_reason == "person") {
    return make("stopped", ExitCode::stopped,
                with_detail("STOPPED by a person before the campaign was over", e.end_detail));
  }
  return std::nullopt;
}

CampaignVerdict judge_measurements(const CampaignEvidence& e) {
  const Tally t = tally(e);
  const std::string phases =
      std::to_string(t.passed) + " of " + say_count(t.judged, "judged phase") + " passed";
  const std::string phases_limit = " (needed " + say_share(e.phases_passed) + ")";
  const double ok = share(t.successful, t.operations);
  const std::string operations = say_share(ok) + " of " + say_count(t.operations, "operation") +
                                 " succeeded (needed " + say_share(e.operations_ok) + ")";

  std::vector<VerdictReason> weighed;
  if (t.judged > 0) {
    weighed.push_back(figure(phases + phases_limit, "phases_passed", share(t.passed, t.judged),
                             e.phases_passed, t.judged));
  }
  if (t.operations > 0) {
    weighed.push_back(figure(operations, "operations_ok", ok, e.operations_ok, t.operations));
  }
  const auto finish = [&](CampaignVerdict v) {
    v.reasons = weighed;
    add_phase_reasons(e, v.reasons);
    return v;
  };

  if (t.judged == 0) {
    return finish(
        make("inconclusive", ExitCode::inconclusive, "INCONCLUSIVE: no phase was judged"));
  }
  const bool enough_passed = share(t.passed, t.judged) >= e.phases_passed;
  const bool few_failed_operations = t.operations > 0 && ok >= e.operations_ok;
  if (!enough_passed && t.invalid > 0) {
    return finish(make("invalid", ExitCode::measurement_invalid,
                       "INVALID: the measurement does not allow an answer, " +
                           say_count(t.invalid, "phase") + " of " + std::to_string(t.judged) +
                           " measured the generator or missed data"));
  }
  if (share(t.judged - t.failed, t.judged) < e.phases_passed) {
    return finish(make("no-go", ExitCode::no_go, "NO-GO: " + phases + phases_limit));
  }
  if (t.operations > 0 && !few_failed_operations) {
    return finish(make("no-go", ExitCode::no_go, "NO-GO: only " + operations));
  }
  if (!enough_passed || t.operations == 0) {
    return finish(make("inconclusive", ExitCode::inconclusive,
                       "INCONCLUSIVE: " + phases + phases_limit + ", " +
                           say_count(t.open, "phase") + " gave no answer"));
  }
  std::string sentence = "GO: " + phases + phases_limit + ", " + operations;
  if (t.invalid > 0) sentence += "; " + say_count(t.invalid, "phase") + " not measured validly";
  return finish(make("go", ExitCode::go, std::move(sentence)));
}

}  // namespace

CampaignVerdict judge_evidence(const CampaignEvidence& evidence) {
  auto ended = judge_end(evidence);
  if (!ended) return judge_measurements(evidence);
  if (evidence.ready && !*evidence.ready) {
    for (const auto& check : evidence.unready) {
      ended->reasons.push_back(plain("not ready: " + check));
    }
  }
  std::vector<VerdictReason> reasons;
  add_phase_reasons(evidence, reasons);
  std::move(reasons.begin(), reasons.end(), std::back_inserter(ended->reasons));
  return *ended;
}

}  // namespace ordeal
