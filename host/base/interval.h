// SPDX-License-Identifier: Apache-2.0
// What a worker reports about one interval: the only thing about operations that leaves a cell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.h"
#include "base/outcome.h"
#include "base/result.h"

namespace ordeal {

/// Operations of one kind in one interval. Warm-up operations are only in `requests` of the worker.
struct KindInterval {
  std::uint32_t kind = 0;  // index into the kinds the scenario described
  OutcomeCounts outcomes{};
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;
  Histogram latency;  // from the intended start, all completed outcomes but dropped and cancelled
  Histogram service;  // from the actual send
  std::vector<Histogram> marks;                               // by mark index
  std::vector<std::pair<std::int64_t, std::uint64_t>> codes;  // failure code -> count, <= 16
};

/// Requests put on the wire, each in exactly one class.
struct WireCounts {
  std::uint64_t probe = 0;
  std::uint64_t warm_up = 0;
  std::uint64_t measured = 0;
  std::uint64_t retried = 0;
  std::uint64_t cancelled = 0;  // sent, then given up by us: timeout or stop
};

/// Whether the worker kept up: what it used of the machine, and where that ended.
struct GeneratorUse {
  std::uint64_t cpu_ns = 0;        // CPU time of the cell's thread
  std::uint64_t run_delay_ns = 0;  // time runnable but not running (/proc/self/schedstat)
  /// Time in which answers may have lain in the sockets for over generator_limits::receive_lag_ns
  /// before the loop came to them. Not while warming up.
  std::uint64_t late_loop_ns = 0;
  std::uint64_t longest_loop_ns = 0;    // the longest that an answer may have lain there
  std::uint64_t descriptors = 0;        // in use at the end of the interval
  std::uint64_t descriptors_limit = 0;  // RLIMIT_NOFILE of the cell
  std::uint64_t no_descriptor = 0;      // sessions that could not be opened for want of one
  std::uint64_t no_port = 0;            // likewise of a local port (EADDRNOTAVAIL)
};
/// Everything since the previous frame of the same worker.
struct IntervalFrame {
  std::uint32_t load = 0;        // index into the campaign's load list
  std::uint32_t worker = 0;      // index of the worker of that load
  std::uint32_t generation = 0;  // of the cell: grows with each restart
  std::uint64_t seq = 0;         // from 0, no gaps
  std::uint64_t start_ns = 0;    // CLOCK_MONOTONIC
  std::uint64_t end_ns = 0;
  std::uint64_t offered = 0;        // operations whose intended start lies in the interval
  std::uint64_t in_flight = 0;      // at the end of the interval
  std::uint64_t sessions_open = 0;  // at the end
  std::uint64_t sessions_opened = 0;
  std::uint64_t sessions_failed = 0;
  std::uint64_t sessions_renewed = 0;  // closed, to be opened anew, after their share of operations
  std::uint64_t misbehaviour = 0;      // double or unknown completions
  std::uint64_t late = 0;              // completions after the engine gave up
  std::uint64_t schedule_broken = 0;   // workers whose recorded arrivals cannot be read any further
  GeneratorUse generator;
  WireCounts wire;
  Histogram send_lag;  // actual minus intended start; open load only
  std::vector<KindInterval> kinds;
};

/// Adds what another worker of the same load saw in the same interval: counts, histograms, codes
/// (beyond 16 of them as code 0) and what is open. Who and when stays as it is in `sum`.
void add(IntervalFrame& sum, const IntervalFrame& one);

/// One self-contained byte string, without the frame header. Versioned inside.
std::vector<std::byte> encode(const IntervalFrame& frame);
/// Error: internal, on truncated or foreign bytes.
Result<IntervalFrame> decode_interval(std::span<const std::byte> bytes);

}  // namespace ordeal
