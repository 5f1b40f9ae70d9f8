// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_totals.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

IntervalFrame frame_with(std::vector<std::pair<std::int64_t, std::uint64_t>> codes) {
  IntervalFrame frame;
  frame.end_ns = 1'000'000'000;
  frame.offered = 10;
  frame.sessions_opened = 3;
  frame.sessions_failed = 2;
  frame.sessions_renewed = 1;
  frame.wire = {1, 2, 3, 4, 5};
  KindInterval& kind = frame.kinds.emplace_back();
  kind.outcomes[1] = 4;
  kind.latency.record(1'000);
  kind.codes = std::move(codes);
  return frame;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load_totals)

BOOST_AUTO_TEST_CASE(intervals_of_all_workers_add_up) {
  LoadTotals totals;
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    for (int i = 0; i < 3; ++i) {
      IntervalFrame frame = frame_with({{500, 2}});
      frame.worker = worker;
      totals.add(frame, "cell-" + std::to_string(worker), 2'000'000'000);
    }
  }
  BOOST_TEST(totals.offered == 60u);
  BOOST_TEST(totals.sessions_opened == 18u);
  BOOST_TEST(totals.sessions_failed == 12u);
  BOOST_TEST(totals.sessions_renewed == 6u);
  BOOST_TEST(totals.wire.probe == 6u);
  BOOST_TEST(totals.wire.cancelled == 30u);
  BOOST_TEST(totals.outcomes[1] == 24u);
  BOOST_TEST(totals.latency.count() == 6u);
  BOOST_TEST_REQUIRE(totals.workers.size() == 2u);
  BOOST_TEST(totals.workers[1].name == "cell-1");
  BOOST_TEST_REQUIRE(totals.codes.size() == 1u);
  BOOST_TEST(totals.codes.begin()->second == 12u);
}

BOOST_AUTO_TEST_CASE(codes_without_end_are_bounded_and_none_is_lost) {
  LoadTotals totals;
  constexpr int made_up = 5'000;
  for (int i = 0; i < made_up; ++i)
    totals.add(frame_with({{404, 1}, {100'000 + i, 2}}), "cell", 2'000'000'000);
  BOOST_TEST(totals.codes.size() <= LoadTotals::most_codes + 1);
  BOOST_TEST((totals.codes[{0, 0, 404}]) == std::uint64_t{made_up});
  std::uint64_t all = 0;
  for (const auto& [code, n] : totals.codes) all += n;
  BOOST_TEST(all == 3u * made_up);
}

BOOST_AUTO_TEST_SUITE_END()
