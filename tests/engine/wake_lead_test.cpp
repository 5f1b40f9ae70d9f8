// SPDX-License-Identifier: Apache-2.0
#include "engine/wake_lead.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(wake_lead)

BOOST_AUTO_TEST_CASE(nothing_is_known_at_first) { BOOST_TEST(WakeLead().ns() == 0u); }

// Wake-ups late by 10, 12, 14 ... 28 us in turns: three quarters are late by 23 us or less.
BOOST_AUTO_TEST_CASE(three_in_four_would_be_in_time) {
  WakeLead lead;
  for (std::uint64_t i = 0; i < 10'000; ++i) lead.woke(10'000 + 2'000 * (i * 7 % 10));
  std::uint64_t in_time = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::uint64_t late = 10'000 + 2'000 * (i * 7 % 10);
    if (late <= lead.ns()) ++in_time;
    lead.woke(late);
  }
  BOOST_TEST(in_time > 7'000u);
  BOOST_TEST(in_time < 8'000u);
}

BOOST_AUTO_TEST_CASE(it_follows_a_machine_that_wakes_faster) {
  WakeLead lead;
  for (int i = 0; i < 1'000; ++i) lead.woke(40'000);
  BOOST_TEST(lead.ns() > 39'000u);
  for (int i = 0; i < 1'000; ++i) lead.woke(2'000);
  BOOST_TEST(lead.ns() < 4'000u);
}

BOOST_AUTO_TEST_CASE(a_core_lost_to_another_teaches_nothing) {
  WakeLead lead;
  for (int i = 0; i < 1'000; ++i) lead.woke(10'000);
  const std::uint64_t known = lead.ns();
  for (int i = 0; i < 1'000; ++i) lead.woke(3'000'000);
  BOOST_TEST(lead.ns() == known);
}

BOOST_AUTO_TEST_CASE(it_is_bounded) {
  WakeLead lead;
  for (int i = 0; i < 1'000; ++i) lead.woke(WakeLead::most_ns);
  BOOST_TEST(lead.ns() <= WakeLead::most_ns);
}

BOOST_AUTO_TEST_SUITE_END()
