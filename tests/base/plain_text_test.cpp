// SPDX-License-Identifier: Apache-2.0
#include "base/plain_text.h"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(plain_text)

BOOST_AUTO_TEST_CASE(what_is_plain_stays) {
  for (const char* text : {"", "plain", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "<b>&\"'"})
    BOOST_TEST(ordeal::plain_text(text) == text);
}

BOOST_AUTO_TEST_CASE(nothing_steers_a_terminal) {
  BOOST_TEST(ordeal::plain_text("a\x1b[31mb\r\nc\x7f") == "a [31mb  c ");
  BOOST_TEST(ordeal::plain_text(std::string_view("a\0b", 3)) == "a b");
  BOOST_TEST(ordeal::plain_text("\xc2\x9b"
                                "31m") == "??31m");
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_marked) {
  BOOST_TEST(ordeal::plain_text("\xff\xfe") == "??");
  BOOST_TEST(ordeal::plain_text("\xc0\xaf") == "??");            // overlong
  BOOST_TEST(ordeal::plain_text("\xed\xa0\x80") == "???");       // a surrogate
  BOOST_TEST(ordeal::plain_text("\xef\xbf\xbf") == "???");       // no character
  BOOST_TEST(ordeal::plain_text("\xf4\x90\x80\x80") == "????");  // beyond the last
  BOOST_TEST(ordeal::plain_text("a\xe2\x82") == "a??");          // cut off
}

BOOST_AUTO_TEST_CASE(it_is_cut_between_characters) {
  BOOST_TEST(ordeal::plain_text("abcdef", 3) == "abc...");
  BOOST_TEST(ordeal::plain_text("a\xe2\x82\xac", 3) == "a...");
  BOOST_TEST(ordeal::plain_text("abc", 3) == "abc");
}

BOOST_AUTO_TEST_SUITE_END()
