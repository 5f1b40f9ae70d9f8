// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.h"

#include <ordeal/abi/entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <random>

#include "places.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

const std::string schemas = ORDEAL_SOURCE_DIR "/manifests/schemas";

struct Plugins : TemporaryFolder {
  /// One manifest with its library file in sub-folder `place`.
  void add(const std::string& place, const std::string& id, const std::string& text,
           bool library = true) const {
    write(place + "/" + id + ".json", text);
    if (library) write(place + "/" + id + ".so", "not opened");
  }
  [[nodiscard]] PluginPlace place(const std::string& name, Trust trust = Trust::owner) const {
    return {path() + "/" + name, path() + "/" + name, trust, name};
  }
  [[nodiscard]] Registry scan(const std::string& name = "a", Trust trust = Trust::owner) const {
    return Registry::scan({place(name, trust)}, schemas);
  }
};

std::string all_problems(const Registry& registry) {
  std::string text;
  for (const PluginProblem& one : registry.problems()) text += one.error.line() + "\n";
  return text;
}

struct Bad {
  const char* name;
  std::string text;
  std::uint32_t line;
  std::uint32_t column;
  const char* pointer;
  const char* words;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(a_good_manifest_is_read_whole) {
  const Plugins plugins;
  plugins.add(
      "a", "org.example.http",
      manifest_text(
          "org.example.http", "scenario", "http",
          R"(, "name": "HTTP", "description": "d", "license": "MIT", "homepage": "h", "platform": "linux",
  "requires": {"host_extensions": ["ordeal.host.reactor/1"], "privileges": ["network"]},
  "isolation": {"allowed": ["own", "shared"], "default": "shared"}, "x-mine": 3)",
          R"(, "title": "HTTP/1.1", "config_schema": {"type": "object"}, "defaults": {"a": 1},
      "codes": {"7": "seven", "-1": "minus one"})"));
  const Registry registry = plugins.scan();
  BOOST_TEST(registry.problems().empty(), all_problems(registry));
  BOOST_REQUIRE(registry.plugins().size() == 1u);
  const PluginInfo& plugin = registry.plugins()[0];
  BOOST_TEST(plugin.id == "org.example.http");
  BOOST_TEST(plugin.version == "1.0.0");
  BOOST_TEST(plugin.name == "HTTP");
  BOOST_TEST(plugin.license == "MIT");
  BOOST_TEST(plugin.library_path == plugins.path() + "/a/org.example.http.so");
  BOOST_TEST(plugin.isolation_default == "shared");
  BOOST_TEST(plugin.privileges.size() == 1u);
  BOOST_TEST(!plugin.shipped);
  BOOST_REQUIRE(plugin.components.size() == 1u);
  BOOST_TEST(plugin.components[0].title == "HTTP/1.1");
  BOOST_TEST(plugin.components[0].config_schema == R"({"type":"object"})");
  BOOST_TEST(plugin.components[0].defaults == R"({"a":1})");
  BOOST_TEST(plugin.components[0].codes == R"({"7":"seven","-1":"minus one"})");
  BOOST_TEST(bool(registry.find("scenario", "http")));
  BOOST_TEST(bool(registry.find("scenario", "org.example.http/http")));
}

BOOST_AUTO_TEST_CASE(bad_manifests_are_refused_at_the_right_place) {
  const std::string good = manifest_text("org.example.p", "rule", "r");
  const Bad cases[] = {
      {"not json", "{\"id\": }", 1, 8, "/id", "unexpected '}'"},
      {"list", "[]", 1, 1, "", "a list does not belong here"},
      {"unknown key", replaced(good, "\"version\"", "\"vershon\": 1, \"version\""), 4, 3,
       "/vershon", "unknown key 'vershon'; expected one of"},
      {"nearest", replaced(good, "\"version\"", "\"vershon\": 1, \"version\""), 4, 3, "/vershon",
       "did you mean 'version'?"},
      {"duplicate key", replaced(good, "\"version\"", "\"id\": 1, \"version\""), 4, 3, "/id",
       "given twice"},
      {"format version", replaced(good, "\"manifest_version\": 1", "\"manifest_version\": 2"), 2,
       23, "/manifest_version", "2 is not allowed; expected 1"},
      {"bad id", replaced(good, "org.example.p\",\n  \"ver", "Org Example\",\n  \"ver"), 3, 9,
       "/id", "'Org Example' has the wrong form"},
      {"bad version", replaced(good, "1.0.0", "1.0"), 4, 14, "/version",
       "'1.0' has the wrong form"},
      {"kind", replaced(good, "\"kind\": \"rule\"", "\"kind\": \"rules\""), 7, 38,
       "/components/0/kind", "did you mean 'rule'?"},
      {"no code",
       replaced(good, "\"kind\": \"rule\"", "\"codes\": {\"x\": \"y\"}, \"kind\": \"rule\""), 7, 40,
       "/components/0/codes/x", "unknown key 'x'"},
      {"no library", replaced(good, "org.example.p.so", "gone.so"), 6, 14, "/library",
       "gone.so: No such file"},
      {"library path", replaced(good, "org.example.p.so", "../x/p.so"), 6, 14, "/library",
       "not a plain file name"},
      {"library folder", replaced(good, "org.example.p.so", "folder"), 6, 14, "/library",
       "not a regular file"},
      {"platform", replaced(good, "\"library\"", "\"platform\": \"linux-vax\", \"library\""), 6, 15,
       "/platform", "'linux-vax'; expected linux or linux-"},
      {"host service",
       replaced(good, "\"library\"",
                "\"requires\": {\"host_extensions\": [\"ordeal.host.reacto/1\"]}, \"library\""),
       6, 36, "/requires/host_extensions/0", "did you mean 'ordeal.host.reactor/1'?"},
      {"privilege",
       replaced(good, "\"library\"", "\"requires\": {\"privileges\": [\"netwerk\"]}, \"library\""),
       6, 31, "/requires/privileges/0", "did you mean 'network'?"},
      {"service without its privilege",
       replaced(good, "\"library\"",
                "\"requires\": {\"host_extensions\": [\"ordeal.host.process/1\"]}, \"library\""),
       6, 35, "/requires/host_extensions", "add \"process\" to requires.privileges"},
      {"isolation",
       replaced(good, "\"library\"",
                "\"isolation\": {\"allowed\": [\"own\"], \"default\": \"shared\"}, \"library\""),
       6, 48, "/isolation/default", "not allowed by the manifest"},
      {"same component twice",
       replaced(good, "\"components\": [",
                "\"components\": [{\"id\": \"r\", \"kind\": \"report\"}, "),
       7, 56, "/components/1/id", "used twice"},
      {"documents for a rule",
       replaced(good, "\"kind\": \"rule\"", "\"kind\": \"rule\", \"wants\": [\"histograms\"]"), 7,
       46, "/components/0/wants", "only on a report"},
      {"wrong default",
       replaced(good, "\"kind\": \"rule\"",
                "\"kind\": \"rule\", \"config_schema\": {\"required\": [\"b\"], \"properties\": "
                "{\"a\": {\"type\": \"number\"}}}, \"defaults\": "
                "{\"a\": \"x\"}"),
       7, 143, "/components/0/defaults/a", "breaks the plugin's own config_schema: 'x' is text"},
      {"missing plugin",
       replaced(good, "\"library\"",
                "\"requires\": {\"plugins\": [\"org.example.q\"]}, \"library\""),
       0, 0, "/requires/plugins", "requires the plugin 'org.example.q'"},
  };
  for (const Bad& one : cases) {
    BOOST_TEST_CONTEXT(one.name) {
      const Plugins plugins;
      plugins.add("a", "org.example.p", one.text);
      std::filesystem::create_directory(plugins.path() + "/a/folder");
      const Registry registry = plugins.scan();
      BOOST_TEST(registry.plugins().empty());
      BOOST_REQUIRE(!registry.problems().empty());
      const Error& error = registry.problems()[0].error;
      BOOST_TEST((error.code == ExitCode::plugin_rejected));
      BOOST_TEST(error.where.file == plugins.path() + "/a/org.example.p.json");
      BOOST_TEST(error.where.line == one.line, error.line());
      BOOST_TEST(error.where.column == one.column, error.line());
      BOOST_TEST(error.where.pointer == one.pointer);
      BOOST_TEST(error.line().find(one.words) != std::string::npos, error.line());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_abi_names_both_numbers) {
  const std::string mine =
      std::to_string(ORDEAL_ABI_MAJOR) + "." + std::to_string(ORDEAL_ABI_MINOR);
  for (const auto& [abi, its] : {std::pair(R"({"major": 7, "min_minor": 3})", "7.3"),
                                 {R"({"major": 0, "min_minor": 99})", "0.99"}}) {
    const Plugins plugins;
    plugins.add("a", "org.example.p", manifest_text("org.example.p", "rule", "r", "", "", abi));
    const Registry registry = plugins.scan();
    BOOST_TEST(registry.plugins().empty());
    BOOST_REQUIRE(registry.problems().size() == 1u);
    const std::string line = registry.problems()[0].error.line();
    BOOST_TEST(line.find("ABI " + std::string(its) + ",") != std::string::npos, line);
    BOOST_TEST(line.find("offers " + mine) != std::string::npos, line);
    BOOST_TEST(registry.find("rule", "r").error().line().find("ABI " + std::string(its)) !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(all_failures_of_a_manifest_are_reported_together) {
  const Plugins plugins;
  plugins.add("a", "org.example.p",
              manifest_text("org.example.p", "rule", "r", R"(, "platform": "linux-vax")", "",
                            R"({"major": 9, "min_minor": 0})"),
              false);
  const std::string text = all_problems(plugins.scan());
  for (const char* words : {"ABI 9.0", "linux-vax", "No such file"}) {
    BOOST_TEST(text.find(words) != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(too_large_a_manifest_is_refused) {
  const Plugins plugins;
  plugins.add("a", "org.example.p",
              manifest_text("org.example.p", "rule", "r") + std::string(300 * 1024, ' '));
  BOOST_TEST(plugins.scan().plugins().empty());
  BOOST_TEST(plugins.scan().problems().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_first_place_wins_and_the_rest_is_hidden) {
  const Plugins plugins;
  plugins.add("a", "org.example.p", manifest_text("org.example.p", "rule", "r"));
  plugins.add("b", "org.example.p", manifest_text("org.example.p", "rule", "r"));
  const Registry registry = Registry::scan({plugins.place("a"), plugins.place("b")}, schemas);
  BOOST_REQUIRE(registry.plugins().size() == 1u);
  BOOST_TEST(registry.plugins()[0].origin == "a");
  BOOST_REQUIRE(registry.problems().size() == 1u);
  BOOST_TEST(registry.problems()[0].shadowed);
  BOOST_TEST(registry.problems()[0].error.line().find("/a/org.example.p.json") !=
             std::string::npos);
  BOOST_TEST(registry.problems()[0].manifest_path.find("/b/") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_refused_manifest_hides_too) {
  const Plugins plugins;
  plugins.add(
      "a", "org.example.p",
      manifest_text("org.example.p", "rule", "r", "", "", R"({"major": 5, "min_minor": 0})"));
  plugins.add("b", "org.example.p", manifest_text("org.example.p", "rule", "r"));
  const Registry registry = Registry::scan({plugins.place("a"), plugins.place("b")}, schemas);
  BOOST_TEST(registry.plugins().empty());
  BOOST_REQUIRE(registry.problems().size() == 2u);
  BOOST_TEST(!registry.problems()[0].shadowed);
  BOOST_TEST(registry.problems()[1].shadowed);
}

BOOST_AUTO_TEST_CASE(what_cannot_even_be_read_hides_by_its_name) {
  const Plugins plugins;
  plugins.add("a", "org.example.p", "{broken");
  plugins.add("b", "org.example.p", manifest_text("org.example.p", "rule", "r"));
  const Registry registry = Registry::scan({plugins.place("a"), plugins.place("b")}, schemas);
  BOOST_TEST(registry.plugins().empty());
  BOOST_REQUIRE(registry.problems().size() == 2u);
  BOOST_TEST(registry.problems()[1].shadowed);
  const std::string line = registry.find("rule", "r").error().line();
  BOOST_TEST(line.find("it was refused: " + plugins.path() + "/a/org.example.p.json:1:2") !=
                 std::string::npos,
             line);
}

BOOST_AUTO_TEST_CASE(the_same_id_twice_in_a_folder_is_an_error_of_both) {
  const Plugins plugins;
  plugins.add("a", "org.example.p", manifest_text("org.example.p", "rule", "r"));
  plugins.write("a/other.json", manifest_text("org.example.p", "rule", "r"));
  const Registry registry = plugins.scan();
  BOOST_TEST(registry.plugins().empty());
  BOOST_REQUIRE(registry.problems().size() == 2u);
  for (const PluginProblem& problem : registry.problems()) {
    BOOST_TEST(!problem.shadowed);
    const std::string line = problem.error.line();
    BOOST_TEST(line.find("/a/org.example.p.json") != std::string::npos, line);
    BOOST_TEST(line.find("/a/other.json") != std::string::npos, line);
    BOOST_TEST(line.find("given twice") != std::string::npos, line);
  }
}

BOOST_AUTO_TEST_CASE(required_plugins_are_followed) {
  const Plugins plugins;
  plugins.add("a", "org.example.p",
              manifest_text("org.example.p", "rule", "p",
                            R"(, "requires": {"plugins": ["org.example.q"]})"));
  plugins.add("a", "org.example.q",
              manifest_text("org.example.q", "rule", "q",
                            R"(, "requires": {"plugins": ["org.example.z"]})"));
  BOOST_TEST(plugins.scan().plugins().empty());
  plugins.add("a", "org.example.z", manifest_text("org.example.z", "rule", "z"));
  BOOST_TEST(plugins.scan().plugins().size() == 3u);
}

BOOST_AUTO_TEST_CASE(hash_trust_needs_a_hash) {
  const Plugins plugins;
  plugins.add("a", "org.example.p", manifest_text("org.example.p", "rule", "r"));
  const Registry without = plugins.scan("a", Trust::hash);
  BOOST_TEST(without.plugins().empty());
  BOOST_REQUIRE(without.problems().size() == 1u);
  BOOST_TEST(without.problems()[0].error.line().find("integrity.sha256") != std::string::npos);
  const std::string hash(64, 'A');
  plugins.add(
      "a", "org.example.p",
      manifest_text("org.example.p", "rule", "r", R"(, "integrity": {"sha256": ")" + hash + "\"}"));
  const Registry with = plugins.scan("a", Trust::hash);
  BOOST_REQUIRE_MESSAGE(with.plugins().size() == 1u, all_problems(with));
  BOOST_TEST(with.plugins()[0].sha256 == std::string(64, 'a'));
}

BOOST_AUTO_TEST_CASE(what_others_may_write_is_not_trusted) {
  const Plugins plugins;
  plugins.add("a", "org.example.p", manifest_text("org.example.p", "rule", "r"));
  BOOST_REQUIRE(plugins.scan().plugins().size() == 1u);
  const std::string folder = plugins.path() + "/a";
  for (const auto& [path, mode, back] :
       {std::tuple<std::string, mode_t, mode_t>(folder + "/org.example.p.so", 0664, 0644),
        {folder + "/org.example.p.json", 0646, 0644},
        {folder, 0777, 0755},
        {plugins.path(), 0775, 0755}}) {
    BOOST_TEST_CONTEXT(path) {
      BOOST_REQUIRE(chmod(path.c_str(), mode) == 0);
      const Registry registry = plugins.scan();
      BOOST_TEST(registry.plugins().empty());
      BOOST_REQUIRE(registry.problems().size() == 1u);
      const Error& error = registry.problems()[0].error;
      BOOST_TEST(error.where.file == path);
      BOOST_TEST(error.what.find("others may write") != std::string::npos);
      BOOST_TEST(error.fix.find("chmod go-w " + path) != std::string::npos);
      BOOST_REQUIRE(chmod(path.c_str(), back) == 0);
    }
  }
  // A link is as good as what it leads to.
  std::filesystem::create_directory(plugins.path() + "/open");
  plugins.write("open/p.so", "x");
  BOOST_REQUIRE(chmod((plugins.path() + "/open").c_str(), 0777) == 0);
  std::filesystem::remove(folder + "/org.example.p.so");
  std::filesystem::create_symlink(plugins.path() + "/open/p.so", folder + "/org.example.p.so");
  const Registry linked = plugins.scan();
  BOOST_REQUIRE(linked.problems().size() == 1u);
  BOOST_TEST(linked.problems()[0].error.where.file == plugins.path() + "/open");
  // A sticky folder counts only when it is root's own.
  BOOST_REQUIRE(chmod((plugins.path() + "/open").c_str(), 01777) == 0);
  BOOST_TEST(bool(check_owner_trust(plugins.path() + "/open/p.so")) == (geteuid() == 0));
}

BOOST_AUTO_TEST_CASE(find_helps) {
  const Plugins plugins;
  plugins.add("a", "org.example.p", manifest_text("org.example.p", "scenario", "http"));
  plugins.add("a", "org.example.q", manifest_text("org.example.q", "scenario", "exec"));
  const Registry registry = plugins.scan();
  const Result<Registry::Found> missing = registry.find("scenario", "htpt");
  BOOST_REQUIRE(!missing);
  BOOST_TEST((missing.error().code == ExitCode::plugin_rejected));
  BOOST_TEST(missing.error().line() ==
             "no usable plugin offers the scenario 'htpt'; expected one of exec, http; did you "
             "mean 'http'? (searched: " +
                 plugins.path() + "/a)");
  BOOST_TEST(!registry.find("collector", "http"));
  BOOST_TEST(!registry.find("scenario", "org.example.q/http"));
}

BOOST_AUTO_TEST_CASE(two_offers_in_one_place_are_ambiguous_in_two_the_first_wins) {
  const Plugins plugins;
  plugins.add("a", "org.example.p", manifest_text("org.example.p", "scenario", "http"));
  plugins.add("b", "org.example.q", manifest_text("org.example.q", "scenario", "http"));
  const Registry two = Registry::scan({plugins.place("b"), plugins.place("a")}, schemas);
  BOOST_REQUIRE(bool(two.find("scenario", "http")));
  BOOST_TEST(two.find("scenario", "http")->plugin->id == "org.example.q");
  plugins.add("a", "org.example.r", manifest_text("org.example.r", "scenario", "http"));
  const Result<Registry::Found> both = plugins.scan().find("scenario", "http");
  BOOST_REQUIRE(!both);
  BOOST_TEST(both.error().expected == "'org.example.p/http' or 'org.example.r/http'");
  BOOST_TEST(bool(plugins.scan().find("scenario", "org.example.r/http")));
}

BOOST_AUTO_TEST_CASE(missing_folders_are_reported_not_fatal) {
  const Registry registry =
      Registry::scan({{"/nonexistent", "/nonexistent", Trust::owner, "--plugin-dir"}}, schemas);
  BOOST_REQUIRE(registry.problems().size() == 1u);
  BOOST_TEST(registry.problems()[0].error.line().find(
                 "/nonexistent: --plugin-dir: reading the plugin folder") == 0u);
}

BOOST_AUTO_TEST_CASE(a_relative_data_folder_is_ignored) {
  const char* before = getenv("HOME");
  const std::string home = before == nullptr ? "" : before;
  setenv("HOME", "/home/somebody", 1);
  setenv("XDG_DATA_HOME", "here", 1);
  const Result<PluginPlace> place = Registry::user_place();
  unsetenv("XDG_DATA_HOME");
  if (before != nullptr) setenv("HOME", home.c_str(), 1);
  BOOST_REQUIRE(place);
  BOOST_TEST(place->manifests == "/home/somebody/.local/share/ordeal/manifests");
}

BOOST_AUTO_TEST_CASE(places_follow_the_order_of_the_design) {
  const Plugins plugins;
  for (const char* folder : {"flat", "pair/manifests", "pair/plugins", "env",
                             "data/ordeal/manifests", "data/ordeal/plugins"}) {
    std::filesystem::create_directories(plugins.path() + "/" + folder);
  }
  setenv(
      "ORDEAL_PLUGIN_PATH",
      (plugins.path() + "/env::" + plugins.path() + "/absent:" + plugins.path() + "/flat").c_str(),
      1);
  setenv("XDG_DATA_HOME", (plugins.path() + "/data").c_str(), 1);
  const std::vector<PluginPlace> places = Registry::default_places(
      {plugins.path() + "/flat", plugins.path() + "/pair", "/nonexistent"});
  unsetenv("ORDEAL_PLUGIN_PATH");
  unsetenv("XDG_DATA_HOME");
  BOOST_REQUIRE(places.size() >= 5u);
  BOOST_TEST(places[0].libraries == plugins.path() + "/flat");
  BOOST_TEST(places[1].manifests == plugins.path() + "/pair/manifests");
  BOOST_TEST(places[1].libraries == plugins.path() + "/pair/plugins");
  BOOST_TEST(places[2].manifests == "/nonexistent");
  BOOST_TEST(places[3].origin == "ORDEAL_PLUGIN_PATH");
  BOOST_TEST(places[3].manifests == plugins.path() + "/env");
  BOOST_TEST((places[4].trust == Trust::hash));
  BOOST_TEST(places[4].libraries == plugins.path() + "/data/ordeal/plugins");
}

BOOST_AUTO_TEST_CASE(mutated_manifests_never_crash) {
  const std::string good = manifest_text(
      "org.example.p", "rule", "r",
      R"(, "requires": {"plugins": []}, "isolation": {"default": "own"})",
      R"(, "config_schema": {"type": "object", "properties": {"a": {"type": "number", "minimum": 0, "default": 1},
      "b": {"anyOf": [{"$ref": "#/properties/a"}, {"type": "string", "pattern": "^[a-z]+$"}]}}, "required": ["a"]}, "defaults": {"a": 3, "b": "x"})");
  std::mt19937 random(2026);
  const Plugins plugins;
  plugins.add("a", "org.example.p", good);
  BOOST_REQUIRE_MESSAGE(plugins.scan().plugins().size() == 1u, all_problems(plugins.scan()));
  const std::string pieces[] = {"{",    "}",     "[",    "]",    "\"",   ",",
                                ":",    "1e999", "-1",   "null", "true", "\"$ref\": \"#\",",
                                "\xff", "0",     "1e300"};
  for (int i = 0; i < 500; ++i) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text.erase(at, 1 + random() % 8);
      } else {
        text.insert(at, pieces[random() % std::size(pieces)]);
      }
    }
    plugins.write("a/org.example.p.json", text);
    const Registry registry = plugins.scan();
    BOOST_REQUIRE_MESSAGE(registry.plugins().size() == 1 || !registry.problems().empty(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
