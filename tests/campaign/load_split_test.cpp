// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_split.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "engine/arrivals.h"

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(load_split)

BOOST_AUTO_TEST_CASE(sessions_and_operations_are_split_evenly) {
  LoadSpec load;
  load.sessions = 11;
  load.max_operations = 7;
  const auto parts = split_load(load, 4);
  BOOST_TEST_REQUIRE(parts.size() == 4u);
  std::uint32_t sessions = 0;
  std::uint64_t operations = 0;
  std::set<std::uint64_t> seeds;
  for (std::uint32_t i = 0; i < 4; ++i) {
    BOOST_TEST(parts[i].worker == i);
    BOOST_TEST(parts[i].workers == 4u);
    BOOST_TEST(parts[i].sessions == (i < 3 ? 3u : 2u));
    sessions += parts[i].sessions;
    operations += parts[i].max_operations;
    seeds.insert(parts[i].seed);
  }
  BOOST_TEST(sessions == 11u);
  BOOST_TEST(operations == 7u);
  BOOST_TEST(seeds.size() == 4u);
}

BOOST_AUTO_TEST_CASE(no_worker_is_without_work) {
  LoadSpec load;
  load.sessions = 3;
  BOOST_TEST(workers_used(load, 8) == 3u);
  BOOST_TEST(split_load(load, 8).size() == 3u);
  load.max_operations = 2;
  BOOST_TEST(workers_used(load, 8) == 2u);
  load.sessions = 1;
  const auto alone = split_load(load, 8);
  BOOST_TEST_REQUIRE(alone.size() == 1u);
  BOOST_TEST(alone[0].max_operations == 2u);
  BOOST_TEST(alone[0].seed == load.seed);
  BOOST_TEST(workers_used(load, 0) == 1u);
  load.sessions = 0;
  BOOST_TEST(workers_used(load, 8) == 0u);
  BOOST_TEST(split_load(load, 8).empty());
}

BOOST_AUTO_TEST_CASE(all_together_keep_the_even_schedule) {
  LoadSpec load;
  load.model = LoadSpec::Model::open;
  load.sessions = 10;
  load.rate = 700;
  const std::uint64_t start = 5'000'000'000;
  std::vector<std::uint64_t> together;
  for (const LoadSpec& part : split_load(load, 3)) {
    Arrivals arrivals(start, {{part.rate, part.rate, 0}}, 0, part.first_gap);
    for (int i = 0; i < 700; ++i, arrivals.advance()) together.push_back(arrivals.next_ns());
  }
  std::sort(together.begin(), together.end());
  Arrivals whole(start, load.rate);
  std::int64_t worst = 0;
  for (const std::uint64_t at : together) {
    worst = std::max(worst, std::abs(static_cast<std::int64_t>(at - whole.next_ns())));
    whole.advance();
  }
  BOOST_TEST(worst <= 2);  // nanoseconds, of rounding
}

BOOST_AUTO_TEST_SUITE_END()
