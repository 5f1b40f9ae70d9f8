// SPDX-License-Identifier: Apache-2.0
// Whether the generator kept up, judged from what its workers used.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/interval.h"

namespace ordeal {

/// What one worker used in a phase.
struct WorkerUse {
  std::uint32_t load = 0;
  std::uint32_t worker = 0;
  std::string name;            // of its cell
  std::uint64_t time_ns = 0;   // that its intervals cover
  std::uint64_t busy_ns = 0;   // in intervals over generator_limits::cpu_share
  std::uint64_t delay_ns = 0;  // in intervals over generator_limits::run_delay_share
  GeneratorUse used;           // sums; highest for longest_loop_ns and descriptors

  /// Adds an interval of the phase. What began after `end_ns`, its planned end, is draining and
  /// shows no load: of that only failures to open count.
  void add(const IntervalFrame& frame, std::uint64_t end_ns);
  /// Of the one core it has; 0 when it left no interval.
  [[nodiscard]] double cpu_share() const { return share(used.cpu_ns); }
  [[nodiscard]] double run_delay_share() const { return share(used.run_delay_ns); }
  [[nodiscard]] double receive_lag_share() const { return share(used.late_loop_ns); }

 private:
  [[nodiscard]] double share(std::uint64_t ns) const {
    return time_ns == 0 ? 0 : static_cast<double>(ns) / static_cast<double>(time_ns);
  }
};

/// The local ports of this machine.
struct PortUse {
  std::uint64_t range = 0;      // net.ipv4.ip_local_port_range
  std::uint64_t time_wait = 0;  // sockets in TIME_WAIT: each keeps its port for a minute
};

/// The CPU quota that the reserve leaves the run, as cpu.stat of its cgroup counts it.
struct QuotaUse {
  std::uint64_t periods = 0;       // in which the run did anything
  std::uint64_t throttled = 0;     // in which it used up its quota and had to stand still
  std::uint64_t throttled_ns = 0;  // standing still, of all processors together

  [[nodiscard]] double throttled_share() const {
    return periods == 0 ? 0 : static_cast<double>(throttled) / static_cast<double>(periods);
  }
  /// What was added since `before`.
  [[nodiscard]] QuotaUse since(const QuotaUse& before) const {
    return {periods - before.periods, throttled - before.throttled,
            throttled_ns - before.throttled_ns};
  }
};

struct GeneratorEvidence {
  bool open_load = false;
  Histogram send_lag;  // open load only
  std::vector<WorkerUse> workers;
  PortUse ports;
  QuotaUse quota;  // in this phase

  /// The one with the highest share; nullptr without workers.
  [[nodiscard]] const WorkerUse* busiest() const;
  [[nodiscard]] const WorkerUse* longest_waiting() const;
  [[nodiscard]] const WorkerUse* latest_receiving() const;
};

/// Why the figures are the generator's rather than the target's, one sentence each, with what was
/// measured, the limit and what to change. Empty when all is well. The limits are those of
/// base/generator_limits.h.
std::vector<std::string> generator_problems(const GeneratorEvidence& evidence);

}  // namespace ordeal
