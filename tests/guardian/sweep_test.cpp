// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include "guarded_run.h"
#include "places.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

/// `sh -c command` in the background, with one variable more in its environment.
pid_t shell(const std::string& command, const std::string& variable) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  std::string copy = variable;
  if (!copy.empty()) ::putenv(copy.data());
  ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  ::_exit(127);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sweep)

BOOST_AUTO_TEST_CASE(finds_survivors_by_run_id_only) {
  GuardedRun run;
  GuardedRun other;  // with the same look: a name is no reason
  const std::string variable = std::string(run_id_variable) + "=" + run.id;
  shell("setsid sh -c '(setsid sleep " + run.mark + " &) ; exit 0'", variable);
  shell("exec sleep " + other.mark, std::string(run_id_variable) + "=" + run.id + "-longer");
  shell("exec sh -c 'sleep " + other.mark + "; : load_test " + run.id + "'", "");
  BOOST_REQUIRE(eventually([&] { return run.marked() >= 1 && other.marked() >= 2; }));
  const auto killed = sweep_run(run.id, 0, 5000);
  BOOST_CHECK_EQUAL(killed.size(), 1);
  BOOST_CHECK_EQUAL(run.marked(), 0);
  BOOST_CHECK_EQUAL(other.marked(), 2);
  BOOST_CHECK(sweep_run(run.id, 0, 1000).empty());
}

BOOST_AUTO_TEST_CASE(takes_descendants_without_environment) {
  GuardedRun run;
  shell("env -i sleep " + run.mark + " & wait", std::string(run_id_variable) + "=" + run.id);
  BOOST_REQUIRE(eventually([&] { return run.marked() == 1; }));
  sweep_run(run.id, 0, 5000);
  BOOST_CHECK_EQUAL(run.marked(), 0);
}

BOOST_AUTO_TEST_CASE(spares_the_one_named) {
  GuardedRun run;
  const std::string variable = std::string(run_id_variable) + "=" + run.id;
  const pid_t spared = shell("exec sleep " + run.mark, variable);
  const pid_t meant = shell("exec sleep " + run.mark, variable);
  BOOST_REQUIRE(eventually([&] { return run.marked() == 2; }));
  const auto killed = sweep_run(run.id, spared, 5000);
  BOOST_CHECK_EQUAL(killed.size(), 1);
  BOOST_CHECK_EQUAL(killed.at(0), meant);
  BOOST_CHECK_EQUAL(processes_of_run(run.id).size(), 1);
}

BOOST_AUTO_TEST_CASE(sweeps_nothing_without_an_id) { BOOST_CHECK(sweep_run("", 0, 100).empty()); }

BOOST_AUTO_TEST_CASE(a_start_sweeps_what_dead_guardians_left) {
  GuardedRun dead;
  GuardedRun living;
  GuardedRun starting;  // has no guardian yet
  const std::string runs = dead.dir + "/runs";
  const auto in_runs = [&](GuardedRun& run) {
    run.options.run_dir = runs + "/" + run.id;
    std::filesystem::create_directories(run.options.run_dir);
  };
  for (auto* run : {&dead, &living, &starting}) in_runs(*run);
  for (auto* run : {&dead, &living}) {
    run->options.controller = {ORDEAL_BUILD_DIR "/bin/ordeal-fake-controller", run->dir};
    run->start();
  }
  dead.signal(SIGKILL);
  BOOST_REQUIRE(eventually([&] { return dead.alive().empty(); }));
  for (auto* run : {&dead, &living, &starting})
    shell("exec sleep " + run->mark, std::string(run_id_variable) + "=" + run->id);
  BOOST_REQUIRE(
      eventually([&] { return dead.marked() + living.marked() + starting.marked() == 3; }));
  // Not yet: it could belong to a guardian that is about to take its lock.
  BOOST_CHECK(sweep_orphans(runs).empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(5100));
  BOOST_CHECK_EQUAL(sweep_orphans(runs).size(), 1);
  BOOST_CHECK_EQUAL(dead.marked(), 0);
  BOOST_CHECK_EQUAL(living.marked(), 1);
  BOOST_CHECK_EQUAL(starting.marked(), 1);
}

BOOST_AUTO_TEST_CASE(unrelated_load_test_survives_a_forced_stop) {
  GuardedRun other;
  shell("exec sh -c ': load_test; sleep " + other.mark + "; :'", "");
  BOOST_REQUIRE(eventually([&] { return other.marked() == 1; }));
  GuardedRun run;
  run.control({"--load", "sh -c ': load_test; sleep " + run.mark + "; :'"});
  run.start();
  run.wait_for_tree(1);
  const auto outcome = stop_run(run.dir, run.id, true);
  BOOST_REQUIRE(outcome);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_EQUAL(other.marked(), 1);
}

BOOST_AUTO_TEST_SUITE_END()
