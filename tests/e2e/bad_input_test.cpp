// SPDX-License-Identifier: Apache-2.0
// Bad input: one clear line, a documented exit code, nothing half-made.
#include <sys/stat.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;
namespace fs = std::filesystem;

namespace {

struct Case {
  std::string name;
  std::string campaign;
  int code;
  std::vector<std::string> said;
};

const std::string target = "\"target\": {\"http\": \"http://127.0.0.1:9\"}";

std::string with_phase(const std::string& phase) {
  return "{ \"campaign\": \"bad\", \"version\": 1, \"duration\": \"1m\",\n  " + target +
         ",\n  \"load\": [{\"scenario\": \"http\"}],\n  \"phases\": [" + phase + "] }\n";
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"unknown key",
       with_phase(R"({"name": "a", "duration": "5s", "raet": 5})"),
       104,
       {"bad.json:4:", "/phases/0/raet", "rate"}},
      {"wrong type",
       with_phase(R"({"name": "a", "duration": "5s", "rate": true})"),
       104,
       {"bad.json:4:", "/phases/0/rate"}},
      {"unparsable duration",
       with_phase(R"({"name": "a", "duration": "5 parsecs"})"),
       104,
       {"bad.json:4:", "/phases/0/duration", "1m30s"}},
      {"not JSON", "{ \"campaign\": \"bad\",\n \"version\": 1,, }", 104, {"bad.json:2:"}},
      {"duplicate key",
       "{ \"campaign\": \"bad\",\n \"campaign\": \"twice\" }",
       104,
       {"bad.json:2:", "campaign"}},
      {"missing plugin",
       "{ \"campaign\": \"bad\", \"version\": 1, \"duration\": \"1m\",\n  " + target +
           ",\n  \"load\": [{\"scenario\": \"htpt\"}],\n"
           "  \"phases\": [{\"name\": \"a\", \"duration\": \"5s\"}] }\n",
       113,
       {"bad.json:3:", "htpt", "http"}},
  };
  return all;
}

bool one_line(const std::string& text) {
  return !text.empty() && std::count(text.begin(), text.end(), '\n') == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_input)

BOOST_AUTO_TEST_CASE(of_a_campaign_is_named_with_its_place) {
  Installed ordeal;
  for (const auto& one : cases()) {
    const std::string path = ordeal.file("bad.json");
    spill(path, one.campaign);
    for (const char* command : {"run", "check"}) {
      const auto finished = ordeal.run({command, path});
      BOOST_TEST_CONTEXT(one.name << ", " << command << ": " << finished.err) {
        BOOST_TEST(finished.code == one.code);
        BOOST_TEST(one_line(finished.err));
        for (const auto& part : one.said) BOOST_TEST(contains(finished.err, part), part);
      }
    }
  }
  BOOST_TEST(ordeal.run_dirs().empty());
}

BOOST_AUTO_TEST_CASE(of_the_command_line_is_usage) {
  Installed ordeal;
  const std::vector<std::vector<std::string>> lines{
      {"run"}, {"rnu"}, {"run", "quick", "--no-such"}, {"schema", "campain"}, {"watch", "nothing"}};
  for (const auto& line : lines) {
    const auto finished = ordeal.run(line);
    BOOST_TEST_CONTEXT(line.front() << ": " << finished.err) {
      BOOST_TEST(finished.code == 2);
      BOOST_TEST(one_line(finished.err));
    }
  }
  const auto set = ordeal.run({"check", "quick", "--set", "phases.0.raet=5"});
  BOOST_TEST_CONTEXT(set.err) {
    BOOST_TEST(set.code == 104);
    BOOST_TEST(contains(set.err, "--set"));
    BOOST_TEST(contains(set.err, "rate"));
  }
}

BOOST_AUTO_TEST_CASE(an_unreachable_target_is_refused_before_anything_is_made) {
  Installed ordeal;
  const std::string url = "http://127.0.0.1:" + std::to_string(free_port());
  for (const char* command : {"run", "check", "baseline"}) {
    const auto finished = ordeal.run({command, "quick", "--set", "target.http=" + url});
    BOOST_TEST_CONTEXT(command << ": " << finished.out << finished.err) {
      BOOST_TEST(finished.code == 112);
      BOOST_TEST(contains(finished.out + finished.err, url));
    }
  }
  BOOST_TEST(ordeal.run_dirs().empty());
}

BOOST_AUTO_TEST_CASE(an_occupied_run_directory_is_left_alone) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string dir = ordeal.file("mine");
  fs::create_directory(dir);
  spill(dir + "/precious", "data");
  const auto finished = ordeal.run(
      {"run", "quick", "--yes", "--set", "target.http=" + nginx.url(), "--run-dir", dir});
  BOOST_TEST_CONTEXT(finished.err) {
    BOOST_TEST(finished.code == 112);
    BOOST_TEST(contains(finished.err, "occupied"));
    BOOST_TEST(contains(finished.err, dir));
  }
  BOOST_TEST(std::distance(fs::directory_iterator(dir), {}) == 1);
  BOOST_TEST(slurp(dir + "/precious") == "data");
}

BOOST_AUTO_TEST_CASE(a_state_folder_that_cannot_be_made_is_refused) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  spill(ordeal.file("file"), "in the way");
  const auto finished = ordeal.run({"run", "quick", "--yes", "--set", "target.http=" + nginx.url(),
                                    "--run-dir", ordeal.file("file") + "/run"});
  BOOST_TEST_CONTEXT(finished.err) {
    BOOST_TEST(finished.code == 112);
    BOOST_TEST(one_line(finished.err));
  }
}

BOOST_AUTO_TEST_CASE(a_plugin_id_twice_in_one_folder_is_refused) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string dir = ordeal.file("plugins");
  fs::create_directory(dir);
  const std::string manifests = Installed::prefix() + "/share/ordeal/manifests/plugins/";
  for (const char* name : {"one.json", "two.json"})
    fs::copy_file(manifests + "org.ordeal.http.json", dir + "/" + name);
  for (const auto& entry : fs::recursive_directory_iterator(Installed::prefix() + "/lib"))
    if (entry.path().filename() == "org.ordeal.http.so")
      fs::copy_file(entry.path(), dir + "/org.ordeal.http.so");
  const auto finished = ordeal.run(
      {"run", "quick", "--yes", "--plugin-dir", dir, "--set", "target.http=" + nginx.url()});
  BOOST_TEST_CONTEXT(finished.err) {
    BOOST_TEST(finished.code == 113);
    BOOST_TEST(contains(finished.err, "org.ordeal.http"));
    BOOST_TEST(contains(finished.err, "one.json"));
    BOOST_TEST(contains(finished.err, "two.json"));
  }
  BOOST_TEST(ordeal.run_dirs().empty());
}

BOOST_AUTO_TEST_CASE(a_library_that_is_not_one_is_a_rejected_plugin) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string dir = ordeal.file("plugins");
  fs::create_directory(dir);
  fs::copy_file(Installed::prefix() + "/share/ordeal/manifests/plugins/org.ordeal.http.json",
                dir + "/org.ordeal.http.json");
  spill(dir + "/org.ordeal.http.so", "not an ELF file");
  const auto finished =
      ordeal.run({"run", "quick", "--yes", "--plugin-dir", dir, "--set",
                  "target.http=" + nginx.url(), "--set", "baseline.duration=500ms"});
  BOOST_TEST_CONTEXT(finished.out + finished.err) {
    BOOST_TEST(finished.code == 113);
    BOOST_TEST(contains(finished.out + finished.err, "org.ordeal.http"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
