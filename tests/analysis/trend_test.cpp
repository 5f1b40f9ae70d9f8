// SPDX-License-Identifier: Apache-2.0
#include "analysis/trend.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(trend)

BOOST_AUTO_TEST_CASE(one_pair_that_degrades_is_enough) {
  const TrendPair pairs[] = {{1, 0.5}, {1, 0.6}, {1, 1.6}};
  BOOST_TEST(performance_trend(pairs) == "DEGRADING");
}

BOOST_AUTO_TEST_CASE(improvement_has_to_be_the_rule) {
  const TrendPair most[] = {{1, 0.5}, {1, 0.6}, {1, 1.1}};
  BOOST_TEST(performance_trend(most) == "IMPROVING");
  const TrendPair few[] = {{1, 0.5}, {1, 1.0}, {1, 1.1}};
  BOOST_TEST(performance_trend(few) == "STABLE");
}

BOOST_AUTO_TEST_CASE(nothing_comparable_is_unknown) {
  BOOST_TEST(performance_trend({}) == "UNKNOWN");
  const TrendPair empty[] = {{0, 1}, {1, 0}};
  BOOST_TEST(performance_trend(empty) == "UNKNOWN");
}

BOOST_AUTO_TEST_CASE(ratings_are_the_old_ones) {
  BOOST_TEST(performance_rating(true, 0.95, 1) == "EXCELLENT");
  BOOST_TEST(performance_rating(true, 0.95, 1.1) == "GOOD");
  BOOST_TEST(performance_rating(true, 0.85, 4) == "ACCEPTABLE");
  BOOST_TEST(performance_rating(true, 0.79, 0.1) == "POOR");
  BOOST_TEST(performance_rating(false, 1, 0) == "NO_DATA");
}

BOOST_AUTO_TEST_SUITE_END()
