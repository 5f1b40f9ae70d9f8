// SPDX-License-Identifier: Apache-2.0
#include "engine/arrivals.h"

#include <boost/test/unit_test.hpp>

using ordeal::Arrivals;

BOOST_AUTO_TEST_SUITE(arrivals)

BOOST_AUTO_TEST_CASE(no_drift_over_hours) {
  // A rate whose gap is no whole number of nanoseconds, for 14 hours: 151 million arrivals.
  constexpr double rate = 3000.0 / 0.999;
  Arrivals a(1'000, rate);
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 151'000'000; ++i) {
    if (i % 1'000'000 == 999'999) {
      const auto exact =
          static_cast<std::uint64_t>(static_cast<long double>(i) * 1e9L / rate) + 1'000;
      BOOST_TEST_REQUIRE(a.next_ns() + 1 >= exact);
      BOOST_TEST_REQUIRE(a.next_ns() <= exact + 1);
      BOOST_TEST_REQUIRE(a.next_ns() > last);
      last = a.next_ns();
    }
    a.advance();
  }
}

BOOST_AUTO_TEST_CASE(a_factor_scales_what_is_left_of_the_gap) {
  Arrivals a(0, 1000);  // every 1,000,000 ns
  a.advance();
  BOOST_TEST(a.next_ns() == 1'000'000u);
  a.set_factor(250'000, 0.5);  // three quarters of the gap are left, now twice as long
  BOOST_TEST(a.next_ns() == 250'000u + 1'500'000u);
  a.advance();
  BOOST_TEST(a.next_ns() == 250'000u + 3'500'000u);
  a.set_factor(1'000'000, 0);
  BOOST_TEST(a.next_ns() == Arrivals::never);
  a.set_factor(5'000'000, 1);  // after a hold the first comes a whole gap later
  BOOST_TEST(a.next_ns() == 6'000'000u);
}

BOOST_AUTO_TEST_CASE(factors_before_the_start_do_not_move_it) {
  Arrivals a(1'000'000, 1000);
  a.set_factor(10, 0);
  BOOST_TEST(a.next_ns() == Arrivals::never);
  a.set_factor(20, 0.5);
  BOOST_TEST(a.next_ns() == 1'000'000u);
  a.advance();
  BOOST_TEST(a.next_ns() == 3'000'000u);
}

BOOST_AUTO_TEST_SUITE_END()
