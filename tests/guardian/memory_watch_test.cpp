// SPDX-License-Identifier: Apache-2.0
#include "guardian/memory_watch.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t gib = 1ull << 30;
constexpr std::uint64_t total = 20 * gib;
constexpr std::uint64_t least = 4 * gib;  // the floor

/// Readings every 20 ms from one moment on.
struct Replay {
  MemoryWatch watch;
  std::uint64_t now = 1000 * ms;

  MemoryCause take(std::uint64_t available) {
    now += 20 * ms;
    return watch.judge(now, {total, available}, least);
  }
  /// The cause that came, and after how long, while `available` stayed.
  MemoryCause stay(std::uint64_t available, std::uint64_t for_ms) {
    for (const std::uint64_t end = now + for_ms * ms; now < end;)
      if (const auto cause = take(available); cause != MemoryCause::none) return cause;
    return MemoryCause::none;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_watch)

BOOST_AUTO_TEST_CASE(a_short_dip_is_legal_and_a_long_one_is_not) {
  Replay replay;
  for (int i = 0; i < 20; ++i) {
    BOOST_CHECK(replay.stay(5 * gib, 200) == MemoryCause::none);
    BOOST_CHECK(replay.stay(least - 1, 480) == MemoryCause::none);
  }
  BOOST_CHECK(replay.stay(5 * gib, 200) == MemoryCause::none);
  const std::uint64_t begin = replay.now;
  BOOST_CHECK(replay.stay(least - 1, 1000) == MemoryCause::floor);
  BOOST_CHECK_EQUAL((replay.now - begin) / ms, 520);
  BOOST_CHECK(replay.watch.confirms(MemoryCause::floor, {total, least - 1}, least));
  BOOST_CHECK(!replay.watch.confirms(MemoryCause::floor, {total, least}, least));
}

BOOST_AUTO_TEST_CASE(half_of_the_floor_is_at_once) {
  Replay replay;
  replay.stay(5 * gib, 1000);
  BOOST_CHECK(replay.take(least / 2) == MemoryCause::none);
  BOOST_CHECK(replay.take(least / 2 - 1) == MemoryCause::deep);
}

BOOST_AUTO_TEST_CASE(six_percent_is_the_last_whatever_the_limit) {
  MemoryWatch watch;
  const MemoryReading above{1000, 60};
  const MemoryReading below{1000, 59};
  BOOST_CHECK(watch.judge(ms, above, 0) == MemoryCause::none);
  BOOST_CHECK(watch.judge(2 * ms, below, 0) == MemoryCause::last);
  BOOST_CHECK(watch.confirms(MemoryCause::last, below, 0));
  BOOST_CHECK(!watch.confirms(MemoryCause::last, above, 0));
}

BOOST_AUTO_TEST_CASE(what_is_gone_in_a_second_is_not_waited_for) {
  Replay replay;
  replay.stay(12 * gib, 1000);
  // 15 GiB/s.
  std::uint64_t available = 12 * gib;
  MemoryCause cause = MemoryCause::none;
  while (cause == MemoryCause::none && available > 5 * gib)
    cause = replay.take(available -= 15 * gib * 20 / 1000);
  BOOST_CHECK(cause == MemoryCause::filling);
  BOOST_CHECK_GT(available, 7 * gib);
  BOOST_CHECK_GT(replay.watch.fill_rate(), 9e9);
  // The same fall, but it is over: the second reading does not confirm it.
  BOOST_CHECK(!replay.watch.confirms(MemoryCause::filling, {total, 19 * gib}, least));
}

BOOST_AUTO_TEST_CASE(a_step_of_a_gibibyte_is_no_filling) {
  Replay replay;
  replay.stay(6 * gib, 1000);
  BOOST_CHECK(replay.stay(5 * gib, 2000) == MemoryCause::none);
  BOOST_CHECK_EQUAL(replay.watch.fill_rate(), 0);
}

BOOST_AUTO_TEST_CASE(after_a_gap_the_dwell_begins_anew) {
  Replay replay;
  replay.stay(5 * gib, 200);
  BOOST_CHECK(replay.stay(3 * gib, 400) == MemoryCause::none);
  replay.watch.forget();
  replay.now += 3'600'000 * ms;
  BOOST_CHECK(replay.stay(3 * gib, 480) == MemoryCause::none);
  BOOST_CHECK(replay.stay(3 * gib, 100) == MemoryCause::floor);
}

BOOST_AUTO_TEST_CASE(ticks_are_shorter_the_nearer_it_is) {
  MemoryWatch watch;
  BOOST_CHECK_EQUAL(watch.next_tick_ns({total, 20 * gib}, least), 100 * ms);
  BOOST_CHECK_EQUAL(watch.next_tick_ns({total, least + 1'200'000'000}, least), 50 * ms);
  BOOST_CHECK_EQUAL(watch.next_tick_ns({total, least}, least), 20 * ms);
  BOOST_CHECK_EQUAL(watch.next_tick_ns({total, 0}, least), 20 * ms);
}

BOOST_AUTO_TEST_SUITE_END()
