// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/interval.h"
#include "base/result.h"
#include "engine/load_spec.h"
#include "engine/reactor.h"
#include "engine/worker_progress.h"
#include "ordeal/abi/scenario.h"

namespace ordeal {

class Feeder;

/// Why an operation was dropped that had no record: ENODATA.
inline constexpr std::int64_t no_record_code = 61;

/// Drives one scenario instance through one phase after another: decides when which session issues
/// what, measures, counts. Owns neither reactor nor plugin. One thread: the reactor's.
///
/// What is counted, beyond abi/scenario.h:
///  - Every measured operation offered ends in exactly one outcome; warm-up operations are only in
///    wire.warm_up (and wire.cancelled).
///  - Open load: an operation that finds no free session waits, its latency running from the
///  intended
///    start, until its timeout; then it is `timeout`, sent or not. It is `dropped` when all
///    sessions have failed to open, or when as many wait already as arrive within a timeout (at
///    least 1,024, at most 1,000,000). A hold or a stop makes those waiting `cancelled`.
///  - Closed load has no schedule to miss: each failed attempt to open a session during the phase
///    counts as one operation offered and `dropped`.
///  - An operation for which the feeder has no record left is `dropped` with code no_record_code
///  and
///    never sent. Closed load then ends.
///  - send_lag is the generator's own lateness: from the intended start to the issue when a session
///    was free, else to the moment the arrival was noticed.
///  - wire.cancelled counts operations issued and given up (timeout, stop), assuming that each was
///    sent.
///  - Marks measured outside an operation count with the first kind of the mix.
class Worker {
 public:
  /// What the plugin said about itself, copied.
  struct Info {
    std::vector<std::string> kinds;
    std::vector<std::string> marks;
    std::uint32_t max_in_flight = 1;
    std::uint32_t unit_ns = 1;
  };

  Worker(Reactor& reactor, const Clock& clock);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The table to pass to the plugin's create. Valid as long as the worker.
  [[nodiscard]] const ordeal_engine* engine() const;
  /// Takes the created instance (not owned) and asks it to describe itself. Error: plugin_rejected.
  Result<void> attach(const ordeal_scenario_factory* factory, void* instance);
  [[nodiscard]] const Info& info() const;

  /// Where operations get their data from the next begin() on.
  void feed(std::unique_ptr<Feeder> feeder);
  /// Where it says how far it is, from the next begin() on.
  void keep(SharedProgress progress);
  /// Starts a phase. Error: invalid_config when the mix names no kind of the scenario.
  Result<void> begin(const LoadSpec& spec);
  /// Multiplies the offered rate (open) or the share of sessions in use (closed) by `factor` in
  /// [0, 1]: the ladder's throttle; 0 is hold (no new operations, sessions stay).
  void throttle(double factor);
  /// Ends the phase early: no new operations; those in flight end by `drain_ns` from now or are
  /// cancelled (0: at once). Sessions are closed afterwards.
  void stop(std::uint64_t drain_ns);
  /// True once the phase is over, nothing is in flight and all sessions are closed.
  [[nodiscard]] bool finished() const;
  /// Called on the reactor's thread each time finished() becomes true; may begin the next phase.
  void on_finished(std::function<void()> fn);

  /// Everything since the previous call. The caller fills in load, worker and generation.
  IntervalFrame swap();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ordeal
