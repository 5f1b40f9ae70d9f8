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
#include "ordeal/abi/scenario.h"

namespace ordeal {

/// Drives one scenario instance through one phase after another: decides when which session issues
/// what, measures, counts. Owns neither reactor nor plugin. One thread: the reactor's.
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
  /// Called once, on the reactor's thread, when finished() becomes true.
  void on_finished(std::function<void()> fn);

  /// Everything since the previous call. The caller fills in load, worker and generation.
  IntervalFrame swap();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ordeal
