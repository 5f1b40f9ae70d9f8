// SPDX-License-Identifier: Apache-2.0
// `ordeal schema campaign` as an editor uses it: Ajv holds campaigns to it.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "e2e/installed.h"
#include "places.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;
namespace fs = std::filesystem;

namespace {

const std::string source = ORDEAL_SOURCE_DIR;

/// A plugin folder outside the tree; its library is never opened here.
std::string out_of_tree(Installed& ordeal) {
  const std::string folder = ordeal.file("acme");
  fs::create_directory(folder);
  fs::permissions(ordeal.folder(), fs::perms(0755));
  fs::permissions(folder, fs::perms(0755));
  spill(folder + "/com.acme.kv.json", R"({
  "manifest_version": 1, "id": "com.acme.kv", "version": "1.0.0", "library": "com.acme.kv.so",
  "abi": {"major": 0, "min_minor": 1},
  "components": [
    {"id": "kv", "kind": "scenario", "defaults": {"keys": {"count": 5}}, "config_schema": {
      "type": "object", "required": ["url", "keys", "table"], "additionalProperties": false,
      "properties": {
        "url": {"type": "string"},
        "table": {"type": "string"},
        "value_size": {"$ref": "#/$defs/size", "x-unit": "bytes"},
        "keys": {"type": "object", "required": ["count"], "properties": {
          "count": {"$ref": "#/$defs/size"}, "order": {"enum": ["up", "down"]}}}
      },
      "$defs": {"size": {"type": "integer", "minimum": 1}}}},
    {"id": "http", "kind": "scenario", "config_schema": {"properties": {"mine": {"const": 1}}}}
  ]
})");
  spill(folder + "/com.acme.kv.so", "not opened");
  for (const char* name : {"/com.acme.kv.json", "/com.acme.kv.so"})
    fs::permissions(folder + name, fs::perms(0644));
  return folder;
}

struct Editor {
  Installed ordeal;
  std::string plugins = out_of_tree(ordeal);

  /// What `ordeal schema campaign ARGS` lets an editor say of each document.
  std::string judge(const std::vector<std::string>& args, const std::vector<std::string>& files) {
    std::vector<std::string> command{"schema", "campaign"};
    command.insert(command.end(), args.begin(), args.end());
    const auto schema = ordeal.run(command);
    BOOST_TEST_REQUIRE(schema.code == 0, schema.err);
    BOOST_TEST(schema.err == "");
    spill(ordeal.file("schema.json"), schema.out);
    std::vector<std::string> ajv{"node", source + "/tests/e2e/campaign_schema.cjs",
                                 source + "/packaging/npm/node_modules/ajv",
                                 ordeal.file("schema.json")};
    ajv.insert(ajv.end(), files.begin(), files.end());
    const auto judged = testing::run(ajv, {}, ordeal.folder());
    BOOST_TEST_REQUIRE(judged.code == 0, judged.err);
    return judged.out;
  }

  /// A campaign with one part replaced, in a file called `name`.
  std::string campaign(const std::string& name, const std::string& load,
                       const std::string& more = "", const std::string& phase = "") {
    const std::string path = ordeal.file(name);
    spill(path, R"({"campaign": "c", "load": [)" + load +
                    R"(], "phases": [{"name": "p", "duration": "1s")" + phase + "}]" + more + "}");
    return path;
  }
};

/// The line about one document.
std::string line_of(const std::string& judged, const std::string& name) {
  const auto at = ("\n" + judged).find("\n" + name + " ");
  return at == std::string::npos ? "(none)" : judged.substr(at, judged.find('\n', at) - at);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(schema, Editor)

BOOST_AUTO_TEST_CASE(every_shipped_campaign_is_valid) {
  std::vector<std::string> files;
  for (const auto& entry :
       fs::directory_iterator(Installed::prefix() + "/share/ordeal/manifests/campaigns"))
    files.push_back(entry.path().string());
  BOOST_TEST(files.size() >= 2u);
  const std::string readme = slurp(source + "/README.md");
  const auto from = readme.find("```json\n") + 8;
  spill(ordeal.file("readme.json"), readme.substr(from, readme.find("```", from) - from));
  files.push_back(ordeal.file("readme.json"));
  const std::string judged = judge({}, files);
  for (const auto& file : files) {
    const std::string name = fs::path(file).filename();
    BOOST_TEST(line_of(judged, name) == name + " valid");
  }
}

BOOST_AUTO_TEST_CASE(options_of_shipped_plugins_are_checked) {
  const std::string http = R"({"scenario": "http"})";
  const std::string good = campaign("good", R"({"scenario": "http", "config": {"headers": {}}})");
  const std::string judged = judge(
      {}, {good, campaign("option", R"({"scenario": "http", "config": {"haeders": {}}})"),
           campaign("value", R"({"scenario": "org.ordeal.http/http", "config": {"headers": 5}})"),
           campaign("name", R"({"scenario": "htpt"})"),
           campaign("collector", http,
                    R"(, "collect": [{"collector": "system", "config": {"path": 1}}])"),
           campaign("rule", http, R"(, "safety": {"rules": [{"rule": "threshold"}]})"),
           campaign("phase", http, "",
                    R"(, "safety": {"rules": [{"rule": "threshold", "config": {"metric": "x"}}]})"),
           campaign("report", http, R"(, "report": [{"report": "html", "config": {"x": 1}}])")});
  BOOST_TEST(line_of(judged, "good") == "good valid");
  const auto says = [&](const char* name, const char* words) {
    BOOST_TEST(contains(line_of(judged, name), words), line_of(judged, name));
  };
  says("option",
       R"(/load/0/config must NOT have additional properties {"additionalProperty":"haeders"})");
  says("value", "/load/0/config/headers must be object");
  says("name", "/load/0/scenario must be equal to one of the allowed values");
  says("collector",
       R"(/collect/0/config must NOT have additional properties {"additionalProperty":"path"})");
  says("rule", R"(/safety/rules/0 must have required property 'config')");
  says("phase", R"(/phases/0/safety/rules/0/config must have required property 'limit')");
  says("report",
       R"(/report/0/config must NOT have additional properties {"additionalProperty":"x"})");
}

BOOST_AUTO_TEST_CASE(options_of_a_plugin_outside_the_tree_are_checked) {
  const std::vector<std::string> files{
      campaign("kv", R"({"scenario": "kv", "config": {"table": "t", "keys": {"order": "up"}}})"),
      campaign("long",
               R"({"scenario": "com.acme.kv/kv", "config": {"table": "t", "value_size": 0}})"),
      campaign("none", R"({"scenario": "kv"})"),
      campaign("first", R"({"scenario": "http", "config": {"mine": 2}})"),
      campaign("second", R"({"scenario": "org.ordeal.http/http", "config": {"mine": 2}})")};
  const std::string judged = judge({"--plugin-dir", plugins}, files);
  // url comes from the target, keys.count from the manifest's defaults.
  BOOST_TEST(line_of(judged, "kv") == "kv valid");
  const auto says = [&](const char* name, const char* words) {
    BOOST_TEST(contains(line_of(judged, name), words), line_of(judged, name));
  };
  says("long", "/load/0/config/value_size must be >= 1");
  says("none", "/load/0 must have required property 'config'");
  // The plugin that is searched first goes by the short name.
  says("first", "/load/0/config/mine must be equal to constant");
  says("second", R"(must NOT have additional properties {"additionalProperty":"mine"})");
  const std::string without = judge({}, files);
  BOOST_TEST(contains(line_of(without, "kv"), "/load/0/scenario must be equal to one of"));
}

BOOST_AUTO_TEST_CASE(a_refused_plugin_is_named) {
  spill(plugins + "/com.acme.kv.json", "{}");
  const auto schema = ordeal.run({"schema", "campaign", "--plugin-dir", plugins});
  BOOST_TEST(schema.code == 0);
  BOOST_TEST(contains(schema.err, "left out: " + plugins + "/com.acme.kv.json"), schema.err);
}

BOOST_AUTO_TEST_SUITE_END()
