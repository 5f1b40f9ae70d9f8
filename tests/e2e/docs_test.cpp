// SPDX-License-Identifier: Apache-2.0
// What the documents promise.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <regex>
#include <set>

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
