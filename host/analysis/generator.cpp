// SPDX-License-Identifier: Apache-2.0
#include "analysis/generator.h"

#include <algorithm>

#include "analysis/wording.h"
#include "base/generator_limits.h"

namespace ordeal {
namespace {

namespace limits = generator_limits;

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

const WorkerUse* highest(const std::vector<WorkerUse>& workers,
                         double (WorkerUse::*share)() const) {
  const auto found = std::max_element(
      workers.begin(), workers.end(),
      [&](const WorkerUse& a, const WorkerUse& b) { return (a.*share)() < (b.*share)(); });
  return found == workers.end() ? nullptr : &*found;
}

bool too_long(std::uint64_t over_ns, std::uint64_t time_ns) {
  return over_ns > limits::over_ns &&
         static_cast<double>(over_ns) > limits::over_share * static_cast<double>(time_ns);
}

void judge_send_lag(const GeneratorEvidence& e, std::vector<std::string>& problems) {
  if (!e.open_load || e.send_lag.count() == 0) return;
  const double lag = seconds(e.send_lag.value_at(99));
  if (lag > limits::send_lag_p99)
    problems.push_back("the generator sent late: p99 " + say_seconds(lag) + ", limit " +
                       say_seconds(limits::send_lag_p99) +
                       "; lower the rate, or give it a core of its own");
}

// Both say that a worker was short of processor: one because it has a single core, the other
// because it had to share it. The average is named when it is over the limit, else the time.
void judge_processor(const GeneratorEvidence& e, std::vector<std::string>& problems) {
  if (const WorkerUse* w = e.busiest(); w && w->cpu_share() > limits::cpu_share) {
    problems.push_back("the generator used " + say_share(w->cpu_share()) + " of its core (" +
                       w->name + "), limit " + say_share(limits::cpu_share) +
                       "; spread the load over more workers or machines");
  } else {
    for (const WorkerUse& one : e.workers) {
      if (!too_long(one.busy_ns, one.time_ns)) continue;
      problems.push_back(
          "the generator used over " + say_share(limits::cpu_share) + " of its core (" + one.name +
          ") for " + say_seconds(seconds(one.busy_ns)) + " of " +
          say_seconds(seconds(one.time_ns)) + "; spread the load over more workers or machines");
      break;
    }
  }
  if (const WorkerUse* w = e.longest_waiting();
      w && w->run_delay_share() > limits::run_delay_share) {
    problems.push_back("the generator waited " + say_share(w->run_delay_share()) +
                       " of the time for a core (" + w->name + "), limit " +
                       say_share(limits::run_delay_share) +
                       "; give it one of its own, or end what runs beside it");
  } else {
    for (const WorkerUse& one : e.workers) {
      if (!too_long(one.delay_ns, one.time_ns)) continue;
      problems.push_back("the generator waited over " + say_share(limits::run_delay_share) +
                         " of the time for a core (" + one.name + ") during " +
                         say_seconds(seconds(one.delay_ns)) + " of " +
                         say_seconds(seconds(one.time_ns)) +
                         "; give it one of its own, or end what runs beside it");
      break;
    }
  }
}

void judge_quota(const GeneratorEvidence& e, std::vector<std::string>& problems) {
  const double share = e.quota.throttled_share();
  if (share <= limits::throttled_share) return;
  problems.push_back("the CPU quota that safety.reserve leaves held the run back in " +
                     say_share(share) + " of the quota's periods (" +
                     say_seconds(seconds(e.quota.throttled_ns)) + " in all), limit " +
                     say_share(limits::throttled_share) +
                     "; lower the rate, reserve less (safety.reserve.cpu_percent), or spread the "
                     "load over more machines");
}

void judge_receive_lag(const GeneratorEvidence& e, std::vector<std::string>& problems) {
  const WorkerUse* w = e.latest_receiving();
  if (!w || w->receive_lag_share() <= limits::receive_lag_share) return;
  problems.push_back("answers waited for the generator: for " + say_share(w->receive_lag_share()) +
                     " of the time it came to them over " +
                     say_seconds(seconds(limits::receive_lag_ns)) + " late (" + w->name +
                     "), limit " + say_share(limits::receive_lag_share) +
                     "; use fewer connections per worker, or more workers");
}

void judge_resources(const GeneratorEvidence& e, std::vector<std::string>& problems) {
  std::uint64_t no_descriptor = 0;
  std::uint64_t limit = 0;
  std::uint64_t no_port = 0;
  for (const WorkerUse& w : e.workers) {
    no_descriptor += w.used.no_descriptor;
    no_port += w.used.no_port;
    if (w.used.no_descriptor > 0) limit = w.used.descriptors_limit;
  }
  if (no_descriptor > 0)
    problems.push_back(say_count(no_descriptor, "connection attempt") +
                       " found no free descriptor: " + std::to_string(limit) +
                       " are allowed to a worker; raise the limit (ulimit -Hn), or use fewer "
                       "connections or more workers");
  if (no_port > 0)
    problems.push_back(say_count(no_port, "connection attempt") +
                       " found no free local port: " + std::to_string(e.ports.range) +
                       " in net.ipv4.ip_local_port_range, " + std::to_string(e.ports.time_wait) +
                       " sockets in TIME_WAIT; keep connections open, widen the range, or spread "
                       "the target over more addresses");
}

}  // namespace

void WorkerUse::add(const IntervalFrame& frame, std::uint64_t end_ns) {
  const GeneratorUse& g = frame.generator;
  used.no_descriptor += g.no_descriptor;
  used.no_port += g.no_port;
  if (g.descriptors_limit != 0) used.descriptors_limit = g.descriptors_limit;
  used.descriptors = std::max(used.descriptors, g.descriptors);
  if (frame.start_ns >= end_ns || frame.end_ns <= frame.start_ns) return;
  const std::uint64_t length = frame.end_ns - frame.start_ns;
  const auto over = [&](std::uint64_t part, double limit) {
    return static_cast<double>(part) > limit * static_cast<double>(length);
  };
  time_ns += length;
  if (over(g.cpu_ns, limits::cpu_share)) busy_ns += length;
  if (over(g.run_delay_ns, limits::run_delay_share)) delay_ns += length;
  used.cpu_ns += g.cpu_ns;
  used.run_delay_ns += g.run_delay_ns;
  used.late_loop_ns += g.late_loop_ns;
  used.longest_loop_ns = std::max(used.longest_loop_ns, g.longest_loop_ns);
}

const WorkerUse* GeneratorEvidence::busiest() const {
  return highest(workers, &WorkerUse::cpu_share);
}
const WorkerUse* GeneratorEvidence::longest_waiting() const {
  return highest(workers, &WorkerUse::run_delay_share);
}
const WorkerUse* GeneratorEvidence::latest_receiving() const {
  return highest(workers, &WorkerUse::receive_lag_share);
}

std::vector<std::string> generator_problems(const GeneratorEvidence& evidence) {
  std::vector<std::string> problems;
  judge_send_lag(evidence, problems);
  judge_processor(evidence, problems);
  judge_quota(evidence, problems);
  judge_receive_lag(evidence, problems);
  judge_resources(evidence, problems);
  return problems;
}

}  // namespace ordeal
