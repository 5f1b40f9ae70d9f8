// SPDX-License-Identifier: Apache-2.0
#include "base/schema.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "base/json.h"

using namespace ordeal;
namespace json = boost::json;

namespace {

std::vector<SchemaViolation> check(const std::string& schema, const std::string& value) {
  const Result<json::value> parsed_schema = parse_json(schema, "schema");
  const Result<json::value> parsed_value = parse_json(value, "value");
  BOOST_REQUIRE_MESSAGE(parsed_schema, schema);
  BOOST_REQUIRE_MESSAGE(parsed_value, value);
  return check_schema(*parsed_schema, *parsed_value);
}

struct Case {
  const char* schema;
  const char* good;
  const char* bad;
  const char* pointer;
  const char* what;
  const char* hint;  // in expected or fix
};

}  // namespace

BOOST_AUTO_TEST_SUITE(schema)

BOOST_AUTO_TEST_CASE(every_keyword_holds_and_breaks) {
  const Case cases[] = {
      {R"({"type":"string"})", R"("x")", "1", "", "1 is a number", "text in quotes"},
      {R"({"type":"integer"})", "3.0", "3.5", "", "not whole", "whole number"},
      {R"({"type":["integer","null"]})", "null", R"("x")", "", "is text", "whole number or null"},
      {R"({"type":"number","minimum":0})", "0", "-1", "", "too small", "at least 0"},
      {R"({"type":"number","exclusiveMinimum":0})", "0.1", "0", "", "too small", "more than 0"},
      {R"({"type":"number","maximum":5})", "5", "5.5", "", "too large", "at most 5"},
      {R"({"type":"number","exclusiveMaximum":5})", "4", "5", "", "too large", "less than 5"},
      {R"({"multipleOf":5})", "10", "11", "", "not allowed", "multiple of 5"},
      {R"({"enum":["low","high",3]})", "3", R"("hihg")", "", "'hihg'", "did you mean 'high'?"},
      {R"({"const":1})", "1.0", "2", "", "2 is not allowed", "1"},
      {R"({"minLength":1})", R"("x")", R"("")", "", "empty text", "at least 1 character"},
      {R"({"maxLength":2})", R"("éé")", R"("abc")", "", "too long", "at most 2"},
      {R"({"pattern":"^a+$","description":"only a"})", R"("aaa")", R"("ab")", "", "wrong form",
       "only a"},
      {R"({"format":"duration-go"})", R"("1m30s")", R"("90")", "", "unit is missing",
       "did you mean \"90s\"?"},
      {R"({"required":["a"],"properties":{"a":{"type":"string"}}})", R"({"a":"x"})", "{}", "",
       "'a' is missing", "text"},
      {R"({"properties":{"rate":{},"name":{}},"additionalProperties":false})", R"({"rate":1})",
       R"({"raet":1})", "/raet", "unknown key 'raet'", "one of rate, namedid you mean 'rate'?"},
      {R"({"patternProperties":{"^x-":{"type":"number"}},"additionalProperties":false})",
       R"({"x-a":1})", R"({"x-a":"b"})", "/x-a", "is text", "a number"},
      {R"({"additionalProperties":{"type":"number"}})", R"({"a":1})", R"({"a/b":"c"})", "/a~1b",
       "is text", "a number"},
      {R"({"propertyNames":{"pattern":"^[a-z]+$"}})", R"({"a":1})", R"({"A":1})", "/A", "'A'",
       "pattern"},
      {R"({"minProperties":1})", R"({"a":1})", "{}", "", "too few", "at least 1 key"},
      {R"({"maxProperties":1})", R"({"a":1})", R"({"a":1,"b":2})", "", "too many", "at most 1 key"},
      {R"({"items":{"type":"number"}})", "[1,2]", R"([1,"x"])", "/1", "is text", "a number"},
      {R"({"prefixItems":[{"type":"string"}],"items":false})", R"(["a"])", R"(["a",1])", "/1",
       "too many", "at most 1"},
      {R"({"minItems":1})", "[1]", "[]", "", "the list is empty", "at least 1"},
      {R"({"maxItems":1})", "[1]", "[1,2]", "", "too many", "at most 1"},
      {R"({"uniqueItems":true})", "[1,2]", "[1,2,1.0]", "/2", "twice", "once"},
      {R"({"allOf":[{"minimum":1},{"maximum":3}]})", "2", "4", "", "too large", ""},
      {R"({"anyOf":[{"const":"auto"},{"type":"array","items":{"type":"number"}}]})", R"("auto")",
       R"([1,"x"])", "/1", "is text", "a number"},
      {R"({"oneOf":[{"type":"string"},{"type":"number"}]})", "1", "true", "", "not allowed",
       "text in quotes or a number"},
      {R"({"oneOf":[{"type":"number"},{"minimum":0,"type":"number"}]})", "-1", "1", "",
       "more than one", ""},
      {R"({"not":{"const":3}})", "2", "3", "", "3 is not allowed", ""},
      {R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
       R"({"a":1,"b":1})", R"({"a":1})", "", "'b' is missing", ""},
      {R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
       R"({"c":1})", "{}", "", "'c' is missing", ""},
      {R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"number"}}})", "1", R"("x")", "", "is text",
       "a number"},
      {R"({"properties":{"a":false}})", "{}", R"({"a":1})", "/a", "nothing is allowed", ""},
      {R"({"type":"object"})", "{}", "[]", "", "a list does not belong here", "an object"},
  };
  for (const Case& one : cases) {
    BOOST_TEST_CONTEXT(one.schema << " " << one.bad) {
      BOOST_TEST(check(one.schema, one.good).empty());
      const std::vector<SchemaViolation> found = check(one.schema, one.bad);
      BOOST_REQUIRE(!found.empty());
      BOOST_TEST(found[0].pointer == one.pointer);
      BOOST_TEST(found[0].what.find(one.what) != std::string::npos, found[0].what);
      const std::string hints = found[0].expected + found[0].fix;
      BOOST_TEST(hints.find(one.hint) != std::string::npos, hints);
    }
  }
}

BOOST_AUTO_TEST_CASE(all_violations_are_reported) {
  const auto found = check(
      R"({"required":["z"],"properties":{"a":{"type":"number"},"b":{"minimum":3}},"additionalProperties":false})",
      R"({"a":"x","b":1,"c":2})");
  BOOST_REQUIRE(found.size() == 4u);
  BOOST_TEST(found[3].at_key);
}

BOOST_AUTO_TEST_CASE(hostile_schemas_end) {
  BOOST_TEST(!check(R"({"$ref":"#"})", "1").empty());
  BOOST_TEST(!check(R"({"allOf":[{"$ref":"#"},{"$ref":"#"}]})", "1").empty());
  BOOST_TEST(!check(R"({"$ref":"#/nowhere"})", "1").empty());
  BOOST_TEST(!check(R"({"$ref":"http://example.org/"})", "1").empty());
  BOOST_TEST(!check(R"x({"pattern":"("})x", R"("x")").empty());
  BOOST_TEST(!check(R"({"pattern":"a"})", "\"" + std::string(100000, 'a') + "\"").empty());
  check(
      R"({"type":5,"enum":7,"minimum":"x","required":{"a":1},"properties":[],"items":3,"allOf":{},"minItems":1e300,"maxItems":-1})",
      "[1]");
  check(R"({"minItems":1e300,"minLength":1e300,"minProperties":1e300})", "[]");
  json::value value(json::object{});
  const Result<json::value> loop = parse_json(
      R"({"properties":{"a":{"$ref":"#","default":{}}},"allOf":[{"$ref":"#"},{"$ref":"#"}]})", "s");
  BOOST_REQUIRE(loop);
  apply_defaults(*loop, value);
  BOOST_TEST(value.is_object());
}

BOOST_AUTO_TEST_CASE(defaults_fill_what_is_absent) {
  const Result<json::value> schema = parse_json(
      R"({"properties":{"a":{"default":1},"o":{"default":{},"properties":{"b":{"default":"x"}}},
          "l":{"items":{"properties":{"c":{"default":true}}}},"r":{"$ref":"#/$defs/r"}},
          "$defs":{"r":{"properties":{"d":{"default":[1]}}}}})",
      "schema");
  Result<json::value> value = parse_json(R"({"a":5,"l":[{},{"c":false}],"r":{}})", "value");
  BOOST_REQUIRE(schema);
  BOOST_REQUIRE(value);
  apply_defaults(*schema, *value);
  BOOST_TEST(compact_json(*value) ==
             R"({"a":5,"l":[{"c":true},{"c":false}],"r":{"d":[1]},"o":{"b":"x"}})");
}

BOOST_AUTO_TEST_CASE(the_first_violation_is_placed_in_the_text) {
  const Result<json::value> schema = parse_json(
      R"({"properties":{"load":{"items":{"properties":{"rate":{"type":"number"}},"additionalProperties":false}}}})",
      "s");
  const std::string text = "{\"load\": [\n  {\"raet\": 5}\n]}";
  const Result<json::value> value = parse_json(text, "c.json");
  const Result<void> checked =
      require_schema(*schema, *value, text, "c.json", ExitCode::invalid_config);
  BOOST_REQUIRE(!checked);
  BOOST_TEST(checked.error().line() ==
             "c.json:2:4: /load/0/raet: unknown key 'raet'; expected rate; did you mean 'rate'?");
}

BOOST_AUTO_TEST_SUITE_END()
