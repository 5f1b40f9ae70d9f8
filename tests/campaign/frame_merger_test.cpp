// SPDX-License-Identifier: Apache-2.0
#include "campaign/frame_merger.h"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace ordeal;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t origin = 100 * second;

IntervalFrame frame(std::uint64_t from_ns, std::uint64_t to_ns, std::uint64_t operations,
                    std::uint64_t value_ns = 1000) {
  IntervalFrame f;
  f.load = 2;
  f.start_ns = origin + from_ns;
  f.end_ns = origin + to_ns;
  f.offered = operations;
  f.sessions_open = 5;
  f.wire.measured = operations;
  KindInterval kind;
  kind.kind = 1;
  kind.outcomes[0] = operations;
  kind.codes = {{200, operations}};
  kind.latency.record(value_ns, operations);
  f.kinds.push_back(std::move(kind));
  return f;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(frame_merger)

BOOST_AUTO_TEST_CASE(an_interval_is_whole_when_all_have_told_of_it) {
  FrameMerger merger(origin, second, 2);
  merger.join(0);
  merger.join(1);
  merger.add(0, frame(0, second + 300, 10, 1000));
  BOOST_TEST(!merger.next().has_value());
  merger.add(1, frame(10, second + 900, 5, 9000));
  const auto one = merger.next();
  BOOST_TEST_REQUIRE(one.has_value());
  BOOST_TEST(!merger.next().has_value());
  BOOST_TEST(one->load == 2u);
  BOOST_TEST(one->worker == 0u);
  BOOST_TEST(one->seq == 0u);
  BOOST_TEST(one->start_ns == origin);
  BOOST_TEST(one->end_ns == origin + second + 900);
  BOOST_TEST(one->offered == 15u);
  BOOST_TEST(one->sessions_open == 10u);
  BOOST_TEST_REQUIRE(one->kinds.size() == 1u);
  BOOST_TEST(one->kinds[0].outcomes[0] == 15u);
  BOOST_TEST(one->kinds[0].latency.count() == 15u);
  BOOST_TEST(one->kinds[0].latency.min() == 1000u);
  BOOST_TEST(one->kinds[0].latency.max() == 9000u);
  BOOST_TEST(
      (one->kinds[0].codes == std::vector<std::pair<std::int64_t, std::uint64_t>>{{200, 15}}));
  merger.add(1, frame(second + 900, 2 * second, 1));
  merger.add(0, frame(second + 300, 2 * second, 1));
  const auto two = merger.next();
  BOOST_TEST_REQUIRE(two.has_value());
  BOOST_TEST(two->seq == 1u);
  BOOST_TEST(two->start_ns == one->end_ns);  // they do not overlap
}

BOOST_AUTO_TEST_CASE(one_that_is_late_holds_the_others_up_for_one_interval) {
  FrameMerger merger(origin, second, 2);
  merger.join(0);
  merger.join(1);
  merger.add(0, frame(0, second, 1));
  BOOST_TEST(!merger.next().has_value());
  merger.add(0, frame(second, 2 * second, 2));
  auto got = merger.next();
  BOOST_TEST_REQUIRE(got.has_value());
  BOOST_TEST(got->offered == 1u);
  BOOST_TEST(!merger.next().has_value());
  // What comes late is part of the interval that is still open.
  merger.add(1, frame(0, second, 4));
  BOOST_TEST(!merger.next().has_value());
  merger.add(1, frame(second, 2 * second, 8));
  got = merger.next();
  BOOST_TEST_REQUIRE(got.has_value());
  BOOST_TEST(got->offered == 14u);
}

BOOST_AUTO_TEST_CASE(who_has_left_is_not_waited_for) {
  FrameMerger merger(origin, second, 2);
  merger.join(0);
  merger.join(1);
  merger.add(0, frame(0, second, 1));
  BOOST_TEST(!merger.next().has_value());
  merger.leave(1);
  const auto got = merger.next();
  BOOST_TEST_REQUIRE(got.has_value());
  BOOST_TEST(got->offered == 1u);
  BOOST_TEST(got->sessions_open == 5u);
  merger.leave(0);
  BOOST_TEST(!merger.next().has_value());
  // Both dead for a while: the gap is nobody's interval.
  merger.join(1);
  merger.add(1, frame(7 * second, 8 * second, 1));
  const auto later = merger.next();
  BOOST_TEST_REQUIRE(later.has_value());
  BOOST_TEST(later->start_ns == origin + 7 * second);
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_or_counted_twice) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 50; ++round) {
    const std::size_t workers = 1 + random() % 6;
    FrameMerger merger(origin, second, workers);
    std::vector<std::uint64_t> at(workers, 0);
    std::vector<bool> in(workers, false);
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t values = 0;
    std::uint64_t end = 0;
    const auto take = [&] {
      while (const auto frame = merger.next()) {
        received += frame->offered;
        for (const auto& kind : frame->kinds) values += kind.latency.count();
        BOOST_TEST(frame->start_ns >= end);
        end = frame->end_ns;
      }
    };
    for (int step = 0; step < 200; ++step) {
      const std::size_t worker = random() % workers;
      if (!in[worker]) {
        merger.join(worker);
        in[worker] = true;
      }
      const std::uint64_t length = random() % 3 == 0 ? random() % second : second;
      const std::uint64_t operations = random() % 10;
      merger.add(worker, frame(at[worker], at[worker] + length, operations));
      at[worker] += length;
      sent += operations;
      if (random() % 20 == 0) {
        merger.leave(worker);
        in[worker] = false;
      }
      if (random() % 2 == 0) take();
    }
    for (std::size_t i = 0; i < workers; ++i) merger.leave(i);
    take();
    BOOST_TEST(received == sent);
    BOOST_TEST(values == sent);
  }
}

BOOST_AUTO_TEST_SUITE_END()
