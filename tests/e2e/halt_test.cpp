// SPDX-License-Identifier: Apache-2.0
// The safety lever, and what a dead run left behind.
#include <signal.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

BOOST_AUTO_TEST_SUITE(halt)

BOOST_AUTO_TEST_CASE(halts_runs_blocks_new_ones_and_lets_go) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  // What a run left whose guardian is gone: an old one's id on a process of this test.
  BOOST_REQUIRE(ordeal.run({"guard", "--", "true"}).code == 0);
  const std::string old = ordeal.run_id();
  const std::vector<std::string> command{"run",
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
  const auto program = ordeal.start(command);
  BOOST_REQUIRE(ordeal.wait_for_load());
  const std::string id = ordeal.run_id();
  auto environment = ordeal.environment();
  environment["ORDEAL_RUN_ID"] = old;
  Program orphan({"sleep", "100"}, environment, ordeal.folder(), "orphan");
  const double started = now_seconds();

  const auto halt = ordeal.run({"stop", "--halt", "the fan stopped"});
  BOOST_TEST_CONTEXT(halt.out + halt.err) {
    BOOST_TEST(halt.code == 0);
    BOOST_TEST(halt.out.find(id + ": stopping") != std::string::npos);
  }
  BOOST_TEST(eventually([&] { return process_of(id, "load-0-http") == 0; }, 3));
  const auto code = program->wait(15);
  BOOST_TEST_CONTEXT(program->out() + program->err()) { BOOST_TEST(code.value_or(-1) == 105); }
  BOOST_TEST(at(ordeal.report(), "/verdict/verdict") == "stopped");
  BOOST_TEST(processes_of(id).empty());

  for (const auto& refused : {ordeal.run(command), ordeal.run({"guard", "--", "true"})}) {
    BOOST_TEST_CONTEXT(refused.out + refused.err) {
      BOOST_TEST(refused.code == 112);
      BOOST_TEST(refused.err.find("HALT (by ") != std::string::npos);
      BOOST_TEST(refused.err.find(": the fan stopped)") != std::string::npos);
      BOOST_TEST(refused.err.find("ordeal stop --lift") != std::string::npos);
    }
  }
  BOOST_TEST(ordeal.run({"stop", "--lift"}).code == 0);
  BOOST_TEST(orphan.running());
  sleep_seconds(std::max(0.0, started + 5.2 - now_seconds()));
  const auto after = ordeal.run({"guard", "--", "true"});
  BOOST_TEST_CONTEXT(after.out + after.err) {
    BOOST_TEST(after.code == 0);
    BOOST_TEST(after.err.find("killed process " + std::to_string(orphan.pid())) !=
               std::string::npos);
  }
  BOOST_TEST(!orphan.running());
  BOOST_TEST(ordeal.run({"stop", "--lift", "--halt", "x"}).code == 2);
  BOOST_TEST(ordeal.run({"stop", old, "--lift"}).code == 2);
}

BOOST_AUTO_TEST_CASE(the_report_shows_what_the_guardian_saw_before_it_ended_the_run) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start({"run", "quick", "--yes", "--set", "target.http=" + nginx.url(),
                                     "--set", "baseline.duration=500ms", "--set",
                                     "phases.0.duration=60s", "--set", "duration=2m"});
  BOOST_REQUIRE(ordeal.wait_for_load());
  const std::string id = ordeal.run_id();
  const pid_t guardian = std::stoi("0" + slurp(ordeal.run_dir() + "/guardian.pid"));
  pid_t controller = 0;
  for (const pid_t pid : processes_of(id))
    if (pid != guardian &&
        slurp("/proc/" + std::to_string(pid) + "/cmdline").rfind(Installed::ordeal(), 0) == 0)
      controller = pid;
  BOOST_REQUIRE(controller > 0);
  ::kill(controller, SIGSTOP);
  const auto code = program->wait(30);
  BOOST_TEST_CONTEXT(program->out() + program->err()) { BOOST_TEST(code.value_or(-1) == 116); }
  const auto report = ordeal.report();
  std::size_t sensors = 0;
  std::size_t processes = 0;
  for (const auto& one : report.at_pointer("/safety/evidence").as_array()) {
    sensors += one.at("type") == "sensors" ? 1 : 0;
    processes += one.at("type") == "process" ? 1 : 0;
  }
  BOOST_TEST(sensors >= 3);
  BOOST_TEST(processes >= 2);
  bool stop = false;
  for (const auto& one : report.at_pointer("/safety/events").as_array())
    stop |= at(one, "/level") == "stop" &&
            at(one, "/text").find("rule controller-silent/1") != std::string::npos;
  BOOST_TEST(stop);
}

BOOST_AUTO_TEST_SUITE_END()
