// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "ordeal/rule.hpp"

namespace rules {

/// What all kinds of one scenario did in one interval, or in several.
struct LoadSum {
  std::uint64_t start_ns = 0;
  std::uint64_t end_ns = 0;
  std::uint64_t ok = 0;
  std::uint64_t attempted = 0;  // without dropped and cancelled ones
  std::uint64_t refused = 0;
  std::uint64_t p50_ns = 0;  // the slowest kind's, the worst interval's
  std::uint64_t p99_ns = 0;
  std::uint64_t max_ns = 0;

  void add(const ordeal_interval& interval);
  void add(const LoadSum& other);
  [[nodiscard]] double error_share() const {
    return attempted == 0 ? 0
                          : static_cast<double>(attempted - ok) / static_cast<double>(attempted);
  }
};

/// The intervals of each snapshot that were not in an earlier one, by scenario. [worker]
class LoadReader {
 public:
  /// `scenarios`: a pattern for their names.
  explicit LoadReader(std::string scenarios) : scenarios_(std::move(scenarios)) {}

  struct Interval {
    std::string scenario;
    LoadSum sum;
  };
  /// In order of time, an interval's kinds added up.
  std::vector<Interval> take(const ordeal::SnapshotView& snapshot);
  /// Forgets which intervals were seen: a new phase.
  void forget() { last_ns_.clear(); }

 private:
  const std::string scenarios_;
  std::map<std::string, std::uint64_t, std::less<>> last_ns_;  // by scenario
};

inline constexpr std::uint32_t between_phases = 0xffffffffU;

}  // namespace rules
