// SPDX-License-Identifier: Apache-2.0
#include "cell/check/schema_values.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <regex>

#include "base/files.h"
#include "base/json.h"
#include "base/schema.h"
#include "places.h"

namespace check = ordeal::check;
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(schema_values)

BOOST_AUTO_TEST_CASE(texts_match_their_pattern) {
  check::Random random(1);
  for (const char* pattern :
       {"^[a-z0-9][a-z0-9_-]*$", "^[2-5]xx$", "^-?[0-9.]+%$", "^(GET|POST|[A-Z]{1,32})$", "^/",
        "^[0-9]{4}-[0-9]{2}T[0-9]{2}(\\.[0-9]+)?Z$", "^\\d+\\.\\d{2,3}$", "^[^a-z]+$",
        "a|b|(?:c|d)+"}) {
    for (int i = 0; i < 50; ++i) {
      const std::string text = check::text_for_pattern(pattern, random);
      BOOST_TEST_CONTEXT(pattern << " and " << text) {
        BOOST_TEST(std::regex_search(text, std::regex(pattern)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(unfinished_patterns_end) {
  check::Random random(1);
  for (const char* pattern :
       {"", "(", "[", "[a", "\\", "a{", "a{2,", "(?", "((((", ")", "|", "a{999999}"})
    BOOST_TEST(check::text_for_pattern(pattern, random).size() < 5000u);
}

BOOST_AUTO_TEST_CASE(documents_are_made_from_every_published_schema) {
  for (const char* name : {"readiness", "baseline", "phase", "campaign"}) {
    const std::string file =
        std::string(ORDEAL_SOURCE_DIR) + "/manifests/schemas/" + name + "-report.json";
    const auto schema = ordeal::parse_json(*ordeal::read_file(file, ordeal::ExitCode::usage), file);
    BOOST_REQUIRE(schema);
    check::Random random(3);
    int made = 0;
    for (int i = 0; i < 10; ++i)
      if (const auto value = check::value_for(*schema, check::Filling::random, random)) {
        BOOST_TEST(ordeal::check_schema(*schema, *value).empty());
        ++made;
      }
    BOOST_TEST_CONTEXT(name) { BOOST_TEST(made >= 8); }
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_values) {
  const json::value schema = json::parse(R"({"type": "object", "properties": {
    "a": {"type": "integer", "minimum": 3, "maximum": 90000}, "b": {"type": "string"},
    "c": {"type": "array", "items": {"type": "number"}}}})");
  check::Random one(9);
  check::Random other(9);
  for (int i = 0; i < 20; ++i) {
    const auto a = check::value_for(schema, check::Filling::random, one);
    BOOST_REQUIRE(a.has_value());
    BOOST_TEST(*a == *check::value_for(schema, check::Filling::random, other));
    BOOST_TEST(check::spoiled_config(*a, one) == check::spoiled_config(*a, other));
  }
}

BOOST_AUTO_TEST_CASE(examples_and_required_keys_come_first) {
  check::Job job;
  job.components.push_back({"x", "report", "", R"({"type": "object", "required": ["url"],
    "properties": {"url": {"type": "string", "examples": ["http://127.0.0.1:9/"]},
                   "n": {"type": "integer", "default": 4}}})",
                            "{}"});
  BOOST_TEST(check::candidate_configs(job).front() == R"({"url":"http://127.0.0.1:9/","n":4})");
  job.config = R"({"url":"given"})";
  BOOST_TEST(check::candidate_configs(job).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_schema_that_asks_for_more_than_there_is_ends) {
  check::Random random(1);
  for (const char* text : {R"({"type": "string", "minLength": 1000000000000000})",
                           R"({"type": "object", "required": ["l", "r"], "properties": {
            "l": {"$ref": "#"}, "r": {"$ref": "#"}}})"}) {
    const json::value schema = json::parse(text);
    for (const auto filling : {check::Filling::random, check::Filling::examples}) {
      // What does not fit its schema is no value.
      BOOST_TEST(!check::value_for(schema, filling, random).has_value(), text);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
