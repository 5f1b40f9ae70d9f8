// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "load_history.h"
#include "ordeal/rule.hpp"

namespace rules {

/// One new value of one series.
struct Reading {
  std::string series;  // label values, or the scenario
  double value = 0;
  std::uint64_t at_ns = 0;
};

/// A metric to watch.
struct Watch {
  std::string metric;
  std::string labels = "*";  // pattern for the label values (interval metrics: for the scenario)
  bool rate = false;         // the change per second of a counter
};

/// Finds in each snapshot what is new of the watched metric. Keeps the last counter values and the
/// times already seen, so that no value is judged twice. [worker]
class Readings {
 public:
  explicit Readings(Watch watch);

  /// New values since the last call, in no particular order.
  std::vector<Reading> take(const ordeal::SnapshotView& snapshot);
  /// Whether the metric is one of the engine's ("success", "error_rate", "p50", "p99", "max").
  [[nodiscard]] bool of_engine() const { return of_engine_; }
  /// When the load was last heard of, also if it did nothing: then there is nothing to read, but
  /// nothing is missing either. 0 for metrics that are not the engine's.
  [[nodiscard]] std::uint64_t load_heard_ns() const { return load_heard_ns_; }

 private:
  struct Last {
    double value = 0;
    std::uint64_t at_ns = 0;
  };
  void take_samples(const ordeal::SnapshotView& snapshot, std::vector<Reading>& out);
  void take_intervals(const ordeal::SnapshotView& snapshot, std::vector<Reading>& out);

  const Watch watch_;
  const bool of_engine_;
  std::map<std::string, Last, std::less<>> last_;
  LoadReader load_;
  std::uint64_t load_heard_ns_ = 0;
};

}  // namespace rules
