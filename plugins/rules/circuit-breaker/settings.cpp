// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

namespace circuit_breaker {

namespace {

constexpr std::uint64_t second = 1'000'000'000;

}  // namespace

Settings::Settings(rules::Config& config) {
  scenario = config.text("scenario", "*");
  window_ns = config.duration("window", 30 * second);
  if (window_ns == 0) config.refuse("window", "more than 0s");
  min_operations = config.count("min_operations", 20);
  if (config.has("errors")) errors = config.amount("errors", 0);
  if (config.has("p99")) p99_ns = config.duration("p99", 0);
  if (config.has("p99_over_p50")) p99_over_p50 = config.amount("p99_over_p50", 0);
  if (!errors && !p99_ns && !p99_over_p50) errors = 0.5;
  if (errors && (!(*errors > 0) || *errors > 1)) {
    config.refuse("errors", "not a share over 0 % and up to 100 %");
  }
  if (p99_ns && *p99_ns == 0) config.refuse("p99", "more than 0s");
  if (p99_over_p50 && !(*p99_over_p50 > 1)) config.refuse("p99_over_p50", "more than 1");
  open_for_ns = config.duration("open_for", 60 * second);
  longest_open_ns = config.duration("longest", 1800 * second);
  half_open_for_ns = config.duration("half_open_for", 60 * second);
  if (open_for_ns == 0) config.refuse("open_for", "more than 0s");
  if (longest_open_ns < open_for_ns) config.refuse("longest", "shorter than 'open_for'");
  if (half_open_for_ns == 0) config.refuse("half_open_for", "more than 0s");
  openings = config.count("openings", 3);
  final_verdict = config.choice("final", {"stop_phase", "abort"}, 1) == 0
                      ? std::uint32_t{ORDEAL_VERDICT_STOP_PHASE}
                      : std::uint32_t{ORDEAL_VERDICT_ABORT};
}

}  // namespace circuit_breaker
