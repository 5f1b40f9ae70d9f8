// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config.h"
#include "ordeal/rule.hpp"

namespace threshold {

/// One new value of one series.
struct Reading {
  std::string series;  // label values, or the scenario
  double value = 0;
  std::uint64_t at_ns = 0;
};

/// Finds in each snapshot what is new of the judged metric. Keeps the last counter values and the
/// times already seen, so that no value is judged twice. [worker]
class Readings {
 public:
  explicit Readings(const Config& config);

  /// New values since the last call, in no particular order.
  std::vector<Reading> take(const ordeal::SnapshotView& snapshot);
  /// Whether the metric is one of the engine's ("success", "error_rate", "p50", "p99", "max").
  [[nodiscard]] bool of_engine() const { return of_engine_; }

 private:
  struct Last {
    double value = 0;
    std::uint64_t at_ns = 0;
  };
  void take_samples(const ordeal::SnapshotView& snapshot, std::vector<Reading>& out);
  void take_intervals(const ordeal::SnapshotView& snapshot, std::vector<Reading>& out);

  const Config& config_;
  const bool of_engine_;
  std::map<std::string, Last, std::less<>> last_;
};

}  // namespace threshold
