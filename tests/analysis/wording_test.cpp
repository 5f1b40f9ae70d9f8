// SPDX-License-Identifier: Apache-2.0
#include "analysis/wording.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(wording)

BOOST_AUTO_TEST_CASE(times_have_three_digits_and_the_fitting_unit) {
  BOOST_TEST(say_seconds(0.812) == "812 ms");
  BOOST_TEST(say_seconds(1.254) == "1.25 s");
  BOOST_TEST(say_seconds(0.0000431) == "43.1 us");
  BOOST_TEST(say_seconds(2.5e-7) == "250 ns");
  BOOST_TEST(say_seconds(0) == "0 s");
  BOOST_TEST(say_seconds(30) == "30 s");
  BOOST_TEST(say_seconds(0.99999) == "1 s");
}

BOOST_AUTO_TEST_CASE(shares_near_one_do_not_read_as_one) {
  BOOST_TEST(say_share(0.95) == "95 %");
  BOOST_TEST(say_share(0.9533) == "95.3 %");
  BOOST_TEST(say_share(0.9999) == "99.99 %");
  BOOST_TEST(say_share(1) == "100 %");
  BOOST_TEST(say_share(0) == "0 %");
}

BOOST_AUTO_TEST_CASE(counts_agree_with_their_noun) {
  BOOST_TEST(say_count(1, "phase") == "1 phase");
  BOOST_TEST(say_count(0, "phase") == "0 phases");
  BOOST_TEST(say_figure(181.4, "1/s") == "181/s");
  BOOST_TEST(say_figure(0.5, "ratio") == "50 %");
}

BOOST_AUTO_TEST_SUITE_END()
