// SPDX-License-Identifier: Apache-2.0
// Replays: the levels below the hard limits, with their dwell and clear times.
#include "guardian/pressure_watch.h"

#include <boost/test/unit_test.hpp>
#include <memory>

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t second = 1000 * ms;

struct Replay {
  explicit Replay(double floor_percent) : watch(floor_percent) {}
  PressureWatch watch;
  PressureWatch::Changes changes{};
  std::uint64_t now = 1000 * second;
  HostReading host{1, 1, 0, 5.0, 5.0};

  /// Seconds until the level is `level`, at this share of memory available; -1: not within `most`.
  double memory_until(std::uint32_t level, std::uint64_t available_percent, int most_s) {
    const std::uint64_t begin = now;
    for (; now < begin + static_cast<std::uint64_t>(most_s) * second; now += 50 * ms) {
      watch.judge_memory(now, {100, available_percent}, changes);
      if (watch.level() == level) return static_cast<double>(now - begin) / 1e9;
    }
    return -1;
  }
  /// Half a second later.
  std::size_t step() {
    now += 500 * ms;
    return watch.judge_host(now, host, changes);
  }
  double host_until(std::uint32_t level, int most_s) {
    for (int i = 1; i <= 2 * most_s; ++i) {
      step();
      if (watch.level() == level) return i / 2.0;
    }
    return -1;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pressure_watch)

BOOST_AUTO_TEST_CASE(memory_rises_by_dwell_and_falls_by_clear) {
  Replay replay(6);
  BOOST_CHECK_EQUAL(replay.memory_until(2, 19, 10), 2);
  BOOST_CHECK_EQUAL(replay.memory_until(3, 14, 10), 2);
  BOOST_CHECK_EQUAL(replay.memory_until(4, 9, 10), 0.5);
  // Better, but not clear.
  BOOST_CHECK_EQUAL(replay.memory_until(0, 24, 120), -1);
  BOOST_CHECK_EQUAL(replay.memory_until(0, 25, 120), 30);
}

BOOST_AUTO_TEST_CASE(a_spike_shorter_than_the_dwell_changes_nothing) {
  Replay replay(6);
  for (int i = 0; i < 50; ++i) {
    BOOST_CHECK_EQUAL(replay.memory_until(2, 11, 2), -1);
    BOOST_CHECK_EQUAL(replay.memory_until(2, 40, 1), -1);
  }
}

BOOST_AUTO_TEST_CASE(levels_stand_above_a_tight_limit) {
  Replay replay(40);
  BOOST_CHECK_EQUAL(replay.memory_until(2, 43, 10), -1);
  BOOST_CHECK_EQUAL(replay.memory_until(2, 41, 10), 2);
}

BOOST_AUTO_TEST_CASE(stalls_count_only_while_memory_is_reclaimed) {
  Replay replay(6);
  for (int i = 0; i < 60; ++i) {
    *replay.host.stalled_us += 300'000;  // of 500,000
    replay.step();
    BOOST_REQUIRE_EQUAL(replay.watch.level(), 0);
  }
  BOOST_CHECK_CLOSE(replay.watch.stalled_percent(), 60, 1);
  ++*replay.host.reclaimed;
  *replay.host.stalled_us += 300'000;
  replay.step();
  BOOST_CHECK_EQUAL(replay.watch.level(), 4);
  BOOST_CHECK_NE(replay.changes[0].text.view().find("memory stall % of 10 s 60.0, limit 40.0"),
                 std::string_view::npos);
  const double clear = replay.host_until(0, 120);
  BOOST_CHECK_GT(clear, 38);  // the window empties below 5 %, then 30 s
  BOOST_CHECK_LT(clear, 42);
}

BOOST_AUTO_TEST_CASE(an_oom_kill_stops_the_phase) {
  Replay replay(6);
  replay.host.oom_kills = 17;  // of long ago
  BOOST_CHECK_EQUAL(replay.host_until(4, 15), -1);
  ++*replay.host.oom_kills;
  replay.step();
  BOOST_CHECK_EQUAL(replay.watch.level(), 4);
  BOOST_CHECK_GT(replay.host_until(0, 60), 39);
}

BOOST_AUTO_TEST_CASE(descriptors_and_tasks) {
  Replay replay(6);
  replay.host.files_percent = 81;
  BOOST_CHECK_EQUAL(replay.host_until(3, 10), 2.5);
  replay.host.files_percent = 75;
  BOOST_CHECK_EQUAL(replay.host_until(0, 60), -1);
  replay.host.files_percent = 69;
  BOOST_CHECK_EQUAL(replay.host_until(0, 10), 0.5);
  replay.host.tasks_percent = 96;
  BOOST_CHECK_EQUAL(replay.host_until(4, 10), 2.5);
}

BOOST_AUTO_TEST_CASE(a_sensor_that_falls_silent_is_not_a_good_reading) {
  Replay replay(6);
  replay.step();
  replay.host.oom_kills.reset();
  BOOST_CHECK_EQUAL(replay.host_until(2, 10), 1.5);
  BOOST_CHECK_EQUAL(replay.host_until(4, 10), 1);
  replay.host.oom_kills = 0;
  BOOST_CHECK_EQUAL(replay.host_until(0, 10), 0.5);
}

BOOST_AUTO_TEST_CASE(a_sensor_this_kernel_never_had_is_not_missed) {
  Replay replay(6);
  replay.host.stalled_us.reset();
  BOOST_CHECK_EQUAL(replay.host_until(2, 30), -1);
}

BOOST_AUTO_TEST_CASE(after_a_gap_nothing_is_known_of_how_long) {
  Replay replay(6);
  BOOST_CHECK_EQUAL(replay.memory_until(2, 11, 2), -1);
  replay.watch.forget();
  replay.now += 3600 * second;
  BOOST_CHECK_EQUAL(replay.memory_until(2, 11, 2), -1);
  BOOST_CHECK_EQUAL(replay.memory_until(3, 11, 1), 0);
}

BOOST_AUTO_TEST_SUITE_END()
