// SPDX-License-Identifier: Apache-2.0
#include "registry/component_config.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "base/json.h"

using namespace ordeal;

namespace {

ComponentInfo http_component() {
  ComponentInfo component;
  component.id = "http";
  component.kind = "scenario";
  component.config_schema =
      R"({"type":"object","additionalProperties":false,"required":["url"],"properties":{
          "url":{"type":"string"},"method":{"enum":["GET","POST"],"default":"GET"},"keep":{"type":"boolean","default":true},
          "headers":{"type":"object","additionalProperties":{"type":"string"}}}})";
  component.defaults = R"({"keep":false,"headers":{"User-Agent":"ordeal"}})";
  return component;
}

Result<std::string> merge(const std::string& text) {
  const Result<boost::json::value> user = parse_json(text, "c.json");
  BOOST_REQUIRE(user);
  return merge_component_config(
      http_component(), &*user, "", [&](const std::string& pointer, bool key) {
        const JsonPosition position = locate_json(text, pointer, key);
        return Location{"c.json", position.line, position.column, pointer};
      });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(component_config)

BOOST_AUTO_TEST_CASE(users_keys_go_before_defaults_of_manifest_and_schema) {
  BOOST_TEST(*merge(R"({"url":"u"})") ==
             R"({"keep":false,"headers":{"User-Agent":"ordeal"},"url":"u","method":"GET"})");
  BOOST_TEST(
      *merge(R"({"url":"u","keep":true,"headers":{"X":"y","User-Agent":"z"},"method":"POST"})") ==
      R"({"keep":true,"headers":{"User-Agent":"z","X":"y"},"url":"u","method":"POST"})");
}

BOOST_AUTO_TEST_CASE(errors_say_where_and_what_instead) {
  BOOST_TEST(merge("{\"url\": \"u\",\n  \"metod\": \"GET\"}").error().line() ==
             "c.json:2:3: /metod: config of scenario 'http': unknown key 'metod'; expected one of "
             "url, method, "
             "keep, headers; did you mean 'method'?");
  BOOST_TEST(merge("{\"url\": 5}").error().line() ==
             "c.json:1:9: /url: config of scenario 'http': 5 is a number; expected text in quotes");
  BOOST_TEST((merge("{}").error().code == ExitCode::invalid_config));
  BOOST_TEST(merge("[]").error().what == "a list does not belong here");
}

BOOST_AUTO_TEST_CASE(a_component_without_schema_takes_anything) {
  ComponentInfo open;
  open.id = "o";
  open.kind = "rule";
  const auto nowhere = [](const std::string&, bool) { return Location{}; };
  BOOST_TEST(*merge_component_config(open, nullptr, "", nowhere) == "{}");
  open.config_schema = "{broken";
  BOOST_TEST((merge_component_config(open, nullptr, "", nowhere).error().code ==
              ExitCode::plugin_rejected));
}

BOOST_AUTO_TEST_SUITE_END()
