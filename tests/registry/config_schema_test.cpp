// SPDX-License-Identifier: Apache-2.0
// A config_schema says only what ordeal applies: everything else is refused, with its place.
#include "registry/config_schema.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "places.h"
#include "registry/registry.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;
namespace json = boost::json;

namespace {

struct Fixture : TemporaryFolder {
  /// The problems of a plugin whose only component has this schema.
  std::string refusal(const std::string& schema, const std::string& more = "") {
    write("org.example.kv.json", manifest_text("org.example.kv", "scenario", "kv", "",
                                               ",\n  \"config_schema\": " + schema + more));
    write("org.example.kv.so", "not opened");
    const Registry registry = Registry::scan({{path(), path(), Trust::owner, "test"}},
                                             ORDEAL_SOURCE_DIR "/manifests/schemas");
    if (registry.problems().empty()) return "";
    BOOST_TEST((registry.problems()[0].error.code == ExitCode::plugin_rejected));
    return registry.problems()[0].error.line();
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(config_schema, Fixture)

BOOST_AUTO_TEST_CASE(an_unknown_keyword_is_refused_with_its_place) {
  const std::string line = refusal(
      "{\"type\": \"object\",\n   \"properties\": {\"rate\": {\"type\": \"integer\", \"minimun\": "
      "1}}}");
  BOOST_TEST(has(line, "org.example.kv.json:9:47: "), line);
  BOOST_TEST(has(line, "/components/0/config_schema/properties/rate/minimun"), line);
  BOOST_TEST(has(line, "unknown key 'minimun'"), line);
  BOOST_TEST(has(line, "did you mean 'minimum'?"), line);
}

BOOST_AUTO_TEST_CASE(what_is_not_applied_is_refused) {
  struct Case {
    const char* schema;
    const char* words;
  };
  const Case cases[] = {
      {R"({"dependentRequired": {"a": ["b"]}})", "unknown key 'dependentRequired'"},
      {R"({"contains": {"const": 1}})", "unknown key 'contains'"},
      {R"({"unevaluatedProperties": false})", "unknown key 'unevaluatedProperties'"},
      {R"({"$dynamicRef": "#a"})", "unknown key '$dynamicRef'"},
      {R"({"$id": "https://example.org/s"})", "unknown key '$id'"},
      {R"({"properties": {"a": {"format": "uri"}}})", "'uri' is not allowed"},
      {R"({"type": "int"})", "'int' is not allowed"},
      {R"({"type": ["string", "text"]})", "'text' is not allowed"},
      {R"({"required": true})", "true is true or false"},
      {R"({"minLength": -1})", "-1 is too small"},
      {R"({"multipleOf": 0})", "0 is too small"},
      {R"({"enum": []})", "the list is empty"},
      {R"({"items": [{"type": "string"}]})", "a list does not belong here"},
      {R"({"then": {"required": ["a"]}})", "'then' without 'if' is never applied"},
      {R"({"anyOf": []})", "the list is empty"},
      {R"({"$ref": "other.json#/a"})", "has the wrong form"},
      {R"({"$ref": "#/$defs/gone"})", "'#/$defs/gone' refers to no schema"},
      {R"({"$ref": "#"})", "the reference comes back to itself"},
      {R"({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})",
       "the reference comes back to itself"},
      {R"x({"properties": {"a": {"pattern": "(a"}}})x", "the pattern '(a' cannot be used"},
      {R"x({"patternProperties": {"(?<=x)a": true}})x", "the pattern '(?<=x)a' cannot be used"},
      {R"x({"not": {"items": {"pattern": "(a)\\1"}}})x", "cannot be used"},
      {R"({"properties": {"a": {"type": "integer", "default": "1"}}})",
       "the default breaks its own schema: '1' is text"},
      {R"({"properties": {"a": {"$ref": "#/$defs/n", "default": -1}}, "$defs": {"n": {"minimum": 0}}})",
       "the default breaks its own schema: -1 is too small"},
      {R"("object")", "does not belong here"},
      {R"(true)", "does not belong here"},
  };
  for (const Case& one : cases) {
    const std::string line = refusal(one.schema);
    BOOST_TEST_CONTEXT(one.schema << ": " << line) {
      BOOST_TEST(
          has(line, std::string(one.words) == "does not belong here" ? "object" : one.words));
      BOOST_TEST(has(line, ": /components/0/config_schema"));
    }
  }
}

BOOST_AUTO_TEST_CASE(annotations_and_every_keyword_pass) {
  BOOST_TEST(refusal(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "t", "description": "d",
    "$comment": "c", "x-acme": {"anything": [1]}, "type": ["object", "null"],
    "required": ["a"], "minProperties": 1, "maxProperties": 9, "additionalProperties": false,
    "patternProperties": {"^x-[^é]": true}, "propertyNames": {"maxLength": 9},
    "properties": {
      "a": {"type": "number", "minimum": 0, "exclusiveMinimum": -1, "maximum": 9,
            "exclusiveMaximum": 10, "multipleOf": 0.5, "x-unit": "seconds", "examples": [1],
            "default": 2, "deprecated": false},
      "b": {"type": "string", "minLength": 0, "maxLength": 9, "pattern": "^(?=a)[a-zé]+$"},
      "c": {"type": "array", "items": {"$ref": "#/$defs/d"}, "prefixItems": [true], "minItems": 0,
            "maxItems": 9, "uniqueItems": true},
      "d": {"format": "duration-go", "default": "1m30s"}, "e": {"enum": ["a", 1, null]},
      "f": {"const": {"deep": true}}, "g": {"oneOf": [{"type": "string"}, {"not": true}]},
      "h": {"anyOf": [true], "allOf": [false]}
    },
    "if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": false,
    "$defs": {"d": {"type": "object", "properties": {"again": {"$ref": "#/$defs/d"}}}}})") == "");
}

BOOST_AUTO_TEST_CASE(the_page_for_authors_lists_these_keywords) {
  const auto page = read_file(ORDEAL_SOURCE_DIR "/sdk/docs/config-schema.md", ExitCode::internal);
  const auto text =
      read_file(ORDEAL_SOURCE_DIR "/manifests/schemas/plugin-manifest.json", ExitCode::internal);
  BOOST_REQUIRE(page);
  BOOST_REQUIRE(text);
  const Result<json::value> schema = parse_json(*text, "");
  BOOST_REQUIRE(schema);
  const auto table = page->substr(page->find("| about |"), page->find("- `format`"));
  std::size_t keywords = 0;
  for (const auto& one : at_pointer(*schema, "/$defs/config_schema/properties")->get_object()) {
    ++keywords;
    BOOST_TEST(has(table, "`" + std::string(one.key()) + "`"), one.key());
  }
  BOOST_TEST(keywords > 40u);
  const auto start = page->find("```json config-schema\n") + 22;
  BOOST_TEST(refusal(page->substr(start, page->find("```", start) - start)) == "");
}

BOOST_AUTO_TEST_CASE(shipped_plugins_pass) {
  const std::string folder = ORDEAL_SOURCE_DIR "/manifests/plugins";
  const Registry registry = Registry::scan({{folder, ORDEAL_BUILT_PLUGINS, Trust::owner, "test"}},
                                           ORDEAL_SOURCE_DIR "/manifests/schemas");
  // Where they are built the libraries are there as well; here only the schemas count.
  for (const auto& problem : registry.problems())
    BOOST_TEST(!has(problem.error.line(), "config_schema"), problem.error.line());
  BOOST_TEST(registry.plugins().size() + registry.problems().size() >= 7u);
}

BOOST_AUTO_TEST_SUITE_END()
