// SPDX-License-Identifier: Apache-2.0
#include "scenarios/http/text_search.h"

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

using http::TextSearch;

BOOST_AUTO_TEST_SUITE(http_text_search)

BOOST_AUTO_TEST_CASE(finds_what_find_finds_in_any_pieces) {
  std::mt19937 random(3);
  const auto text = [&](std::size_t longest) {
    std::string out;
    for (auto n = random() % longest + 1; n > 0; --n) out += static_cast<char>('a' + random() % 2);
    return out;
  };
  int found = 0;
  for (int round = 0; round < 50'000; ++round) {
    const std::string wanted = text(8);
    const std::string body = text(40);
    const TextSearch search(wanted);
    std::uint32_t matched = 0;
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t size = std::min(random() % 7, body.size() - at);
      matched = search.feed(matched, body.substr(at, size));
      at += size;
    }
    const bool expected = body.find(wanted) != std::string::npos;
    found += expected;
    BOOST_TEST_REQUIRE(search.found(matched) == expected, wanted << " in " << body);
  }
  BOOST_TEST(found > 5'000);
  BOOST_TEST(found < 45'000);
}

BOOST_AUTO_TEST_SUITE_END()
