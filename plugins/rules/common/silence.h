// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "config.h"

namespace rules {

/// What it counts as when nothing is read any more of what a rule watches: overdue data are a
/// violation, never "all is well". From the first judgement with overdue data on the rule warns,
/// from the third it throttles, from the sixth (and once they are 2 s overdue) it stops the phase.
/// A configuration can only be stricter: `missing` names a verdict that counts from the first.
class Silence {
 public:
  /// Reads the keys `grace` (60s) and `missing`; data are overdue after `window_ns` and the grace.
  Silence(Config& config, std::uint64_t window_ns);

  /// Data as of `at_ns`, or a time at which none are due.
  void heard(std::uint64_t at_ns) { newest_ns_ = std::max(newest_ns_, at_ns); }
  /// The first judgement does not know since when data are missing.
  void begin(std::uint64_t now_ns) {
    if (newest_ns_ == 0) newest_ns_ = now_ns;
  }
  /// Once a judgement, after `heard`: what the silence counts as, ORDEAL_VERDICT_*.
  std::uint32_t judge(std::uint64_t now_ns);
  /// How long nothing has been heard.
  [[nodiscard]] std::uint64_t length(std::uint64_t now_ns) const {
    return now_ns > newest_ns_ ? now_ns - newest_ns_ : 0;
  }
  [[nodiscard]] std::uint64_t patience() const { return patience_ns_; }
  /// "no data for WHAT for 61 s: its limit of 3 is not being watched".
  [[nodiscard]] std::string reason(const std::string& what, const std::string& limit,
                                   std::uint64_t now_ns) const;

 private:
  std::uint64_t patience_ns_;
  std::uint32_t at_once_;
  std::uint64_t newest_ns_ = 0;
  std::uint64_t judged_ns_ = 0;
  std::uint32_t overdue_ = 0;  // judgements in a row
};

}  // namespace rules
