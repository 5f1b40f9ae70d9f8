// SPDX-License-Identifier: Apache-2.0
// What is reported against what must be so: latencies from a schedule, requests from the server's
// own counter.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

namespace {

std::vector<std::string> campaign(const Installed& ordeal, const std::string& url,
                                  const std::string& phases) {
  const std::string file = ordeal.file("honest.json");
  spill(file, R"({"campaign": "honest", "version": 1, "duration": "1m",
      "target": {"http": ")" +
                  url + R"("},
      "baseline": {"duration": "500ms", "required_health": 0},
      "load": [{"scenario": "http"}],
      "safety": {"cpu_percent": 100, "check_interval": "30s"},
      "phases": [)" +
                  phases + R"(], "report": [{"report": "json"}]})");
  return {"run", file, "--yes"};
}

/// Within 2 % of what the schedule says.
void is_near(double reported, double scheduled) {
  BOOST_TEST(std::fabs(reported - scheduled) <= 0.02 * scheduled,
             "reported " << reported << ", by the schedule " << scheduled);
}

double wire(const boost::json::value& report, const char* key) {
  return number_at(report, std::string("/wire/requests_sent/") + key);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(honesty)

// A server that stands still for 1 s in every 4 s. Whatever is intended x seconds before a stall
// ends takes x seconds, so of each 4 s of arrivals the worst 1 % are those of the stall's first
// 40 ms. Over a whole number of periods this does not depend on when the phase began.
BOOST_AUTO_TEST_CASE(a_stall_shows_in_full_under_open_load) {
  constexpr double every = 4;
  constexpr double stall = 1;
  Installed ordeal;
  const int port = free_port();
  const Program target(
      {Installed::prefix() + "/bin/ordeal-demo-target", "--port", std::to_string(port), "--flaw",
       "stall", "--stall-every", "4s", "--stall-for", "1s", "--service-time", "0s"},
      {}, ordeal.folder(), "target");
  BOOST_REQUIRE(eventually([&] { return !http_get(port, "/status").empty(); }, 10));
  const auto run =
      ordeal.run(campaign(ordeal, "http://127.0.0.1:" + std::to_string(port),
                          R"({"name": "open", "duration": "8s", "connections": 20, "rate": 1000,
                              "slo": {"success": ">=99%"}})"));
  const auto report = ordeal.report();
  const std::string summary = "/phase_results/0/test_result/summary/";
  BOOST_TEST_CONTEXT(run.out + run.err + at(report, "/phase_results/0/measurement")) {
    BOOST_TEST(run.code == 0);
    is_near(number_at(report, summary + "p99_response_time"), stall - 0.01 * every);
    is_near(number_at(report, summary + "p999_response_time"), stall - 0.001 * every);
    is_near(number_at(report, summary + "max_response_time"), stall);
    BOOST_TEST(number_at(report, summary + "total_operations") == 8000);
    // Waiting for the target is not lateness of the generator.
    BOOST_TEST(number_at(report, "/phase_results/0/measurement/send_lag_p99") < 0.050);
  }
}

BOOST_AUTO_TEST_CASE(the_servers_counter_says_the_same) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::uint64_t before = nginx.requests();
  const auto run = ordeal.run(campaign(
      ordeal, nginx.url(),
      R"({"name": "open", "duration": "2s", "warm_up": "500ms", "connections": 20, "rate": 2000,
          "slo": {"success": ">=50%"}},
         {"name": "closed", "duration": "1s", "connections": 8, "judge": false})"));
  const auto served = static_cast<double>(nginx.requests() - before);
  const auto report = ordeal.report();
  BOOST_TEST_CONTEXT(run.out + run.err + at(report, "/wire")) {
    BOOST_TEST(wire(report, "warm_up") == 1000);
    BOOST_TEST(wire(report, "cancelled") == 0);
    BOOST_TEST(wire(report, "measured") > 3000);
    BOOST_TEST(wire(report, "total") == served);
  }
}

BOOST_AUTO_TEST_CASE(what_was_given_up_is_all_that_may_be_missing) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::uint64_t before = nginx.requests();
  const auto program = ordeal.start(campaign(
      ordeal, nginx.url(),
      R"({"name": "open", "duration": "3s", "connections": 20, "rate": 500, "timeout": "200ms",
          "slo": {"success": ">=10%"}},
         {"name": "closed", "duration": "3s", "connections": 8, "timeout": "200ms",
          "judge": false})"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  for (int i = 0; i < 2; ++i) {  // once in each phase
    nginx.pause();
    sleep_seconds(0.7);
    nginx.resume();
    sleep_seconds(2.5);
  }
  const auto code = program->wait(30);
  BOOST_REQUIRE(code.has_value());
  const auto report = ordeal.report();
  // What it found in its sockets is counted by now.
  const auto served = static_cast<double>(nginx.requests() - before);
  BOOST_TEST_CONTEXT(program->out() + program->err() + at(report, "/wire")) {
    BOOST_TEST(wire(report, "cancelled") > 0);
    BOOST_TEST(number_at(report, "/phase_results/0/test_result/outcomes/timeout") > 0);
    BOOST_TEST(number_at(report, "/phase_results/1/test_result/outcomes/timeout") > 0);
    BOOST_TEST(served <= wire(report, "total"));
    BOOST_TEST(served >= wire(report, "total") - wire(report, "cancelled"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
