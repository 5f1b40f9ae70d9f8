// SPDX-License-Identifier: Apache-2.0
#include "analysis/recommendations.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/wording.h"

namespace ordeal {
namespace {

std::uint64_t count_of(const OutcomeCounts& outcomes, Outcome outcome) {
  return outcomes[static_cast<std::size_t>(outcome)];
}

/// What each class of failure points at.
struct ClassAdvice {
  Outcome outcome;
  const char* what;
  const char* advice;
};
constexpr ClassAdvice advices[] = {
    {Outcome::fail, "answered with a failure", "see errors for the codes, and the target's log"},
    {Outcome::timeout, "timed out", "find what the target waits for, or offer less at once"},
    {Outcome::refused, "found no connection", "check that the target listens and its backlog"},
    {Outcome::throttled, "were throttled by the target (429)",
     "raise the target's own limit or keep below it"},
    {Outcome::protocol, "broke the protocol", "capture one exchange and check it"},
    {Outcome::dropped, "could not be tried because no connection stood",
     "see the refused ones before them"},
};

void advise_failures(const AdviceFacts& phase, std::vector<std::string>& out) {
  const std::uint64_t all = counted_operations(phase.outcomes);
  const std::uint64_t bad = all - count_of(phase.outcomes, Outcome::ok);
  const bool missed =
      std::any_of(phase.assertions.begin(), phase.assertions.end(), [](const Assertion& a) {
        return a.result == SloResult::missed &&
               (a.slo.metric == "success" || a.slo.metric == "errors" || a.slo.metric == "rate");
      });
  if (bad == 0 || (!missed && static_cast<double>(bad) < 0.01 * static_cast<double>(all))) return;
  for (const auto& advice : advices) {
    const std::uint64_t n = count_of(phase.outcomes, advice.outcome);
    if (n == 0 || static_cast<double>(n) < 0.1 * static_cast<double>(bad)) continue;
    out.push_back(std::to_string(n) + " of " + say_count(all, "operation") + ' ' + advice.what +
                  ": " + advice.advice);
  }
}

void advise_latency(const AdviceFacts& phase, std::vector<std::string>& out) {
  for (const auto& a : phase.assertions) {
    if (a.unit != "s" || a.result != SloResult::missed || !a.measured) continue;
    if (phase.p99 && phase.service_p99 && *phase.p99 > 2 * *phase.service_p99) {
      out.push_back(
          "p99 is " + say_seconds(*phase.p99) + " from the intended start but " +
          say_seconds(*phase.service_p99) + " from the send: operations queued for one of " +
          say_count(phase.connections, "connection") + "; use more connections or a lower rate");
    } else {
      out.push_back(a.slo.metric + " was " + say_seconds(*a.measured) + " at " +
                    say_rate(phase.rate) + " against a limit of " + say_seconds(a.slo.limit) +
                    ": the target itself was slow; offer less or profile it at this rate");
    }
    return;
  }
}

void advise_samples(const AdviceFacts& phase, std::vector<std::string>& out) {
  for (const auto& a : phase.assertions) {
    if (a.result != SloResult::not_estimable || a.samples == 0 || a.samples_needed <= a.samples) {
      continue;
    }
    const double factor = static_cast<double>(a.samples_needed) / static_cast<double>(a.samples);
    std::string text = a.slo.metric + " needs " + say_count(a.samples_needed, "operation") +
                       ", had " + std::to_string(a.samples);
    if (phase.seconds > 0) {
      text += ": measure for " + say_seconds(std::ceil(phase.seconds * factor)) + " instead of " +
              say_seconds(phase.seconds) + ", or at a higher rate";
    }
    out.push_back(text);
    return;
  }
}

}  // namespace

std::vector<std::string> phase_recommendations(const AdviceFacts& phase) {
  std::vector<std::string> out;
  if (phase.outcome.result == PhaseResult::invalid) {
    for (const auto& reason : phase.outcome.reasons) {
      out.push_back("do not use these figures: " + reason);
    }
    return out;
  }
  advise_failures(phase, out);
  advise_latency(phase, out);
  advise_samples(phase, out);
  return out;
}

std::vector<std::string> campaign_recommendations(const std::vector<AdviceFacts>& phases,
                                                  const HostFacts& host) {
  std::vector<std::string> out;
  const AdviceFacts* best = nullptr;
  const AdviceFacts* worst = nullptr;  // the least load that failed
  bool any_missed = false;
  for (const auto& phase : phases) {
    for (auto& text : phase_recommendations(phase)) {
      out.push_back("phase " + phase.name + ": " + std::move(text));
    }
    const bool passed = phase.outcome.result == PhaseResult::passed;
    const bool failed = phase.outcome.result == PhaseResult::failed;
    any_missed = any_missed || failed;
    if (passed && (best == nullptr || phase.rate > best->rate)) best = &phase;
    if (failed && (worst == nullptr || phase.rate < worst->rate)) worst = &phase;
  }
  if (best != nullptr && worst != nullptr && best->rate < worst->rate) {
    out.push_back("the limit lies between " + say_rate(best->rate) + " (phase " + best->name +
                  ", passed) and " + say_rate(worst->rate) + " (phase " + worst->name +
                  ", failed): search there");
  }
  const bool all_passed =
      !phases.empty() && std::all_of(phases.begin(), phases.end(), [](const AdviceFacts& phase) {
        return phase.outcome.result == PhaseResult::passed;
      });
  if (all_passed && best != nullptr) {
    std::string text =
        "every phase passed, up to " + say_rate(best->rate) + " (phase " + best->name + ")";
    if (best->p99) text += " at a p99 of " + say_seconds(*best->p99);
    out.push_back(text + ": the limit was not reached; offer more to find it");
  }
  if (host.cpu_max && *host.cpu_max > 85 && any_missed) {
    out.push_back("this host was up to " + say_share(*host.cpu_max / 100) +
                  " busy: target and generator may have fought for CPU; run them apart");
  }
  if (host.memory_max && *host.memory_max > 75) {
    out.push_back("memory rose to " + say_share(*host.memory_max / 100) +
                  " used: find what grows before a longer run");
  }
  if (host.health && *host.health < 80) {
    char score[32];
    std::snprintf(score, sizeof score, "%.0f", *host.health);
    out.push_back("the baseline health was " + std::string(score) + " of 100, weakest " +
                  host.weakest_sensor + ": free it before the next run");
  }
  for (const auto& plugin : host.quarantined) {
    out.push_back("plugin " + plugin +
                  " was quarantined after failing three times: see plugins.events");
  }
  return out;
}

}  // namespace ordeal
