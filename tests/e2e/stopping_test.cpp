// SPDX-License-Identifier: Apache-2.0
// Stopped by a person, from another terminal or by a signal.
#include <signal.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

namespace {

std::vector<std::string> long_campaign(const Nginx& nginx) {
  return {"run",
          "quick",
          "--yes",
          "--set",
          "target.http=" + nginx.url(),
          "--set",
          "phases.0.duration=60s",
          "--set",
          "duration=2m",
          "--set",
          "baseline.duration=500ms"};
}

/// An innocent process that a search by name would hit.
std::unique_ptr<Program> bystander(const Installed& ordeal) {
  return std::make_unique<Program>(
      std::vector<std::string>{"sh", "-c", "sleep 60; true load_test ordeal stress_test"},
      std::map<std::string, std::string>{}, ordeal.folder(), "bystander");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stopping)

BOOST_AUTO_TEST_CASE(stop_ends_the_load_in_2_s_and_reports_in_15) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto innocent = bystander(ordeal);
  const auto program = ordeal.start(long_campaign(nginx));
  BOOST_REQUIRE(ordeal.wait_for_load());
  const std::string id = ordeal.run_id();
  const double asked = now_seconds();
  const auto stop = ordeal.run({"stop"});
  BOOST_TEST_CONTEXT(stop.out + stop.err) { BOOST_TEST(stop.code == 0); }
  BOOST_TEST(eventually([&] { return process_of(id, "load-0-http") == 0; }, 2));
  BOOST_TEST(now_seconds() - asked < 2.5);
  const auto code = program->wait(15);
  BOOST_TEST_CONTEXT(program->out() + program->err()) { BOOST_TEST(code.value_or(-1) == 105); }
  BOOST_TEST(processes_of(id).empty());
  BOOST_TEST(innocent->running());
  const auto report = ordeal.report();
  BOOST_TEST(at(report, "/verdict/verdict") == "stopped");
  BOOST_TEST(number_at(report, "/campaign_summary/total_operations") > 0);
  BOOST_TEST(std::filesystem::exists(ordeal.run_dir() + "/reports/campaign_report.html"));
  const auto again = ordeal.run({"stop", id});
  BOOST_TEST(again.code == 2);
}

BOOST_AUTO_TEST_CASE(force_leaves_nothing_but_the_front) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto innocent = bystander(ordeal);
  const auto program = ordeal.start(long_campaign(nginx));
  BOOST_REQUIRE(ordeal.wait_for_load());
  const std::string id = ordeal.run_id();
  const auto stop = ordeal.run({"stop", "--force"});
  BOOST_TEST_CONTEXT(stop.out + stop.err) { BOOST_TEST(stop.code == 0); }
  // The command returns once nothing is left; the front may already be writing reports, in cells of
  // its own that do not carry the run's id.
  BOOST_TEST(processes_of(id).empty());
  const auto code = program->wait(15);
  BOOST_TEST_CONTEXT(program->out() + program->err()) { BOOST_TEST(code.value_or(-1) == 105); }
  BOOST_TEST(innocent->running());
  BOOST_TEST(at(ordeal.report(), "/verdict/verdict") == "stopped");
}

BOOST_AUTO_TEST_CASE(watch_tells_a_forced_stop_of_a_detached_run) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  auto command = long_campaign(nginx);
  command.push_back("--detach");
  BOOST_REQUIRE(ordeal.run(command).code == 0);
  BOOST_REQUIRE(ordeal.wait_for_load());
  BOOST_TEST(ordeal.run({"stop", "--force"}).code == 0);
  const auto watch = ordeal.run({"watch"});
  BOOST_TEST_CONTEXT(watch.out + watch.err) { BOOST_TEST(watch.code == 105); }
  BOOST_TEST(at(ordeal.report(), "/verdict/verdict") == "stopped");
}

BOOST_AUTO_TEST_CASE(an_interrupt_is_an_orderly_stop) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(long_campaign(nginx));
  BOOST_REQUIRE(ordeal.wait_for_load());
  program->signal(SIGINT);
  const auto code = program->wait(20);
  BOOST_TEST_CONTEXT(program->out() + program->err()) { BOOST_TEST(code.value_or(-1) == 105); }
  BOOST_TEST(at(ordeal.report(), "/verdict/verdict") == "stopped");
  BOOST_TEST(processes_of(ordeal.run_id()).empty());
}

BOOST_AUTO_TEST_CASE(two_interrupts_are_an_emergency_stop) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(long_campaign(nginx));
  BOOST_REQUIRE(ordeal.wait_for_load());
  const std::string id = ordeal.run_id();
  program->signal(SIGINT);
  sleep_seconds(0.3);
  program->signal(SIGINT);
  BOOST_TEST(eventually([&] { return process_of(id, "load-0-http") == 0; }, 2));
  const auto code = program->wait(20);
  BOOST_TEST_CONTEXT(program->out() + program->err()) { BOOST_TEST(code.value_or(-1) == 105); }
  BOOST_TEST(processes_of(id).empty());
}

BOOST_AUTO_TEST_CASE(a_closed_terminal_ends_nothing) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  auto command = long_campaign(nginx);
  command[6] = "phases.0.duration=4s";
  const auto program = ordeal.start(command);
  BOOST_REQUIRE(ordeal.wait_for_load());
  program->signal(SIGHUP);
  const auto code = program->wait(30);
  BOOST_TEST_CONTEXT(program->err()) { BOOST_TEST(code.value_or(-1) == 0); }
}

BOOST_AUTO_TEST_SUITE_END()
