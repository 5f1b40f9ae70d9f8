// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace ordeal;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(duration)

BOOST_AUTO_TEST_CASE(reads_what_people_write) {
  const std::pair<const char*, Duration> cases[] = {
      {"0", 0ns},
      {"0s", 0ns},
      {"1m30s", 90s},
      {"10h", 10h},
      {"250ms", 250ms},
      {"1.5s", 1500ms},
      {"2d", 48h},
      {"1h2m3s4ms5us6ns", 1h + 2min + 3s + 4ms + 5us + 6ns},
      {"0.1ns", 0ns},
      {"0.5ns", 1ns},
      {"1.000000001s", 1s + 1ns},
      {"90m", 90min},
      {"0.000000001h", 3600ns},
      {"007s", 7s},
      {"9223372036854775807ns", Duration::max()}};
  for (const auto& [text, expected] : cases) {
    BOOST_TEST_CONTEXT(text) {
      const Result<Duration> read = parse_duration(text);
      BOOST_REQUIRE(read);
      BOOST_TEST(read->count() == expected.count());
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_the_rest_and_says_why) {
  const std::pair<const char*, const char*> cases[] = {{"", "empty"},
                                                       {"10", "unit is missing"},
                                                       {"-5s", "negative"},
                                                       {"5x", "unknown unit 'x'"},
                                                       {"s", "number must come"},
                                                       {"1s1m", "out of order"},
                                                       {"1s1s", "twice"},
                                                       {"1.s", "digit must follow"},
                                                       {"1 s", "unknown unit ' s'"},
                                                       {"1S", "unknown unit 'S'"},
                                                       {"1e3s", "unknown unit 'e'"},
                                                       {"9223372036854775808ns", "292 years"},
                                                       {"106752d", "292 years"},
                                                       {"99999999999999999999999s", "292 years"},
                                                       {"106751d24h", "292 years"}};
  for (const auto& [text, why] : cases) {
    BOOST_TEST_CONTEXT(text) {
      const Result<Duration> read = parse_duration(text);
      BOOST_REQUIRE(!read);
      BOOST_TEST((read.error().code == ExitCode::invalid_config));
      BOOST_TEST(read.error().what.find(why) != std::string::npos, read.error().what);
      BOOST_TEST(read.error().expected.find("1m30s") != std::string::npos);
    }
  }
  BOOST_TEST(parse_duration("10").error().fix == "did you mean \"10s\"?");
}

BOOST_AUTO_TEST_CASE(writes_the_shortest_exact_form) {
  BOOST_TEST(format_duration(0s) == "0s");
  BOOST_TEST(format_duration(90s) == "1m30s");
  BOOST_TEST(format_duration(250ms) == "250ms");
  BOOST_TEST(format_duration(10h) == "10h");
  BOOST_TEST(format_duration(48h + 1ns) == "2d1ns");
  BOOST_TEST(format_duration(-90s) == "-1m30s");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const Duration duration(static_cast<std::int64_t>(random() >> (1 + i % 62)));
    const Result<Duration> again = parse_duration(format_duration(duration));
    BOOST_REQUIRE(again);
    BOOST_REQUIRE_EQUAL(again->count(), duration.count());
  }
}

BOOST_AUTO_TEST_CASE(people_get_two_units) {
  const std::pair<Duration, const char*> cases[] = {{0s, "0s"},
                                                    {13ms, "13ms"},
                                                    {4200ms, "4.2s"},
                                                    {42s, "42s"},
                                                    {90s, "1m 30s"},
                                                    {1h + 2min, "1h 02m"},
                                                    {59min + 59s + 999ms, "1h 00m"},
                                                    {999'999us, "1.0s"},
                                                    {350ns, "350ns"},
                                                    {12us, "12us"},
                                                    {26h, "1d 02h"},
                                                    {9'960ms, "10s"},
                                                    {-4200ms, "-4.2s"},
                                                    {23h + 59min + 45s, "1d 00h"},
                                                    {59'700ms, "1m 00s"}};
  for (const auto& [duration, text] : cases) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(human_duration(duration) == text); }
  }
}

BOOST_AUTO_TEST_SUITE_END()
