// SPDX-License-Identifier: Apache-2.0
#include "guardian/fixed_text.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>

using ordeal::Decimal;
using ordeal::FixedText;

BOOST_AUTO_TEST_SUITE(fixed_text)

BOOST_AUTO_TEST_CASE(joins_text_and_numbers) {
  FixedText<100> text;
  text << "a " << 42 << " " << std::int64_t{-7} << " " << Decimal{81.25, 1} << " "
       << Decimal{-0.5, 2} << " " << Decimal{3, 0};
  BOOST_CHECK_EQUAL(text.view(), "a 42 -7 81.3 -0.50 3");
  BOOST_CHECK_EQUAL(text.c_str()[text.view().size()], '\0');
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none) {
  FixedText<100> text;
  text << Decimal{std::nan(""), 1} << Decimal{INFINITY, 1} << Decimal{1e300, 1};
  BOOST_CHECK_EQUAL(text.view(), "???");
}

BOOST_AUTO_TEST_CASE(cuts_off_what_does_not_fit) {
  FixedText<5> text;
  text << "abc"
       << "defgh" << 1;
  BOOST_CHECK_EQUAL(text.view(), "abcde");
}

BOOST_AUTO_TEST_SUITE_END()
