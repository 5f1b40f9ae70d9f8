// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/file_identity.h"

namespace ordeal {

/// A stretch of open load during which the rate goes straight from one value to another.
struct RatePiece {
  double from = 0;  // operations per second
  double to = 0;
  std::uint64_t duration_ns = 0;  // of the last piece: ignored when from equals to, it goes on
};

/// How long a session of closed load rests between an answer and its next operation.
struct ThinkTime {
  enum class Shape : std::uint32_t { none, fixed, uniform, exponential };
  Shape shape = Shape::none;
  std::uint64_t from_ns = 0;  // fixed: the time; uniform: the least; exponential: the mean
  std::uint64_t to_ns = 0;    // uniform: the most
};

/// Whether an operation that went wrong is tried again.
struct RetryPolicy {
  std::uint32_t attempts = 1;    // at most, the first included
  std::uint32_t outcomes = 0;    // bit n: after ORDEAL_OUTCOME n
  std::uint64_t backoff_ns = 0;  // before the second attempt; doubles with each further one
};

/// What one worker is to do in one phase. All times are nanoseconds; times of day CLOCK_MONOTONIC.
struct LoadSpec {
  enum class Model : std::uint32_t {
    closed,  // each session issues its next operation when the last one ended
    open,    // operations arrive by a schedule, whatever the target does; a free session takes them
  };
  enum class Arrivals : std::uint32_t {
    regular,   // evenly, as the rate says
    poisson,   // at random, independently of each other, with the rate as their mean
    recorded,  // at the times of a file
  };
  Model model = Model::closed;
  std::uint32_t sessions = 1;     // "connections" in the campaign file; 0: none of the load is here
  double rate = 0;                // open: operations per second; recorded: in its busiest second
  std::uint64_t start_ns = 0;     // when the load begins
  std::uint64_t warm_up_ns = 0;   // operations intended before start+warm_up are warm-up ones
  std::uint64_t duration_ns = 0;  // no operation is intended at or after start + duration
  std::uint64_t timeout_ns =
      10'000'000'000;                // per operation, from its intended start (closed: from issue)
  std::uint64_t max_operations = 0;  // 0: no bound
  // What an earlier worker did in this one's place: operations, of the bound, and the feeder's
  // records.
  std::uint64_t operations_done = 0;
  std::uint64_t records_done = 0;
  std::uint64_t seed = 1;
  std::vector<std::pair<std::string, double>> mix;  // kind name -> weight; empty: all kinds alike
  bool probe = false;                               // mark all operations as probes

  Arrivals arrivals = Arrivals::regular;
  std::vector<RatePiece> rates;    // open: a rate that changes, in place of `rate`
  double first_gap = 0;            // regular: share of a gap before the first arrival, in [0, 1)
  std::uint64_t elapsed_ns = 0;    // how much of the schedule had passed by start_ns
  std::string arrivals_file;       // recorded: see arrival_file.h
  FileIdentity arrivals_identity;  // of that file when it was checked; all 0: not compared
  double speed = 1;                // recorded: seconds of the file per second
  double deal_from = 0;            // recorded: which share of the lines is this worker's, see
  double deal_to = 1;              // ArrivalFile
  ThinkTime think;                 // closed
  std::uint64_t operations_per_session = 0;  // then it is closed and opened anew; 0: no bound
  std::vector<std::pair<std::string, std::uint64_t>> timeouts;  // kind name -> in place of timeout
  RetryPolicy retry;
  std::uint32_t worker = 0;  // which of the workers that share the load, and how many they are
  std::uint32_t workers = 1;
};

/// The part of a load that falls to worker `part` of `parts` (0 < parts <= spec.sessions): an even
/// share of sessions, rate and operations. Regular and recorded arrivals of all parts together are
/// those of the whole, one by one.
LoadSpec part_of(const LoadSpec& spec, std::uint32_t part, std::uint32_t parts);

/// The same load at `share` of its rate.
void scale_rate(LoadSpec& spec, double share);

}  // namespace ordeal
