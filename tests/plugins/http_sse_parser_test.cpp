// SPDX-License-Identifier: Apache-2.0
// Server-sent events as the standard reads them, however they are cut into pieces.
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <vector>

#include "scenarios/http/sse_parser.h"

using http::SseParser;

namespace {

struct Heard {
  std::vector<std::string> events;  // "type|data"
  bool too_long = false;
  bool operator==(const Heard&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Heard& heard) {
  for (const auto& event : heard.events) out << '[' << event << ']';
  return out << (heard.too_long ? " too long" : "");
}

// In pieces that end at the places given.
Heard hear(std::string_view stream, const std::vector<std::size_t>& cuts = {},
           std::size_t max_event = 1000) {
  SseParser parser(max_event);
  parser.begin();
  Heard heard;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t to = i < cuts.size() ? cuts[i] : stream.size();
    // A copy of exactly its size, so that a sanitizer sees what is read beside it.
    const std::string piece(stream.substr(from, to - from));
    std::string_view rest = piece;
    from = to;
    for (;;) {
      const SseParser::Step step = parser.next(rest);
      if (step == SseParser::Step::too_long) {
        heard.too_long = true;
        return heard;
      }
      if (step == SseParser::Step::more) break;
      heard.events.push_back(std::string(parser.type()) + "|" + std::string(parser.data()));
    }
    BOOST_TEST(rest.empty());
  }
  return heard;
}

const std::string everything =
    "\xEF\xBB\xBF"
    ": hello\n\nevent: a\r\ndata: 1\r\ndata:2\rdata\r\r\nid: 7\nretry: 10\n"
    "data:  x: y\n\nevent: lost\n\ndata\n\nevent:b\ndatabase: no\ndata: \n\rdata:z\n\n"
    "data: never finished\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(http_sse_parser)

BOOST_AUTO_TEST_CASE(the_standard_s_own_examples) {
  using Events = std::vector<std::string>;
  const auto events = [](const char* stream) { return hear(stream).events; };
  BOOST_TEST(events("data: YHOO\ndata: +2\ndata: 10\n\n") == Events{"message|YHOO\n+2\n10"},
             boost::test_tools::per_element());
  BOOST_TEST(events(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                    "data:  third event\n\n") ==
                 (Events{"message|first event", "message|second event", "message| third event"}),
             boost::test_tools::per_element());
  BOOST_TEST(events("data\n\ndata\ndata\n\ndata:") == (Events{"message|", "message|\n"}),
             boost::test_tools::per_element());
  BOOST_TEST(events("data:test\n\ndata: test\n\n") == (Events{"message|test", "message|test"}),
             boost::test_tools::per_element());
  BOOST_TEST(events("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n") ==
                 (Events{"add|73857293", "remove|2153"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(all_line_ends_marks_and_comments) {
  const std::vector<std::string> expected{"a|1\n2\n", "message| x: y", "message|", "b|",
                                          "message|z"};
  BOOST_TEST(hear(everything).events == expected, boost::test_tools::per_element());
  // The mark counts at the very beginning only.
  BOOST_TEST(hear("data:1\n\n\xEF\xBB\xBF"
                  "data:2\n\n")
                 .events.size() == 1u);
}

BOOST_AUTO_TEST_CASE(pieces_make_no_difference) {
  const Heard whole = hear(everything);
  std::vector<std::size_t> each;
  for (std::size_t i = 0; i <= everything.size(); ++i) {
    BOOST_TEST(hear(everything, {i}) == whole);
    for (std::size_t j = i; j <= everything.size(); ++j)
      BOOST_TEST_REQUIRE(hear(everything, {i, j}) == whole);
    if (i > 0 && i < everything.size()) each.push_back(i);
  }
  BOOST_TEST(hear(everything, each) == whole);
}

BOOST_AUTO_TEST_CASE(pieces_of_anything_make_no_difference) {
  std::mt19937 random(7);
  const std::string letters = "\r\n: dateavn\xEF\xBB\xBF";
  for (int round = 0; round < 20'000; ++round) {
    std::string stream;
    for (auto n = random() % 40; n > 0; --n) {
      const auto what = random() % 24;
      if (what == 0)
        stream += "data:";
      else if (what == 1)
        stream += "event:";
      else if (what == 2)
        stream += "\n\n";
      else
        stream += letters[random() % letters.size()];
    }
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i < stream.size(); ++i)
      if (random() % 4 == 0) cuts.push_back(i);
    const std::size_t limit = 1 + random() % 40;
    BOOST_TEST_REQUIRE(hear(stream, cuts, limit) == hear(stream, {}, limit));
  }
}

BOOST_AUTO_TEST_CASE(what_never_ends_is_bounded) {
  BOOST_TEST(hear("data:" + std::string(995, 'x') + "\n\n").events.size() == 1u);
  BOOST_TEST(hear("data:" + std::string(996, 'x') + "\n\n").too_long);
  BOOST_TEST(hear(std::string(1001, 'x')).too_long);
  BOOST_TEST(hear(":" + std::string(1000, 'x') + "\n").too_long);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "data:1234\n";
  BOOST_TEST(hear(many).too_long);
  std::string separate;
  for (int i = 0; i < 300; ++i) separate += "data:1234\n\n";
  BOOST_TEST(hear(separate).events.size() == 300u);
}

BOOST_AUTO_TEST_SUITE_END()
