// SPDX-License-Identifier: Apache-2.0
// A run can be ended from every side, and nothing of it is left.
#include <boost/test/data/test_case.hpp>

#include "guarded_run.h"
#include "tiers.h"

using namespace ordeal;
using namespace ordeal::testing;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(stop)

BOOST_DATA_TEST_CASE(killed_guardian_takes_the_tree_along, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  GuardedRun run;
  run.options.tier = tier;
  run.control({"--load", run.hostile_tree()});
  run.start();
  run.wait_for_tree();
  run.signal(SIGKILL);
  // The kernel's doing in T2, the inits' in T4; the controller ends itself.
  BOOST_CHECK(eventually([&] { return run.marked() == 0; }, 5000));
  BOOST_CHECK(eventually([&] { return run.alive().empty(); }, 5000));
  BOOST_CHECK_EQUAL(run.wait(), 128 + SIGKILL);
}

BOOST_DATA_TEST_CASE(killed_controller_ends_the_run, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  GuardedRun run;
  run.options.tier = tier;
  run.control({"--load", run.hostile_tree(), "--service", "sleep " + run.mark});
  run.start();
  run.wait_for_tree(GuardedRun::hostile_tree_size + 1);
  const auto started = run.last("started");
  const UniqueFd controller(open_pidfd(static_cast<pid_t>(started.a)));
  BOOST_REQUIRE(controller);
  BOOST_REQUIRE_EQUAL(signal_pidfd(controller.get(), SIGKILL), 0);
  BOOST_CHECK_EQUAL(run.wait(), 116);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_NE(run.last("controller_died").text.find("signal 9"), std::string::npos);
  BOOST_CHECK_EQUAL(run.last("end").a, 116);
  BOOST_CHECK_EQUAL(run.last("killed").a, 0);
}

BOOST_AUTO_TEST_CASE(controller_that_leaves_without_a_word_is_incomplete) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree(), "--die-after", "300"});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 116);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_NE(run.last("controller_died").seq, 0);
}

BOOST_AUTO_TEST_CASE(final_status_is_the_exit_code) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree(), "--finish-after", "300", "99"});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 99);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_EQUAL(run.last("end").a, 99);
  BOOST_CHECK_EQUAL(run.last("controller_died").seq, 0);
}

BOOST_DATA_TEST_CASE(killing_one_containment_spares_the_others, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  GuardedRun run;
  run.options.tier = tier;
  run.control({"--load", run.hostile_tree(), "--service", "sleep " + run.mark, "--load",
               "setsid sleep " + run.mark, "--kill-after", "300", "--finish-after", "1500", "0"});
  run.start();
  BOOST_CHECK(eventually([&] { return run.heard().find("ended 1") != std::string::npos; }, 10000));
  BOOST_CHECK_EQUAL(run.marked(), 2);
  BOOST_CHECK_EQUAL(run.wait(), 0);
  BOOST_CHECK(run.alive().empty());
}

BOOST_AUTO_TEST_CASE(controller_that_cannot_be_executed_is_told) {
  GuardedRun run;
  run.options.controller = {"/nowhere/at/all"};
  const auto started = start_guardian(run.options);
  BOOST_REQUIRE(!started);
  BOOST_CHECK(started.error().code == ExitCode::internal);
  BOOST_CHECK_NE(started.error().what.find("/nowhere/at/all"), std::string::npos);
}

BOOST_AUTO_TEST_CASE(second_guardian_in_a_run_directory_is_refused) {
  GuardedRun run;
  run.control({});
  run.start();
  const auto second = start_guardian(run.options);
  BOOST_REQUIRE(!second);
  BOOST_CHECK(second.error().code == ExitCode::preflight);
  BOOST_CHECK_NE(second.error().what.find("in use"), std::string::npos);
}

BOOST_AUTO_TEST_CASE(running_guardian_is_known_by_more_than_its_pid) {
  GuardedRun run;
  run.control({});
  run.start();
  const auto identity = running_guardian(run.dir);
  BOOST_REQUIRE(identity);
  BOOST_CHECK_EQUAL(identity->pid, run.guardian.pid);
  // Of another boot or another process with that pid.
  const std::string pid_file = run.dir + "/" + guardian_pid_file;
  std::ofstream(pid_file) << identity->pid << ' ' << identity->start_ticks + 1 << ' '
                          << identity->boot_id << '\n';
  BOOST_CHECK(!running_guardian(run.dir));
  std::ofstream(pid_file) << "nonsense\n";
  BOOST_CHECK(!running_guardian(run.dir));
}

BOOST_AUTO_TEST_CASE(term_is_an_orderly_stop) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree()});
  run.start();
  run.wait_for_tree();
  run.signal(SIGTERM);
  BOOST_CHECK_EQUAL(run.wait(), 105);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_NE(run.heard().find("stop 1 1"), std::string::npos);
  BOOST_CHECK_NE(run.last("stop_requested").seq, 0);
}

BOOST_AUTO_TEST_CASE(load_is_killed_even_if_the_controller_does_nothing) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree(), "--service", "sleep 1001", "--ignore-stop"});
  run.start();
  run.wait_for_tree();
  run.signal(SIGTERM);
  const auto begin = std::chrono::steady_clock::now();
  BOOST_CHECK(eventually([&] { return run.marked() == 0; }, 10000));
  // 2 s are promised; the rest is for a busy test machine.
  BOOST_CHECK_LT((std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds(1), 3000);
  BOOST_CHECK(!pidfd_ended(run.guardian.pidfd.get()));  // the controller may still report
  BOOST_CHECK(eventually([&] { return run.heard().find("ended 1") != std::string::npos; }, 5000));
  BOOST_CHECK_EQUAL(run.heard().find("ended 2"), std::string::npos);
  run.signal(SIGTERM);  // the second one
  BOOST_CHECK_EQUAL(run.wait(), 105);
  BOOST_CHECK(run.alive().empty());
}

BOOST_DATA_TEST_CASE(quit_leaves_nothing_at_once, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  GuardedRun run;
  run.options.tier = tier;
  run.control({"--load", run.hostile_tree(), "--service", run.hostile_tree(), "--ignore-stop"});
  run.start();
  run.wait_for_tree(2 * GuardedRun::hostile_tree_size);
  const auto begin = std::chrono::steady_clock::now();
  run.signal(SIGQUIT);
  BOOST_CHECK_EQUAL(run.wait(), 105);
  BOOST_CHECK_LT((std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds(1), 1500);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_EQUAL(run.last("killed").a, 0);
}

BOOST_AUTO_TEST_CASE(silent_controller_is_aborted) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree(), "--freeze-after", "500"});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 116);
  BOOST_CHECK(run.alive().empty());
  const auto record = run.last("controller_silent");
  BOOST_CHECK_NE(record.text.find("scheduler"), std::string::npos);
  BOOST_CHECK_GE(record.b, 2'000'000'000);
  BOOST_CHECK_LT(record.b, 3'000'000'000);
  // It hears of it, and as it leaves by itself it need not be aborted.
  BOOST_CHECK_NE(run.heard().find("stop 2 5"), std::string::npos);
  BOOST_CHECK_EQUAL(run.last("controller_aborted").seq, 0);
}

BOOST_AUTO_TEST_CASE(hung_controller_loses_its_tree_after_two_seconds_and_is_aborted_after_five) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree(), "--service", "sleep " + run.mark});
  run.start();
  run.wait_for_tree(GuardedRun::hostile_tree_size + 1);
  BOOST_REQUIRE(eventually([&] { return run.heard().find("made 2") != std::string::npos; }));
  const auto controller = static_cast<pid_t>(run.last("started").a);
  const auto begin = std::chrono::steady_clock::now();
  const auto age = [&] {
    return (std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds(1);
  };
  BOOST_REQUIRE_EQUAL(::kill(controller, SIGSTOP), 0);
  BOOST_CHECK(eventually([&] { return run.marked() == 0; }, 10000));
  BOOST_CHECK_GE(age(), 1900);
  BOOST_CHECK_LT(age(), 4000);
  BOOST_CHECK_EQUAL(::kill(controller, 0), 0);
  BOOST_CHECK_EQUAL(run.wait(), 116);
  BOOST_CHECK_GE(age(), 4900);
  BOOST_CHECK_LT(age(), 8000);
  BOOST_CHECK(run.alive().empty());
  const auto silent = run.last("controller_silent");
  const auto aborted = run.last("controller_aborted");
  BOOST_CHECK_GE(aborted.mono_ns - silent.mono_ns, 2'500'000'000);
  BOOST_CHECK_EQUAL(run.last("end").a, 116);
}

BOOST_AUTO_TEST_CASE(hangup_ends_nothing) {
  GuardedRun run;
  run.control({"--finish-after", "1000", "0"});
  run.start();
  run.signal(SIGHUP);
  BOOST_CHECK_EQUAL(run.wait(), 0);
}

BOOST_AUTO_TEST_CASE(stop_run_is_acknowledged) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree()});
  run.start();
  run.wait_for_tree();
  const auto outcome = stop_run(run.dir, run.id, false);
  BOOST_REQUIRE(outcome);
  BOOST_CHECK(outcome->was_running);
  BOOST_CHECK(outcome->acknowledged);
  BOOST_CHECK(outcome->swept.empty());
  BOOST_CHECK_EQUAL(run.wait(), 105);
}

BOOST_AUTO_TEST_CASE(forced_stop_of_a_stopped_guardian_sweeps) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree()});
  run.start();
  run.wait_for_tree();
  run.signal(SIGSTOP);
  const auto outcome = stop_run(run.dir, run.id, true);
  BOOST_REQUIRE(outcome);
  BOOST_CHECK(outcome->was_running);
  BOOST_CHECK(!outcome->acknowledged);
  BOOST_CHECK(!outcome->swept.empty());
  BOOST_CHECK(run.alive().empty());
}

BOOST_AUTO_TEST_CASE(stop_without_guardian_is_no_error) {
  GuardedRun run;
  const auto outcome = stop_run(run.dir, run.id, true);
  BOOST_REQUIRE(outcome);
  BOOST_CHECK(!outcome->was_running);
  BOOST_CHECK(outcome->swept.empty());
}

BOOST_AUTO_TEST_SUITE_END()
