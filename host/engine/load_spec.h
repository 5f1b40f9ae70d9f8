// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ordeal {

/// What one worker is to do in one phase. All times are nanoseconds; times of day CLOCK_MONOTONIC.
struct LoadSpec {
  enum class Model : std::uint32_t {
    closed,  // each session issues its next operation when the last one ended
    open,    // arrivals at a constant rate, whatever the target does; a free session takes them
  };
  Model model = Model::closed;
  std::uint32_t sessions = 1;     // "connections" in the campaign file
  double rate = 0;                // open: operations per second
  std::uint64_t start_ns = 0;     // when the load begins
  std::uint64_t warm_up_ns = 0;   // operations intended before start+warm_up are warm-up ones
  std::uint64_t duration_ns = 0;  // no operation is intended at or after start + duration
  std::uint64_t timeout_ns =
      10'000'000'000;                // per operation, from its intended start (closed: from issue)
  std::uint64_t max_operations = 0;  // 0: no bound
  std::uint64_t seed = 1;
  std::vector<std::pair<std::string, double>> mix;  // kind name -> weight; empty: all kinds alike
  bool probe = false;                               // mark all operations as probes
};

}  // namespace ordeal
