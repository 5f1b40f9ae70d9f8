// SPDX-License-Identifier: Apache-2.0
#include "guardian/pressure_watch.h"

#include <algorithm>

namespace ordeal {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
// As ORDEAL_VERDICT_* of the ladder.
constexpr std::uint32_t throttle = 2;
constexpr std::uint32_t hold = 3;
constexpr std::uint32_t stop_phase = 4;

const char* name_of(std::uint32_t level) {
  switch (level) {
    case 0:
      return "over";
    case throttle:
      return "throttle";
    case hold:
      return "hold";
    default:
      return "stop phase";
  }
}

/// In percent of memory used: below 20, 15 and 10 % available, but never below the hard limit.
GradedLimit<3> memory_limit(double floor_percent) {
  const double first = std::max(20.0, floor_percent + 2);
  const double later = std::max(15.0, floor_percent + 1);
  const double last = std::max(10.0, floor_percent);
  return {{{{100 - first, 2 * second, throttle},
            {100 - later, 2 * second, hold},
            {100 - last, second / 2, stop_phase}}},
          100 - first - 5,
          30 * second};
}

GradedLimit<2> share_limit() {
  return {{{{80, 2 * second, hold}, {95, 2 * second, stop_phase}}}, 70, 0};
}

}  // namespace

PressureWatch::PressureWatch(double floor_percent) noexcept
    : memory_(memory_limit(floor_percent)),
      stall_({{{10, 0, hold}, {40, 0, stop_phase}}}, 5, 30 * second),
      oom_({{{0, 0, stop_phase}}}, 0, 30 * second),
      files_(share_limit()),
      tasks_(share_limit()) {}

template <std::size_t N>
void PressureWatch::take(GradedLimit<N>& limit, std::uint64_t now_ns, double value,
                         const char* metric, Changes& changes, std::size_t& count) noexcept {
  const std::uint32_t before = limit.level();
  const std::uint32_t level = limit.judge(now_ns, value);
  if (level == before || count == changes.size()) return;
  PressureChange& change = changes[count++];
  change = {};
  change.level = level;
  change.text << name_of(level) << ": " << metric << " " << Decimal{value, 1};
  if (level == 0)
    change.text << ", clear at " << Decimal{limit.clear(), 1};
  else
    change.text << ", limit " << Decimal{limit.step().above, 1} << " for "
                << Decimal{static_cast<double>(limit.step().dwell_ns) / 1e9, 1} << " s";
}

void PressureWatch::missing(Missing& state, bool present, std::uint64_t now_ns, const char* metric,
                            Changes& changes, std::size_t& count) noexcept {
  const std::uint32_t before = state.level;
  if (present) {
    state = {true, 0, 0, 0};
  } else if (state.known) {
    if (state.since == 0) state.since = now_ns;
    ++state.readings;
    if (state.readings >= 3) state.level = throttle;
    if (now_ns - state.since >= 2 * second) state.level = stop_phase;
  }
  if (state.level == before || count == changes.size()) return;
  PressureChange& change = changes[count++];
  change = {};
  change.level = state.level;
  change.text << name_of(state.level) << ": " << metric
              << (state.level == 0 ? " can be read again" : " can no longer be read");
}

std::size_t PressureWatch::judge_memory(std::uint64_t now_ns, const MemoryReading& reading,
                                        Changes& changes) noexcept {
  std::size_t count = 0;
  take(memory_, now_ns, reading.used_percent(), "memory used %", changes, count);
  return count;
}

std::size_t PressureWatch::judge_host(std::uint64_t now_ns, const HostReading& reading,
                                      Changes& changes) noexcept {
  std::size_t count = 0;
  missing(missing_[0], reading.stalled_us.has_value(), now_ns, "memory pressure", changes, count);
  missing(missing_[1], reading.oom_kills.has_value(), now_ns, "the count of OOM kills", changes,
          count);
  missing(missing_[2], reading.files_percent.has_value(), now_ns, "descriptors in use", changes,
          count);
  missing(missing_[3], reading.tasks_percent.has_value(), now_ns, "the number of tasks", changes,
          count);
  // What is missing once is taken as unchanged: missing() judges that.
  const Second before = seconds_taken_ == 0 ? Second{} : seconds_[(seconds_taken_ - 1) % kept];
  const Second now{now_ns, reading.stalled_us.value_or(before.stalled_us),
                   reading.reclaimed.value_or(before.reclaimed),
                   reading.oom_kills.value_or(before.oom_kills)};
  seconds_[seconds_taken_++ % kept] = now;
  const std::size_t have = std::min(seconds_taken_, kept);
  for (std::size_t back = 1; back < have; ++back) {
    const Second& then = seconds_[(seconds_taken_ - 1 - back) % kept];
    const bool whole = now_ns - then.ns >= window_ns;
    if (!whole && back + 1 < have) continue;
    const auto us = static_cast<double>(now_ns - then.ns) / 1e3;
    stalled_percent_ = now.stalled_us >= then.stalled_us
                           ? 100.0 * static_cast<double>(now.stalled_us - then.stalled_us) / us
                           : 0;
    // Tasks also wait in a cgroup of their own; the machine is short only if it reclaims.
    const bool reclaims = now.reclaimed > then.reclaimed;
    if (whole && reading.stalled_us)
      take(stall_, now_ns, reclaims ? stalled_percent_ : 0, "memory stall % of 10 s", changes,
           count);
    if (reading.oom_kills && then.oom_kills <= now.oom_kills)
      take(oom_, now_ns, static_cast<double>(now.oom_kills - then.oom_kills), "OOM kills in 10 s",
           changes, count);
    break;
  }
  if (reading.files_percent)
    take(files_, now_ns, *reading.files_percent, "descriptors of the system in use %", changes,
         count);
  if (reading.tasks_percent)
    take(tasks_, now_ns, *reading.tasks_percent, "tasks of the system %", changes, count);
  return count;
}

void PressureWatch::forget() noexcept {
  memory_.forget_dwell();
  stall_.forget_dwell();
  oom_.forget_dwell();
  files_.forget_dwell();
  tasks_.forget_dwell();
  seconds_taken_ = 0;
  for (auto& state : missing_) {
    state.since = 0;
    state.readings = 0;
  }
}

std::uint32_t PressureWatch::level() const noexcept {
  std::uint32_t level =
      std::max({memory_.level(), stall_.level(), oom_.level(), files_.level(), tasks_.level()});
  for (const auto& state : missing_) level = std::max(level, state.level);
  return level;
}

}  // namespace ordeal
