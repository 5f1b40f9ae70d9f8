// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "base/json.h"
#include "cli/plugin_doctor.h"
#include "cli/plugin_info.h"
#include "cli/plugin_list.h"
#include "cli/schema_command.h"
#include "places.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

struct Fixture : TemporaryFolder {
  Fixture() {
    write(
        "org.example.http.json",
        manifest_text(
            "org.example.http", "scenario", "http", R"(, "license": "MIT")",
            R"(, "title": "HTTP/1.1", "defaults": {"keep": false}, "config_schema": {"required": ["url"], "properties": {
                            "url": {"type": "string", "description": "Where to."}, "keep": {"type": "boolean", "default": true}}})"));
    write("org.example.http.so", "not opened");
    write("org.example.old.json", manifest_text("org.example.old", "rule", "old", "", "",
                                                R"({"major": 8, "min_minor": 0})"));
    write("org.example.old.so", "not opened");
    registry = Registry::scan({{path(), path(), Trust::owner, "test"}},
                              ORDEAL_SOURCE_DIR "/manifests/schemas");
  }
  [[nodiscard]] bool has(const std::string& words) const {
    return out.str().find(words) != std::string::npos;
  }

  Registry registry;
  std::ostringstream out;
  std::ostringstream err;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(listing, Fixture)

BOOST_AUTO_TEST_CASE(the_list_shows_plugins_and_problems) {
  BOOST_TEST(plugin_list(registry, false, out) == 0);
  BOOST_TEST(
      has("org.example.http  1.0.0    scenario http  test    " + path() + "/org.example.http.so\n"),
      out.str());
  BOOST_TEST(has("\nrefused: " + path() + "/org.example.old.json:5:"), out.str());
  BOOST_TEST(has("ABI 8.0"));
}

BOOST_AUTO_TEST_CASE(the_list_is_json_too) {
  BOOST_TEST(plugin_list(registry, true, out) == 0);
  const Result<boost::json::value> parsed = parse_json(out.str(), "out");
  BOOST_REQUIRE(parsed);
  BOOST_TEST(at_pointer(*parsed, "/plugins/0/id")->as_string() == "org.example.http");
  BOOST_TEST(at_pointer(*parsed, "/problems/0/id")->as_string() == "org.example.old");
}

BOOST_AUTO_TEST_CASE(info_shows_options) {
  BOOST_TEST(plugin_info(registry, "org.example.http", false, out, err) == 0);
  BOOST_TEST(has("scenario http: HTTP/1.1\n  url  (text in quotes)  required\n      Where to.\n  "
                 "keep  (true or false)  default false\n"),
             out.str());
  BOOST_TEST(has("license      MIT\n"), out.str());
  out.str("");
  BOOST_TEST(plugin_info(registry, "org.example.http", true, out, err) == 0);
  BOOST_TEST(bool(parse_json(out.str(), "out")));
}

BOOST_AUTO_TEST_CASE(info_of_an_unknown_or_refused_plugin_is_one_line) {
  BOOST_TEST(plugin_info(registry, "org.example.htpt", false, out, err) == 113);
  BOOST_TEST(err.str() ==
             "no usable plugin 'org.example.htpt'; expected one of org.example.http; did you mean "
             "'org.example.http'?\n");
  err.str("");
  BOOST_TEST(plugin_info(registry, "org.example.old", false, out, err) == 113);
  BOOST_TEST(err.str().find("it was refused: ") != std::string::npos);
  BOOST_TEST(out.str().empty());
}

BOOST_AUTO_TEST_CASE(nothing_of_a_manifest_steers_the_terminal) {
  const std::string odd = R"(\u001b[2J\u009b1m\nrefused: \r\u007f)";
  const auto keyed = [&](const std::string& key) { return "\"" + key + "\": \"" + odd + "\""; };
  write("org.example.odd.json",
        manifest_text("org.example.odd", "rule", "odd",
                      ", " + keyed("name") + ", " + keyed("description") + ", " + keyed("license") +
                          ", " + keyed("homepage"),
                      ", " + keyed("title") + R"(, "config_schema": {"properties": {"a)" + odd +
                          R"(": {"type": "string", )" + keyed("description") + ", " +
                          keyed("default") + ", " + keyed("x-unit") + R"(, "enum": [")" + odd +
                          R"("]}}})"));
  write("org.example.odd.so", "not opened");
  write("a\x1b[2J\n.json", "{");
  write("b.json", R"({"id": ")" + odd + R"("})");
  registry = Registry::scan({{path(), path(), Trust::owner, "test"}},
                            ORDEAL_SOURCE_DIR "/manifests/schemas");
  BOOST_TEST(plugin_info(registry, "org.example.odd", false, out, err) == 0, err.str());
  BOOST_TEST(plugin_list(registry, false, out) == 0);
  const Diagnosis diagnosis =
      examine({{path(), path(), Trust::owner, "test"}}, ORDEAL_SOURCE_DIR "/manifests/schemas");
  BOOST_TEST(plugin_doctor(diagnosis, false, out) == 113);
  for (const char c : out.str())
    BOOST_REQUIRE((c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)));
  BOOST_TEST(!has("\xc2\x9b"));
  BOOST_TEST(!has("1m\n"));
  BOOST_TEST(has("description   [2J"), out.str());
}

BOOST_AUTO_TEST_CASE(schemas_are_listed_and_printed) {
  BOOST_TEST(schema_command("", registry, out, err) == 0);
  BOOST_TEST(has("ordeal campaign, version 1"), out.str());
  out.str("");
  BOOST_TEST(schema_command("plugin-manifest", registry, out, err) == 0);
  BOOST_TEST(bool(parse_json(out.str(), "out")));
  BOOST_TEST(schema_command("campain", registry, out, err) == 2);
  BOOST_TEST(err.str().find("did you mean 'campaign'?") != std::string::npos, err.str());
  BOOST_TEST(schema_command("../campaigns/quick", registry, out, err) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
