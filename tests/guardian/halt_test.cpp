// SPDX-License-Identifier: Apache-2.0
#include "guarded_run.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

/// A state folder of its own for as long as it lives.
struct StateHome {
  explicit StateHome(const std::string& folder) {
    if (const char* was = ::getenv("XDG_STATE_HOME")) before = was;
    ::setenv("XDG_STATE_HOME", folder.c_str(), 1);
  }
  ~StateHome() {
    if (before.empty())
      ::unsetenv("XDG_STATE_HOME");
    else
      ::setenv("XDG_STATE_HOME", before.c_str(), 1);
  }
  std::string before;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(halt)

BOOST_AUTO_TEST_CASE(stops_every_run_within_a_second_and_blocks_new_ones) {
  GuardedRun run;
  GuardedRun other;
  const StateHome home(run.dir + "/state");
  for (auto* one : {&run, &other}) {
    one->options.halt_files = halt_files();
    one->control({"--load", one->hostile_tree()});
    one->start();
    one->wait_for_tree();
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto path = pull_halt("the disk\nsmells");
  BOOST_REQUIRE(path);
  BOOST_CHECK_EQUAL(*path, run.dir + "/state/ordeal/HALT");
  for (auto* one : {&run, &other}) {
    BOOST_CHECK_EQUAL(one->wait(), 105);
    BOOST_CHECK(one->alive().empty());
    const auto record = one->last("stop_requested");
    BOOST_CHECK_EQUAL(record.a, static_cast<int>(StopReason::halt));
    BOOST_CHECK_NE(record.text.find("HALT (by "), std::string::npos);
    BOOST_CHECK_NE(record.text.find("the disk smells)"), std::string::npos);
    BOOST_CHECK_NE(one->heard().find("stop 1 8"), std::string::npos);
  }
  // One second is promised; the rest is for a busy test machine.
  BOOST_CHECK_LT((std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds(1), 2500);

  const auto active = active_halt();
  BOOST_REQUIRE(active);
  BOOST_CHECK_EQUAL(active->path, *path);
  const auto refused = start_guardian(other.options);
  BOOST_REQUIRE(!refused);
  BOOST_CHECK(refused.error().code == ExitCode::preflight);
  for (const auto& line : {refused.error().line(), halted_error(*active).line()})
    for (const char* part : {"HALT (by ", "the disk smells)", "ordeal stop --lift"})
      BOOST_CHECK_NE(line.find(part), std::string::npos);

  const auto lifted = lift_halt();
  BOOST_REQUIRE(lifted);
  BOOST_CHECK_EQUAL(*lifted, *path);
  BOOST_CHECK(!active_halt());
  other.start();
  other.wait_for_tree();
  BOOST_CHECK_EQUAL(lift_halt().value(), "");
}

BOOST_AUTO_TEST_CASE(ends_a_guarded_command_that_will_not) {
  GuardedRun run;
  run.options.halt_files = {run.dir + "/nowhere/HALT", run.dir + "/HALT"};
  run.options.command = {"sh", "-c", run.hostile_tree()};
  run.start();
  run.wait_for_tree();
  std::ofstream(run.dir + "/HALT").close();  // as `touch` makes it
  BOOST_CHECK_EQUAL(run.wait(8000), 105);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_EQUAL(run.last("end").text, "halted by " + run.dir + "/HALT");
}

BOOST_AUTO_TEST_SUITE_END()
