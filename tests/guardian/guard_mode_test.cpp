// SPDX-License-Identifier: Apache-2.0
#include "guarded_run.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

void guard(GuardedRun& run, const std::string& command) {
  run.options.command = {"sh", "-c", command};
  run.start();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(guard_mode)

BOOST_AUTO_TEST_CASE(exit_code_is_the_commands) {
  GuardedRun run;
  guard(run, "exit 7");
  BOOST_CHECK_EQUAL(run.wait(), 7);
  BOOST_CHECK_EQUAL(run.last("end").a, 7);
}

BOOST_AUTO_TEST_CASE(signal_is_128_and_more) {
  GuardedRun run;
  guard(run, "kill -USR1 $$; sleep 5");
  BOOST_CHECK_EQUAL(run.wait(), 128 + SIGUSR1);
}

BOOST_AUTO_TEST_CASE(what_the_command_leaves_behind_is_ended) {
  GuardedRun run;
  guard(run, "(setsid sleep " + run.mark + " &) ; env -i sleep " + run.mark + " & exit 0");
  BOOST_CHECK_EQUAL(run.wait(), 0);
  BOOST_CHECK(run.alive().empty());
}

BOOST_AUTO_TEST_CASE(missing_command_is_127) {
  GuardedRun run;
  run.options.command = {"/nowhere/at/all"};
  const auto started = start_guardian(run.options);
  BOOST_REQUIRE(!started);
  BOOST_CHECK_NE(started.error().what.find("/nowhere/at/all"), std::string::npos);
  BOOST_CHECK_EQUAL(run.last("end").a, 127);
}

BOOST_AUTO_TEST_CASE(term_is_passed_on) {
  GuardedRun run;
  guard(run, "trap 'exit 9' TERM; touch " + run.dir + "/there; while :; do sleep 0.05; done");
  BOOST_REQUIRE(eventually([&] { return std::filesystem::exists(run.dir + "/there"); }));
  run.signal(SIGTERM);
  BOOST_CHECK_EQUAL(run.wait(), 9);
}

BOOST_AUTO_TEST_CASE(quit_ends_it_at_once) {
  GuardedRun run;
  guard(run, run.hostile_tree());
  run.wait_for_tree();
  run.signal(SIGQUIT);
  BOOST_CHECK_EQUAL(run.wait(), 105);
  BOOST_CHECK(run.alive().empty());
}

BOOST_AUTO_TEST_CASE(limit_is_111) {
  GuardedRun run;
  run.options.max_duration_ns = 300'000'000;
  guard(run, run.hostile_tree());
  BOOST_CHECK_EQUAL(run.wait(), 111);
  BOOST_CHECK(run.alive().empty());
}

BOOST_AUTO_TEST_SUITE_END()
