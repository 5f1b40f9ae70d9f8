// SPDX-License-Identifier: Apache-2.0
// What the documents promise.
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "e2e/installed.h"
#include "e2e/nginx.h"
#include "places.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;
namespace fs = std::filesystem;

namespace {

const std::string source = ORDEAL_SOURCE_DIR;

/// The first fenced block of a language.
std::string block(const std::string& text, const std::string& language) {
  const auto start = text.find("```" + language + "\n");
  if (start == std::string::npos) return "";
  const auto from = start + language.size() + 4;
  return text.substr(from, text.find("```", from) - from);
}

std::string section(const std::string& page, const std::string& name) {
  const auto start = page.find("\n.Sh " + name + "\n");
  if (start == std::string::npos) return "";
  return page.substr(start, page.find("\n.Sh ", start + 1) - start);
}

/// The literal displays of a man page.
std::vector<std::string> displays(const std::string& text) {
  std::vector<std::string> all;
  const std::string begin = ".Bd -literal\n";
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    at += begin.size();
    all.push_back(text.substr(at, text.find(".Ed\n", at) - at));
  }
  return all;
}

/// JSON objects, one after the other.
std::vector<boost::json::object> objects(const std::string& text) {
  std::vector<boost::json::object> all;
  for (std::size_t at = 0; (at = text.find('{', at)) != std::string::npos;) {
    boost::json::stream_parser parser;
    boost::system::error_code bad;
    at += parser.write_some(text.data() + at, text.size() - at, bad);
    BOOST_REQUIRE_MESSAGE(!bad && parser.done(), text.substr(0, 80) << ": " << bad.message());
    all.push_back(parser.release().as_object());
  }
  return all;
}

/// What its lines of an item or a macro name as commands: "it" only those of items.
std::set<std::string> commands(const std::string& text, bool items) {
  std::set<std::string> words;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(".It Cm ", 0) != 0 && (items || line.rfind(".Cm ", 0) != 0) &&
        (items || line.find(" Cm ") == std::string::npos))
      continue;
    std::istringstream row(line);
    for (std::string word; row >> word;) words.insert(word);
  }
  return words;
}

/// All keys of a schema's object and of the objects in it.
void keys_of(const boost::json::value& schema, std::set<std::string>& keys) {
  if (schema.is_array())
    for (const auto& one : schema.get_array()) keys_of(one, keys);
  if (!schema.is_object()) return;
  for (const auto& member : schema.get_object()) {
    if (member.key() == "properties")
      for (const auto& key : member.value().get_object()) keys.insert(std::string(key.key()));
    if (member.key() != "patternProperties") keys_of(member.value(), keys);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(docs)

BOOST_AUTO_TEST_CASE(the_campaign_of_the_readme_is_valid) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string campaign = block(slurp(source + "/README.md"), "json");
  BOOST_REQUIRE(!campaign.empty());
  spill(ordeal.file("readme.json"), campaign);
  const auto check =
      ordeal.run({"check", ordeal.file("readme.json"), "--set", "target.http=" + nginx.url()});
  BOOST_TEST_CONTEXT(check.out + check.err) { BOOST_TEST(check.code == 0); }
}

BOOST_AUTO_TEST_CASE(files_and_commands_of_the_readme_exist) {
  const std::string readme = slurp(source + "/README.md");
  for (const char* file : {"packaging/quickstart", "tests/run", "packaging/images/report.png"}) {
    BOOST_TEST(contains(readme, file), file);
    BOOST_TEST(fs::exists(source + "/" + file), file);
  }
}

BOOST_AUTO_TEST_CASE(every_option_of_the_man_page_exists) {
  Installed ordeal;
  const std::string page = slurp(Installed::prefix() + "/share/man/man1/ordeal.1");
  BOOST_REQUIRE(!page.empty());
  std::string helps;
  for (const char* command : {"run", "demo", "stop", "runs", "monitor", "guard", "status"})
    helps += ordeal.run({command, "--help"}).out;
  helps += ordeal.run({"plugin", "new", "--help"}).out;
  helps += ordeal.run({"plugin", "check", "--help"}).out;
  for (const char* command : {"install", "pack", "sign"})
    helps += ordeal.run({"plugin", command, "--help"}).out;
  const std::regex option("Fl Fl ([a-z][a-z-]*)");
  int found = 0;
  for (auto it = std::sregex_iterator(page.begin(), page.end(), option);
       it != std::sregex_iterator(); ++it, ++found)
    BOOST_TEST(contains(helps, "--" + (*it)[1].str()), (*it)[1].str());
  BOOST_TEST(found > 10);
}

BOOST_AUTO_TEST_CASE(the_man_page_of_the_demo_target_has_the_options_of_its_help) {
  Installed ordeal;
  const auto options = [](const std::string& text, const std::regex& option) {
    std::set<std::string> names;
    for (auto it = std::sregex_iterator(text.begin(), text.end(), option);
         it != std::sregex_iterator(); ++it)
      names.insert((*it)[1].str());
    return names;
  };
  const std::string page = slurp(Installed::prefix() + "/share/man/man1/ordeal-demo-target.1");
  const auto help = testing::run({Installed::prefix() + "/bin/ordeal-demo-target", "--help"}, {},
                                 ordeal.folder());
  auto of_help = options(help.out, std::regex("--([a-z][a-z-]*)"));
  of_help.erase("help");
  const auto of_page = options(page, std::regex("Fl Fl ([a-z][a-z-]*)"));
  BOOST_TEST(of_page == of_help, boost::test_tools::per_element());
  BOOST_TEST(of_page.size() == 9u);
}

BOOST_AUTO_TEST_CASE(every_key_of_a_load_is_in_the_man_page) {
  const std::string page = slurp(Installed::prefix() + "/share/man/man1/ordeal.1");
  const auto schema = boost::json::parse(slurp(source + "/manifests/schemas/campaign.json"));
  std::set<std::string> keys;
  keys_of(schema.at("properties").at("load"), keys);
  boost::json::object phase = schema.at("$defs").at("phase").as_object();
  // What a phase is judged by and kept safe with is no part of its load.
  for (const char* other : {"name", "stress", "judge", "slo", "safety"})
    BOOST_TEST(phase["properties"].as_object().erase(other) == 1u, other);
  keys_of(phase, keys);
  BOOST_TEST(keys.size() > 30u);
  const std::string text = section(page, "LOAD MODELS");
  const auto said = commands(text, false);
  for (const auto& key : keys) BOOST_TEST(said.count(key) == 1u, key);
  // And the page has no other: what is no word of mdoc is a key.
  for (const auto& word : commands(text, true))
    if (word != ".It" && word != "Cm" && word != ",") BOOST_TEST(keys.count(word) == 1u, word);
}

BOOST_AUTO_TEST_CASE(the_load_models_of_the_man_page_do_what_it_says) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto examples =
      displays(section(slurp(Installed::prefix() + "/share/man/man1/ordeal.1"), "LOAD MODELS"));
  BOOST_TEST_REQUIRE(examples.size() == 2u);
  boost::json::array phases;
  for (auto& phase : objects(examples[0])) {
    phase["judge"] = false;
    phases.push_back(std::move(phase));
  }
  const std::pair<const char*, const char*> words[] = {
      {"closed", "closed: as fast as the answers come; 8 connections; timeout 10s"},
      {"thinking", "closed: as fast as the answers come, thinking 50ms to 1s; 8 connections"},
      {"renewed", "a new connection after 20 operations, at most 50000 operations"},
      {"constant", "open: 500/s; 50 connections; timeout 2s"},
      {"ramp", "open: 100/s to 1000/s over "},
      {"steps", "open: 100/s for 150ms, 100/s to 400/s for 150ms, 400/s for 300ms; 40 conn"},
      {"random", "open: 500/s, at random (Poisson); 50 connections"},
      {"recorded", "open: 60 recorded arrivals of monday.csv at 2 times their speed"},
      {"paced", "open: 600 operations/min each, 100/s in all; 10 connections"}};
  BOOST_TEST_REQUIRE(phases.size() == std::size(words));
  std::string arrivals;
  for (int i = 0; i < 60; ++i) arrivals += std::to_string(i * 0.02) + (i % 3 ? "\n" : ",save\n");
  spill(ordeal.file("monday.csv"), arrivals);
  spill(ordeal.file("users.csv"), "user\nann\nbob\n");
  const boost::json::object campaign{{"campaign", "models"},
                                     {"duration", "1h"},
                                     {"baseline", {{"duration", "4m"}, {"required_health", 0}}},
                                     {"target", {{"http", nginx.url()}}},
                                     {"load", boost::json::array{objects(examples[1]).at(0)}},
                                     {"phases", phases},
                                     {"report", boost::json::array{{{"report", "json"}}}}};
  spill(ordeal.file("models.json"), boost::json::serialize(campaign));
  const auto run =
      ordeal.run({"run", ordeal.file("models.json"), "--yes", "--time-scale", "0.005"});
  const auto report = ordeal.report();
  BOOST_TEST_CONTEXT(run.out + run.err) {
    for (std::size_t i = 0; i < std::size(words); ++i) {
      const std::string phase = "/phase_results/" + std::to_string(i);
      BOOST_TEST(at(report, phase + "/phase_info/name") == words[i].first);
      const std::string text = at(report, phase + "/load_model/text");
      BOOST_TEST(contains(text, words[i].second), text);
      BOOST_TEST(at(report, phase + "/load_model/entries/0/text") ==
                 "2 workers; mix 8 get, 2 save; records of users.csv, at random; timeout 5s for "
                 "save; at most 3 attempts, again after refused or throttled, backoff 20ms "
                 "doubling");
      const double all = number_at(report, phase + "/test_result/summary/total_operations");
      BOOST_TEST(all >= 8, words[i].first);
      BOOST_TEST(number_at(report, phase + "/test_result/outcomes/ok") == all, words[i].first);
    }
    BOOST_TEST(number_at(report, "/phase_results/2/connections/opened") > 16);
    BOOST_TEST(number_at(report, "/phase_results/7/test_result/summary/total_operations") == 60);
  }
}

BOOST_AUTO_TEST_CASE(an_unprivileged_user_can_run_a_campaign) {
  if (::geteuid() != 0) return;  // then all the other tests show it
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string home = ordeal.file("home");
  fs::create_directory(home);
  fs::permissions(ordeal.folder(), fs::perms(0755));
  BOOST_REQUIRE(::chown(home.c_str(), 65534, 65534) == 0);
  auto environment = ordeal.environment();
  environment["XDG_STATE_HOME"] = home + "/state";
  environment["HOME"] = home;
  // The tree may lie where others cannot look: run a copy from where they can.
  const std::string prefix = home + "/prefix";
  fs::copy(Installed::prefix(), prefix, fs::copy_options::recursive);
  const auto run = testing::run(
      {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", prefix + "/bin/ordeal", "run",
       "quick", "--yes", "--set", "target.http=" + nginx.url(), "--set", "phases.0.duration=3s",
       "--set", "baseline.duration=500ms"},
      environment, ordeal.folder());
  BOOST_TEST_CONTEXT(run.out + run.err) { BOOST_TEST(run.code == 0); }
}

BOOST_AUTO_TEST_SUITE_END()
