// SPDX-License-Identifier: Apache-2.0
#include "check/schema_sense.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

std::string first_wrong(const char* schema) {
  for (const SchemaRemark& one : schema_remarks(boost::json::parse(schema)))
    if (one.wrong) return one.pointer + ": " + one.what;
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_sense)

BOOST_AUTO_TEST_CASE(usable_schemas_are_not_remarked_on) {
  for (const char* schema :
       {"{}", "true", R"({"type": "object", "properties": {"a": {"type": ["string", "null"],
          "description": "x", "default": "b", "examples": ["c"]}}})",
        R"({"$defs": {"d": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/d"}}})",
        R"({"oneOf": [{"type": "number"}, {"type": "string", "pattern": "^a+$"}]})"})
    BOOST_TEST(schema_remarks(boost::json::parse(schema)).empty(), schema);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_named_with_its_place) {
  BOOST_TEST(first_wrong(R"({"type": "text"})").starts_with("/type: "));
  BOOST_TEST(first_wrong(R"({"properties": {"a": {"pattern": "("}}})")
                 .starts_with("/properties/a/pattern: the pattern cannot be used"));
  BOOST_TEST(first_wrong(R"({"minimum": "1"})") == "/minimum: 'minimum' is a number");
  BOOST_TEST(first_wrong(R"({"maxLength": -1})").starts_with("/maxLength: "));
  BOOST_TEST(first_wrong(R"({"required": "a"})").starts_with("/required: "));
  BOOST_TEST(first_wrong(R"({"$ref": "#/$defs/none"})").starts_with("/$ref: '$ref' leads nowhere"));
  BOOST_TEST(first_wrong(R"({"enum": []})").starts_with("/enum: "));
  BOOST_TEST(first_wrong(R"({"oneOf": {}})").starts_with("/oneOf: "));
  BOOST_TEST(first_wrong(R"({"properties": {"a": 1}})").starts_with("/properties/a: a schema is"));
  BOOST_TEST(first_wrong(R"({"properties": {"a": {"type": "integer", "default": "x"}}})")
                 .starts_with("/properties/a/default: the default breaks"));
  BOOST_TEST(first_wrong(R"({"properties": {"a": {"type": "integer", "examples": [1, "x"]}}})")
                 .starts_with("/properties/a/examples/1: the example breaks"));
  BOOST_TEST(first_wrong(R"({"properties": {}, "required": ["a"], "additionalProperties": false})")
                 .starts_with("/required: 'a' is required and not allowed"));
}

BOOST_AUTO_TEST_CASE(an_option_without_description_is_a_warning) {
  const auto remarks =
      schema_remarks(boost::json::parse(R"({"properties": {"a": {"type": "integer"}}})"));
  BOOST_REQUIRE(remarks.size() == 1u);
  BOOST_TEST(!remarks.front().wrong);
}

BOOST_AUTO_TEST_SUITE_END()
