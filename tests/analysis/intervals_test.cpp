// SPDX-License-Identifier: Apache-2.0
#include "analysis/intervals.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(intervals)

BOOST_AUTO_TEST_CASE(samples_needed_are_those_of_the_literature) {
  BOOST_TEST(samples_needed(0.99) == 368u);
  BOOST_TEST(samples_needed(0.999) == 3688u);
  BOOST_TEST(samples_needed(0.9999) == 36887u);
  BOOST_TEST(samples_needed(0.5) == 6u);
}

BOOST_AUTO_TEST_CASE(both_ranks_exist_exactly_from_the_samples_needed_on) {
  for (const double q : {0.5, 0.9, 0.95, 0.99, 0.999}) {
    BOOST_TEST_INFO("quantile " << q);
    const auto n = samples_needed(q);
    BOOST_TEST(quantile_ranks(n, q).high.has_value());
    BOOST_TEST(quantile_ranks(n, q).low.has_value());
    BOOST_TEST(!quantile_ranks(n - 1, q).high.has_value());
  }
}

BOOST_AUTO_TEST_CASE(ranks_of_a_median_of_ten_are_the_textbooks) {
  // 1 - 2 * P(B(10, 1/2) <= 1) = 0.9785: the second lowest and second highest of ten.
  const auto ranks = quantile_ranks(10, 0.5);
  BOOST_TEST(ranks.low.value() == 2u);
  BOOST_TEST(ranks.high.value() == 9u);
}

BOOST_AUTO_TEST_CASE(no_samples_no_ranks) {
  BOOST_TEST(!quantile_ranks(0, 0.99).low.has_value());
  BOOST_TEST(!quantile_ranks(100, 1).low.has_value());
}

BOOST_AUTO_TEST_CASE(the_interval_of_a_p99_covers_it_about_as_often_as_it_says) {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> latency(1e-6);  // mean 1 ms in ns
  const double truth = -std::log(0.01) * 1e6;
  int covered = 0;
  constexpr int trials = 400;
  for (int trial = 0; trial < trials; ++trial) {
    Histogram histogram;
    constexpr std::uint64_t n = 1000;
    for (std::uint64_t i = 0; i < n; ++i) {
      histogram.record(static_cast<std::uint64_t>(latency(random)));
    }
    const auto ranks = quantile_ranks(n, 0.99);
    const auto low = static_cast<double>(order_statistic(histogram, *ranks.low));
    const auto high = static_cast<double>(order_statistic(histogram, *ranks.high));
    covered += low <= truth && truth <= high ? 1 : 0;
  }
  BOOST_TEST(covered >= trials * 0.92);
  BOOST_TEST(covered < trials);  // one that always covers says nothing
}

BOOST_AUTO_TEST_CASE(order_statistics_walk_the_buckets) {
  Histogram histogram;
  for (const std::uint64_t value : {10, 20, 30, 40}) histogram.record(value);
  BOOST_TEST(order_statistic(histogram, 1) == 10u);
  BOOST_TEST(order_statistic(histogram, 3) == 30u);
  BOOST_TEST(order_statistic(histogram, 4) == 40u);
  BOOST_TEST(order_statistic(Histogram(), 1) == 0u);
}

BOOST_AUTO_TEST_CASE(wilson_agrees_with_known_figures) {
  // Newcombe 1998, table I: 81 of 263, 0.2553 to 0.3662; 0 of 20, 0 to 0.1611.
  BOOST_TEST(wilson(81, 263)->low == 0.2553, boost::test_tools::tolerance(0.0005));
  BOOST_TEST(wilson(81, 263)->high == 0.3662, boost::test_tools::tolerance(0.0005));
  BOOST_TEST(wilson(0, 20)->low == 0.0);
  BOOST_TEST(wilson(0, 20)->high == 0.1611, boost::test_tools::tolerance(0.0005));
  BOOST_TEST(wilson(20, 20)->high == 1.0);
  BOOST_TEST(!wilson(0, 0).has_value());
}

BOOST_AUTO_TEST_CASE(poisson_agrees_with_known_figures) {
  BOOST_TEST(poisson(0).low == 0.0);
  BOOST_TEST(poisson(0).high == 3.689, boost::test_tools::tolerance(0.0005));
  BOOST_TEST(poisson(10).low == 4.795, boost::test_tools::tolerance(0.0005));
  BOOST_TEST(poisson(10).high == 18.39, boost::test_tools::tolerance(0.0005));
}

BOOST_AUTO_TEST_CASE(means_have_an_interval_from_thirty_on) {
  BOOST_TEST(!normal_mean(1, 1, 29).has_value());
  BOOST_TEST(normal_mean(1, 1, 100)->low == 0.804, boost::test_tools::tolerance(0.001));
  BOOST_TEST(normal_mean(0.1, 10, 100)->low == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
