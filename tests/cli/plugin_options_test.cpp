// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_options.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "base/json.h"

using namespace ordeal;

namespace {

std::string printed(const std::string& schema, const std::string& defaults = "{}") {
  ComponentInfo component;
  component.config_schema = schema;
  component.defaults = defaults;
  std::ostringstream out;
  print_options(ordeal::plugin_options(component), out);
  return out.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_options)

BOOST_AUTO_TEST_CASE(types_units_ranges_and_defaults) {
  BOOST_TEST(printed(R"({"required": ["a", "b"], "properties": {
               "a": {"type": "integer", "minimum": 1, "maximum": 9, "x-unit": "bytes"},
               "b": {"type": "string", "minLength": 1, "maxLength": 8, "pattern": "^x"},
               "c": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5, "default": 2.5},
               "d": {"format": "duration-go", "description": "How long."},
               "e": {"enum": ["low", "high"], "default": "low"},
               "f": {"const": true}, "g": true}})",
                     R"({"b": "xy", "e": "high"})") ==
             "  a  (a whole number of at least 1 and at most 9, in bytes)  required\n"
             "  b  (text in quotes, 1 to 8 characters, pattern ^x)  default \"xy\"\n"
             "  c  (a number of more than 0, a multiple of 0.5)  default 2.5\n"
             "  d  (a duration such as \"1m30s\")\n      How long.\n"
             "  e  (one of low, high)  default \"high\"\n"
             "  f  (true)\n"
             "  g  (anything)\n");
}

BOOST_AUTO_TEST_CASE(objects_lists_and_references_are_opened) {
  BOOST_TEST(printed(R"({"properties": {
               "o": {"type": "object", "required": ["i"], "properties": {
                 "i": {"$ref": "#/$defs/n", "description": "Near."}, "j": {"$ref": "#/$defs/n"}},
                 "additionalProperties": {"type": "string"}},
               "l": {"type": "array", "maxItems": 3, "items": {"properties": {"k": {"type": "null"}}}},
               "m": {"type": "array", "uniqueItems": true, "items": {"type": "string"}},
               "p": {"patternProperties": {"^a": {"type": "boolean"}}}},
               "$defs": {"n": {"type": "integer", "description": "Far."}}})",
                     R"({"o": {"j": 4}})") ==
             "  o  (an object {...})  default {\"j\":4}\n"
             "  o.i  (a whole number)  required\n      Near.\n"
             "  o.j  (a whole number)  default 4\n      Far.\n"
             "  o.*  (text in quotes)\n"
             "  l  (a list [...], at most 3 entries)\n"
             "  l[].k  (null)\n"
             "  m  (a list [...] of text in quotes, each once)\n"
             "  p\n"
             "  p./^a/  (true or false)\n");
}

BOOST_AUTO_TEST_CASE(alternatives) {
  BOOST_TEST(printed(R"({"properties": {"a": {"oneOf": [{"type": "string"}, {"type": "number"}]}},
               "allOf": [{"properties": {"b": {"type": "boolean"}}}],
               "oneOf": [{"properties": {"c": {"type": "string"}, "a": {"const": 1}}},
                         {"required": ["d"], "properties": {"d": {"type": "string"}}}]})") ==
             "  a  (text in quotes or a number)\n"
             "  b  (true or false)\n"
             "  c  (text in quotes)  in some cases\n"
             "  d  (text in quotes)  required  in some cases\n");
  BOOST_TEST(printed("{}") == "  no options\n");
}

BOOST_AUTO_TEST_CASE(schemas_that_refer_to_themselves_end) {
  BOOST_TEST(printed(R"({"$ref": "#"})") == "  no options\n");
  const std::string tree = printed(
      R"({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "l": {"items": {"$ref": "#"}}}})");
  BOOST_TEST(tree.size() < 100'000u);
  BOOST_TEST(tree.find("left.right.left") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(as_json) {
  ComponentInfo component;
  component.config_schema =
      R"({"required": ["a"], "properties": {"a": {"type": "integer", "x-unit": "ms"}}})";
  BOOST_TEST(compact_json(options_json(ordeal::plugin_options(component))) ==
             R"([{"path":"a","type":"a whole number","unit":"ms","default":null,"required":true,)"
             R"("in_some_cases":false,"description":""}])");
}

BOOST_AUTO_TEST_SUITE_END()
