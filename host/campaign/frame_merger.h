// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/interval.h"

namespace ordeal {

/// Makes one stream of intervals of those of a load's workers. Nothing is lost and nothing counted
/// twice: what comes late is part of the next interval. One thread.
class FrameMerger {
 public:
  /// Intervals end at `start_ns` + n * `interval_ns`, as those of the workers do.
  FrameMerger(std::uint64_t start_ns, std::uint64_t interval_ns, std::size_t workers);

  /// Whether a worker is to be waited for.
  void join(std::size_t worker) { workers_[worker].joined = true; }
  void leave(std::size_t worker);
  void add(std::size_t worker, const IntervalFrame& frame);
  /// The oldest interval that is whole: all who are waited for have told of it, or somebody of the
  /// next one already. Its worker is 0; it does
  /// not overlap the one before it.
  std::optional<IntervalFrame> next();

 private:
  struct Worker {
    bool joined = false;
    std::uint64_t told = 0;  // the newest slot it has told of, plus 1
    std::uint64_t in_flight = 0;
    std::uint64_t sessions_open = 0;
  };

  std::uint64_t start_ns_;
  std::uint64_t interval_ns_;
  std::vector<Worker> workers_;
  std::map<std::uint64_t, IntervalFrame> open_;  // by slot
  std::uint64_t first_open_ = 0;                 // slot: those before it have been handed out
  std::uint64_t end_ns_ = 0;                     // of the last one handed out
  std::uint64_t seq_ = 0;
};

}  // namespace ordeal
