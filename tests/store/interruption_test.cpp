// SPDX-License-Identifier: Apache-2.0
// Stops an installer after each of its changes to the disk, as kill -9 would.
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <set>

#include "store/layout.h"
#include "store/store_fixture.h"

using namespace ordeal;

namespace {

constexpr int ended = 0;
constexpr int stopped = 9;

struct Fixture : StoreFixture {
  /// Runs `work` in a process that is gone, without any tidying, after its step `last`. Whether it
  /// came to its end.
  template <typename Work>
  [[nodiscard]] bool runs_to_its_end(int last, Work work) const {
    const pid_t child = fork();
    if (child == 0) {
      StoreRequest mine = request;
      int step = 0;
      mine.at_step = [&](std::string_view) {
        if (++step == last) _exit(stopped);
      };
      _exit(work(mine).errors.empty() ? ended : 1);
    }
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    BOOST_REQUIRE(WEXITSTATUS(status) == ended || WEXITSTATUS(status) == stopped);
    return WEXITSTATUS(status) == ended;
  }
  void clear() const { std::filesystem::remove_all(path() + "/data"); }
};

const std::string id = "org.example.p";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(interruption, Fixture)

BOOST_AUTO_TEST_CASE(a_first_installation_is_there_whole_or_not_at_all) {
  const std::string source = folder(id, "1.0.0");
  std::set<std::string> seen;
  for (int last = 1;; ++last) {
    clear();
    const bool whole = runs_to_its_end(
        last, [&](const StoreRequest& mine) { return install_plugin(source, mine); });
    std::filesystem::create_directories(path() + "/data/manifests");
    const std::string now = usable();
    seen.insert(now);
    BOOST_TEST((now == "" || now == id + " 1.0.0"), now);
    // The next one works, and clears away what is left.
    BOOST_REQUIRE(install(source).errors.empty());
    BOOST_TEST(usable() == id + " 1.0.0");
    BOOST_TEST(leftovers(request.place).empty());
    if (whole) {
      BOOST_TEST(last > 6);
      break;
    }
  }
  BOOST_TEST(seen.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_upgrade_leaves_the_old_or_the_new_one) {
  const std::string old = folder(id, "1.0.0");
  const std::string next = folder(id, "2.0.0");
  std::set<std::string> seen;
  for (int last = 1;; ++last) {
    clear();
    BOOST_REQUIRE(install(old).errors.empty());
    const bool whole =
        runs_to_its_end(last, [&](const StoreRequest& mine) { return install_plugin(next, mine); });
    const std::string now = usable();
    seen.insert(now);
    BOOST_TEST((now == id + " 1.0.0" || now == id + " 2.0.0"), now);
    BOOST_REQUIRE(install(next).errors.empty());
    BOOST_TEST(usable() == id + " 2.0.0");
    if (whole) break;
  }
  BOOST_TEST(seen.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_removal_leaves_all_or_nothing_that_a_scan_would_see) {
  std::set<std::string> seen;
  for (int last = 1;; ++last) {
    clear();
    BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
    const bool whole =
        runs_to_its_end(last, [&](const StoreRequest& mine) { return remove_plugin(id, mine); });
    const std::string now = usable();
    seen.insert(now);
    BOOST_TEST((now == "" || now == id + " 1.0.0"), now);
    BOOST_REQUIRE(install(folder("org.example.q", "1.0.0")).errors.empty());
    BOOST_TEST(leftovers(request.place).empty());
    if (whole) break;
  }
  BOOST_TEST(seen.count("") == 1u);
}

BOOST_AUTO_TEST_CASE(scans_during_upgrades_see_one_or_the_other) {
  const std::string sources[] = {folder(id, "1.0.0"), folder(id, "1.0.1")};
  BOOST_REQUIRE(install(sources[0]).errors.empty());
  request.allow_downgrade = true;
  const pid_t child = fork();
  if (child == 0) {
    bool good = true;
    for (int i = 1; i <= 100; ++i)
      good = good && install_plugin(sources[i % 2], request).errors.empty();
    _exit(good ? ended : 1);
  }
  int status = 0;
  int scans = 0;
  std::set<std::string> seen;
  while (waitpid(child, &status, WNOHANG) == 0) {
    const Registry registry = scan();
    ++scans;
    std::string now;
    for (const PluginInfo& one : registry.plugins()) now += one.version;
    for (const PluginProblem& one : registry.problems()) now += one.error.line();
    seen.insert(now);
  }
  BOOST_TEST(WEXITSTATUS(status) == ended);
  BOOST_TEST(scans > 10);
  for (const std::string& now : seen) BOOST_TEST((now == "1.0.0" || now == "1.0.1"), now);
}

BOOST_AUTO_TEST_CASE(installers_wait_for_one_another) {
  const std::string source = folder(id, "1.0.0");
  const std::string other = folder("org.example.q", "1.0.0");
  BOOST_REQUIRE(install(source).errors.empty());
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    const std::string mine = i % 2 == 0 ? other : folder(id, "1.0." + std::to_string(i));
    request.allow_downgrade = true;
    const auto errors = install_plugin(mine, request).errors;
    for (const Error& error : errors) std::fprintf(stderr, "%s\n", error.line().c_str());
    _exit(errors.empty() ? ended : 1);
  }
  for (const pid_t child : children) {
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
  }
  BOOST_TEST(scan().plugins().size() == 2u);
  BOOST_TEST(scan().problems().empty());
  BOOST_TEST(leftovers(request.place).empty());
}

BOOST_AUTO_TEST_CASE(a_place_locked_for_long_is_said) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  PluginPlace place = request.place;
  const auto held = PlaceLock::take(place, 1, [](std::string_view) {});
  BOOST_REQUIRE(held);
  const auto second = PlaceLock::take(place, 0.05, [](std::string_view) {});
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().code == ExitCode::preflight));
  BOOST_TEST(second.error().what.find("another installation is going on") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
