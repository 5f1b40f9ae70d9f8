// SPDX-License-Identifier: Apache-2.0
// What every operation costs again, counted: it must not grow unnoticed.
#include <boost/test/unit_test.hpp>

#include "engine/fake_scenario.h"

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(hot_path)

// The moment of a completion is that of the next start, too.
BOOST_AUTO_TEST_CASE(closed_load_reads_the_clock_once_per_operation) {
  FakeScenario scenario;
  scenario.delay_ns = 0;
  const IntervalFrame frame = scenario.run(closed_load(8, 20'000));
  BOOST_TEST(frame.wire.measured == 20'000u);
  BOOST_TEST(scenario.clock_reads() >= 20'000u);
  BOOST_TEST(scenario.clock_reads() <= 20'100u);
}

// Once when it is due, or when it is taken out of the waiting line, and once when it is done.
BOOST_AUTO_TEST_CASE(open_load_reads_the_clock_twice_per_operation) {
  FakeScenario scenario;
  scenario.delay_ns = 0;
  const IntervalFrame frame = scenario.run(open_load(64, 10'000, 500 * FakeScenario::ms));
  BOOST_TEST(frame.wire.measured == 5'000u);
  BOOST_TEST(scenario.clock_reads() >= 10'000u);
  BOOST_TEST(scenario.clock_reads() <= 11'000u);
}

BOOST_AUTO_TEST_SUITE_END()
