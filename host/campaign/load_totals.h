// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/generator.h"
#include "base/interval.h"

namespace ordeal {

/// Everything a phase's workers have reported, added up.
struct LoadTotals {
  OutcomeCounts outcomes{};
  WireCounts wire;
  std::uint64_t offered = 0;
  std::uint64_t sessions_opened = 0;
  std::uint64_t sessions_failed = 0;
  std::uint64_t sessions_renewed = 0;
  std::uint64_t misbehaviour = 0;
  std::uint64_t late = 0;
  std::uint64_t missing_ns = 0;  // without a worker, summed over workers
  std::uint64_t worker_ns = 0;   // time workers were meant to work
  Histogram latency;
  Histogram send_lag;
  std::vector<WorkerUse> workers;  // those that left an interval
  struct Code {
    std::uint32_t load;
    std::uint32_t kind;
    std::int64_t code;
    auto operator<=>(const Code&) const = default;
  };
  /// However many different ones a scenario makes up: beyond this many, code 0 of their kind.
  static constexpr std::size_t most_codes = 1024;
  std::map<Code, std::uint64_t> codes;

  /// One interval of the worker `name`, whose part of the load ends at `end_ns`.
  void add(const IntervalFrame& frame, const std::string& name, std::uint64_t end_ns);

 private:
  /// That of a worker, new when there was none.
  WorkerUse& worker_use(std::uint32_t load, std::uint32_t worker);
};

}  // namespace ordeal
