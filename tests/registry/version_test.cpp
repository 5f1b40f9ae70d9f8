// SPDX-License-Identifier: Apache-2.0
#include "registry/version.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

Version parsed_version(std::string_view text) {
  const Result<Version> parsed = parse_version(text);
  BOOST_REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(version)

BOOST_AUTO_TEST_CASE(precedence_is_that_of_semver) {
  // The chain of semver.org, section 11, and numbers of any length.
  const char* rising[] = {"0.0.1",
                          "0.1.0",
                          "1.0.0-0",
                          "1.0.0-9",
                          "1.0.0-10",
                          "1.0.0-99999999999999999999998",
                          "1.0.0-99999999999999999999999",
                          "1.0.0-alpha",
                          "1.0.0-alpha.1",
                          "1.0.0-alpha.beta",
                          "1.0.0-beta",
                          "1.0.0-beta.2",
                          "1.0.0-beta.11",
                          "1.0.0-rc.1",
                          "1.0.0",
                          "1.0.10",
                          "1.2.0",
                          "1.10.0",
                          "2.0.0",
                          "10.0.0"};
  for (std::size_t i = 0; i < std::size(rising); ++i) {
    for (std::size_t j = 0; j < std::size(rising); ++j) {
      BOOST_TEST_CONTEXT(rising[i] << " " << rising[j]) {
        BOOST_TEST((parsed_version(rising[i]) < parsed_version(rising[j])) == (i < j));
        BOOST_TEST((parsed_version(rising[i]) == parsed_version(rising[j])) == (i == j));
      }
    }
  }
  BOOST_TEST((parsed_version("1.0.0+build.5") == parsed_version("1.0.0+other")));
}

BOOST_AUTO_TEST_CASE(what_is_no_version_is_refused) {
  for (const char* text : {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.03", "v1.2.3", "1.2.3-",
                           "1.2.3-a..b", "1.2.3-01", "1.2.3+", "1.2.x", "1.2.3 ", "-1.2.3",
                           "99999999999999999999.0.0", "18446744073709551615.0.0", "1.2.3-\xff"}) {
    BOOST_TEST(!parse_version(text), text);
  }
  BOOST_TEST(parse_version("1.2.3-0a.b-c+001").value().prerelease.size() == 2u);
}

BOOST_AUTO_TEST_CASE(ranges_take_what_they_say) {
  const struct {
    const char* range;
    const char* in;
    const char* out;
  } cases[] = {
      {"*", "0.0.1-a", nullptr},
      {">=1.2.0", "1.2.0", "1.2.0-rc.1"},
      {">=1.2.0", "7.0.0", "1.1.9"},
      {">1.2.0", "1.2.1", "1.2.0"},
      {"<2", "1.9.9", "2.0.0"},
      {"<=2", "2.0.0", "2.0.1"},
      {">=1.0.0 <2.0.0", "1.5.0", "2.0.0"},
      {"  >=1.0.0   !<2 ", nullptr, nullptr},
      {"1.2.3", "1.2.3+x", "1.2.4"},
      {"=1.2.3", "1.2.3", "1.2.2"},
      {"^1.2.3", "1.9.0", "2.0.0-alpha"},
      {"^1.2.3", "1.2.3", "1.2.2"},
      {"^0.2.3", "0.2.9", "0.3.0"},
      {"^0.0.3", "0.0.3", "0.0.4"},
      {"^1", "1.0.0", "2.0.0"},
      {"^0", "0.9.0", "1.0.0"},
      {"~1.2.3", "1.2.9", "1.3.0"},
      {"~1", "1.9.0", "2.0.0"},
      {"^1.0.0-beta", "1.0.0-rc", "1.0.0-alpha"},
  };
  for (const auto& one : cases) {
    BOOST_TEST_CONTEXT(one.range) {
      const Result<VersionRange> range = VersionRange::parse(one.range);
      if (one.in == nullptr) {
        BOOST_TEST(!range);
        continue;
      }
      BOOST_REQUIRE(range);
      BOOST_TEST(range->holds(parsed_version(one.in)));
      if (one.out != nullptr) BOOST_TEST(!range->holds(parsed_version(one.out)));
    }
  }
  for (const char* text : {"", " ", "1.2", ">=", "^", "~x", ">>1", "1.2.3 || 2.0.0", "1-2"})
    BOOST_TEST(!VersionRange::parse(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
