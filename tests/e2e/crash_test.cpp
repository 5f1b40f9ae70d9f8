// SPDX-License-Identifier: Apache-2.0
// kill -9 of each process of a run: what ends, what goes on, and what the report says.
#include <signal.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

namespace {

std::vector<std::string> campaign(const Nginx& nginx, const std::string& duration) {
  return {"run",
          "quick",
          "--yes",
          "--set",
          "target.http=" + nginx.url(),
          "--set",
          "phases.0.duration=" + duration,
          "--set",
          "duration=2m",
          "--set",
          "baseline.duration=500ms"};
}

bool nothing_left(const std::string& run_id) {
  return eventually([&] { return processes_of(run_id).empty(); }, 2);
}

void kill_part(const Installed& ordeal, const std::string& part) {
  const pid_t pid = process_of(ordeal.run_id(), part);
  BOOST_REQUIRE_MESSAGE(pid > 0, "no process of the run has " << part << " in its command line");
  ::kill(pid, SIGKILL);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(a_killed_cell_is_named_with_its_signal) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(campaign(nginx, "6s"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  kill_part(ordeal, "load-0-http");
  const auto code = program->wait(40);
  // Over 1 % of the phase went by without a worker: it is invalid, never passed.
  BOOST_TEST_CONTEXT(program->err()) { BOOST_TEST(code.value_or(-1) == 114); }
  const auto report = ordeal.report();
  const std::string events = at(report, "/plugins/events");
  BOOST_TEST_CONTEXT(events) {
    BOOST_TEST(contains(events, "org.ordeal.http"));
    BOOST_TEST(contains(events, "SIGKILL"));
    BOOST_TEST(contains(events, "cell_restarted"));
  }
  BOOST_TEST(at(report, "/phase_results/0/phase_analysis/result") == "invalid");
  BOOST_TEST(nothing_left(ordeal.run_id()));
}

BOOST_AUTO_TEST_CASE(a_killed_rule_or_collector_cell_comes_back) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(campaign(nginx, "5s"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  kill_part(ordeal, std::string("--name\0service", 14));
  const auto code = program->wait(40);
  BOOST_TEST_CONTEXT(program->err()) { BOOST_TEST(code.value_or(-1) == 0); }
  const std::string events = at(ordeal.report(), "/plugins/events");
  BOOST_TEST_CONTEXT(events) {
    BOOST_TEST(contains(events, "service"));
    BOOST_TEST(contains(events, "SIGKILL"));
  }
}

BOOST_AUTO_TEST_CASE(a_killed_controller_ends_the_tree_and_the_front_reports) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(campaign(nginx, "30s"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  sleep_seconds(2);
  // The guardian's own command line holds the controller's: look for the one that begins with it.
  pid_t controller = 0;
  const std::string begins = Installed::ordeal() + std::string("\0__controller", 13);
  for (const pid_t pid : processes_of(ordeal.run_id()))
    if (slurp("/proc/" + std::to_string(pid) + "/cmdline").rfind(begins, 0) == 0) controller = pid;
  BOOST_REQUIRE(controller > 0);
  ::kill(controller, SIGKILL);
  const auto code = program->wait(30);
  BOOST_TEST_CONTEXT(program->err()) { BOOST_TEST(code.value_or(-1) == 116); }
  BOOST_TEST(nothing_left(ordeal.run_id()));
  const auto report = ordeal.report();
  BOOST_TEST(at(report, "/verdict/verdict") == "incomplete");
  BOOST_TEST(at(report, "/campaign_info/complete") == "false");
  BOOST_TEST(number_at(report, "/campaign_summary/total_operations") > 100);
  BOOST_TEST(std::filesystem::exists(ordeal.run_dir() + "/reports/campaign_report.html"));
  BOOST_TEST(contains(at(report, "/safety/events"), "controller"));
  const auto runs = ordeal.run({"runs"});
  BOOST_TEST_CONTEXT(runs.out) { BOOST_TEST(contains(runs.out, "resumable")); }
}

BOOST_AUTO_TEST_CASE(a_killed_guardian_ends_the_tree_and_the_run) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(campaign(nginx, "30s"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  const pid_t guardian = std::stoi("0" + slurp(ordeal.run_dir() + "/guardian.pid"));
  BOOST_REQUIRE(guardian > 0);
  ::kill(guardian, SIGKILL);
  // The kernel ends the load at once; nothing is sent any more.
  sleep_seconds(0.5);
  const std::uint64_t then = nginx.requests();
  sleep_seconds(0.5);
  BOOST_TEST(nginx.requests() - then == 0u);
  const auto code = program->wait(30);
  BOOST_TEST_CONTEXT(program->err()) { BOOST_TEST(code.value_or(-1) == 116); }
  BOOST_TEST(nothing_left(ordeal.run_id()));
  BOOST_TEST(at(ordeal.report(), "/verdict/verdict") == "incomplete");
}

BOOST_AUTO_TEST_CASE(a_hung_guardian_is_killed_by_the_controller) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(campaign(nginx, "30s"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  const pid_t guardian = std::stoi("0" + slurp(ordeal.run_dir() + "/guardian.pid"));
  BOOST_REQUIRE(guardian > 0);
  ::kill(guardian, SIGSTOP);
  // Silent for 2 s is gone; half a second is for a busy test machine.
  sleep_seconds(2.5);
  const std::uint64_t then = nginx.requests();
  sleep_seconds(0.5);
  BOOST_TEST(nginx.requests() - then == 0u);
  const auto code = program->wait(30);
  BOOST_TEST_CONTEXT(program->err()) { BOOST_TEST(code.value_or(-1) == 116); }
  BOOST_TEST(nothing_left(ordeal.run_id()));
  BOOST_TEST(at(ordeal.report(), "/verdict/verdict") == "incomplete");
}

BOOST_AUTO_TEST_CASE(a_killed_front_leaves_the_run_and_watch_takes_over) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(campaign(nginx, "6s"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  program->signal(SIGKILL);
  BOOST_TEST(program->wait(5).value_or(0) == 1000 + SIGKILL);
  sleep_seconds(0.5);
  const auto running = ordeal.run({"runs"});
  BOOST_TEST_CONTEXT(running.out) { BOOST_TEST(contains(running.out, "running")); }
  const auto watch = ordeal.run({"watch"}, 40);
  BOOST_TEST_CONTEXT(watch.out + watch.err) {
    BOOST_TEST(watch.code == 0);
    BOOST_TEST(contains(watch.out, "GO"));
    BOOST_TEST(contains(watch.err, "passed"));
  }
  BOOST_TEST(nothing_left(ordeal.run_id()));
}

BOOST_AUTO_TEST_SUITE_END()
