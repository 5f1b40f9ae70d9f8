// SPDX-License-Identifier: Apache-2.0
// Every load model against a real nginx: as many operations as it says, and none that nginx did
// not count.
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

namespace {

std::string campaign(const Installed& ordeal, const Nginx& nginx, const std::string& load,
                     const std::string& phases) {
  const std::string path = ordeal.file("campaign.json");
  spill(path, "{\"campaign\": \"models\", \"seed\": 5, \"target\": {\"http\": \"" + nginx.url() +
                  "\"}, \"baseline\": {\"duration\": \"500ms\", \"required_health\": 0},\n"
                  "\"interval\": \"200ms\", \"load\": [" +
                  load + "], \"phases\": [" + phases + "], \"report\": [{\"report\": \"json\"}]}");
  return path;
}

/// Connections that nginx has accepted.
std::uint64_t accepted(const Nginx& nginx) {
  const std::string status = http_get(nginx.port(), "/ordeal_status");
  return std::stoull(status.substr(status.find_first_of("0123456789", status.find("requests"))));
}

double operations(const boost::json::value& report, int phase) {
  return number_at(
      report, "/phase_results/" + std::to_string(phase) + "/test_result/summary/total_operations");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load_models)

BOOST_AUTO_TEST_CASE(each_model_makes_its_load_and_nginx_counts_the_same) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  std::string recorded = "# 137 arrivals in a second, and two that the phase has no time for\n";
  for (int i = 0; i < 137; ++i) recorded += std::to_string(i / 137.0) + (i % 2 ? ",get\n" : "\n");
  spill(ordeal.file("arrivals.csv"), recorded + "30\n31,get\n");
  const std::uint64_t before = nginx.requests();
  const std::string file =
      campaign(ordeal, nginx, R"({"scenario": "http"})",
               R"({"name": "constant", "duration": "1s", "rate": 201, "judge": false},
        {"name": "ramp", "duration": "2s", "rate": {"from": 50, "to": 350}, "judge": false},
        {"name": "steps", "duration": "1s", "judge": false,
         "rate": [{"rate": 100, "for": "400ms"}, {"rate": 300}]},
        {"name": "poisson", "duration": "2s", "rate": 300, "arrivals": "poisson", "judge": false},
        {"name": "recorded", "duration": "1200ms", "arrivals_file": "arrivals.csv",
         "judge": false},
        {"name": "think", "duration": "1s", "connections": 4, "think": "50ms", "judge": false},
        {"name": "most", "duration": "20s", "rate": 200, "max_operations": 123, "judge": false},
        {"name": "churn", "duration": "1s", "connections": 4, "operations_per_connection": 10,
         "max_operations": 4000, "judge": false})");
  const std::uint64_t accepted_before = accepted(nginx);
  const auto run = ordeal.run({"run", file, "--yes"});
  const std::uint64_t served = nginx.requests() - before - 1;  // less that of accepted()
  const std::uint64_t connections = accepted(nginx) - accepted_before;
  const auto report = ordeal.report();
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(static_cast<double>(served) == number_at(report, "/wire/requests_sent/total"));
    BOOST_TEST(operations(report, 0) == 201);
    BOOST_TEST(std::abs(operations(report, 1) - 400) <= 4);
    BOOST_TEST(std::abs(operations(report, 2) - 220) <= 2);
    BOOST_TEST(std::abs(operations(report, 3) - 600) <= 5 * std::sqrt(600));
    BOOST_TEST(operations(report, 4) == 137);
    // At most one operation at once and one per 50 ms and connection; at least a third of that.
    BOOST_TEST(operations(report, 5) <= 4 * 21);
    BOOST_TEST(operations(report, 5) >= 28);
    BOOST_TEST(operations(report, 6) == 123);
    BOOST_TEST(operations(report, 7) >= 400);
    BOOST_TEST(operations(report, 7) <= 4000);
    // Each connection ends with its tenth operation, but for the four that the phase's end cuts
    // off.
    const double renewed = number_at(report, "/phase_results/7/connections/renewed");
    BOOST_TEST(renewed <= operations(report, 7) / 10);
    BOOST_TEST(renewed >= operations(report, 7) / 10 - 4);
    double opened = 1;  // and that of the probe
    for (int phase = 0; phase < 8; ++phase)
      opened +=
          number_at(report, "/phase_results/" + std::to_string(phase) + "/connections/opened");
    BOOST_TEST(static_cast<double>(connections) >= opened);
    BOOST_TEST(number_at(report, "/phase_results/0/connections/renewed") == 0);
    for (int phase = 0; phase < 8; ++phase)
      BOOST_TEST(number_at(report, "/phase_results/" + std::to_string(phase) +
                                       "/test_result/outcomes/ok") == operations(report, phase));
  }
  // What is to come is said in words.
  const std::string log = slurp(ordeal.run_dir() + "/logs/controller.log");
  for (const char* words :
       {"50/s to 350/s", "100/s for 400ms, 300/s for 600ms", "at random", "139 recorded arrivals",
        "thinking 50ms", "a new connection after 10 operations", "at most 123 operations"})
    BOOST_TEST(contains(run.out + run.err + log, words), words);
}

BOOST_AUTO_TEST_CASE(requests_of_further_attempts_are_counted_by_both) {
  Installed ordeal;
  Nginx nginx(ordeal.folder(), 50);  // every second request fails
  const std::uint64_t before = nginx.requests();
  const auto run =
      ordeal.run({"run",
                  campaign(ordeal, nginx,
                           R"({"scenario": "http", "timeouts": {"get": "5s"},
                    "retry": {"attempts": 4, "on": ["fail", "throttled"], "backoff": "1ms"}})",
                           R"({"name": "p", "duration": "2s", "rate": 400, "judge": false})"),
                  "--yes"});
  const auto served = static_cast<double>(nginx.requests() - before);
  const auto report = ordeal.report();
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(served == number_at(report, "/wire/requests_sent/total"));
    BOOST_TEST(operations(report, 0) == 800);
    // One half, one quarter and one eighth of 800 are tried again; one sixteenth never succeeds.
    BOOST_TEST(number_at(report, "/wire/requests_sent/retried") > 550);
    const double ok = number_at(report, "/phase_results/0/test_result/outcomes/ok");
    BOOST_TEST(std::abs(ok - 750) < 5 * std::sqrt(800 / 16.0));
  }
}

BOOST_AUTO_TEST_CASE(entries_share_the_connections_and_most_operations_of_a_phase) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::uint64_t before = nginx.requests();
  const auto run = ordeal.run(
      {"run",
       campaign(ordeal, nginx,
                R"({"scenario": "http"}, {"scenario": "http"}, {"scenario": "http"})",
                R"({"name": "p", "duration": "10s", "connections": 10, "max_operations": 100,
                    "judge": false},
                   {"name": "two", "duration": "10s", "connections": 6, "max_operations": 2,
                    "judge": false})"),
       "--yes"});
  const std::uint64_t served = nginx.requests() - before;
  const auto report = ordeal.report();
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(operations(report, 0) == 100);
    BOOST_TEST(number_at(report, "/phase_results/0/connections/opened") == 10);
    BOOST_TEST(operations(report, 1) == 2);  // fewer than entries
    BOOST_TEST(static_cast<double>(served) == number_at(report, "/wire/requests_sent/total"));
  }
}

BOOST_AUTO_TEST_CASE(entries_and_workers_split_arrivals_without_loss) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::uint64_t before = nginx.requests();
  std::string recorded;
  for (int i = 0; i < 301; ++i) recorded += std::to_string(i / 302.0) + "\n";
  spill(ordeal.file("arrivals.csv"), recorded);
  const auto run = ordeal.run({"run",
                               campaign(ordeal, nginx,
                                        R"({"scenario": "http", "workers": 2, "weight": 3},
                   {"scenario": "http", "workers": 2})",
                                        R"({"name": "recorded", "duration": "1s", "connections": 8,
                    "arrivals_file": "arrivals.csv", "judge": false},
                   {"name": "poisson", "duration": "1500ms", "connections": 8, "rate": 400,
                    "arrivals": "poisson", "judge": false})"),
                               "--yes"});
  const std::uint64_t served = nginx.requests() - before;
  const auto report = ordeal.report();
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(operations(report, 0) == 301);
    BOOST_TEST(std::abs(operations(report, 1) - 600) <= 5 * std::sqrt(600));
    BOOST_TEST(static_cast<double>(served) == number_at(report, "/wire/requests_sent/total"));
  }
}

BOOST_AUTO_TEST_CASE(a_recording_that_is_changed_in_mid_phase_makes_it_invalid) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  std::string recorded;
  for (int i = 0; i < 250; ++i)
    recorded += std::to_string(i / 100.0) + "\n# " + std::string(1'000, '.') + "\n";
  spill(ordeal.file("arrivals.csv"), recorded);
  const auto program =
      ordeal.start({"run",
                    campaign(ordeal, nginx, R"({"scenario": "http"})",
                             R"({"name": "p", "duration": "3s", "arrivals_file": "arrivals.csv"},
                   {"name": "q", "duration": "3s", "arrivals_file": "arrivals.csv"})"),
                    "--yes", "--set", "safety.cooldown=1s"});
  BOOST_REQUIRE(ordeal.wait_for_load());
  BOOST_REQUIRE(::truncate(ordeal.file("arrivals.csv").c_str(), 10) == 0);
  const auto code = program->wait(40);
  BOOST_TEST_CONTEXT(program->out() + program->err()) {
    BOOST_TEST_REQUIRE(code.has_value());
    BOOST_TEST(*code == 114);
    const std::string report = boost::json::serialize(ordeal.report());
    BOOST_TEST(contains(report, "arrivals.csv was changed, or could not be read to its end"));
    // Nor does another phase begin with what nobody has checked.
    BOOST_TEST(contains(report, "arrivals.csv has been changed since it was checked"));
  }
}

BOOST_AUTO_TEST_CASE(a_timeout_of_no_kind_ends_the_run_before_any_phase) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto run =
      ordeal.run({"run",
                  campaign(ordeal, nginx, R"({"scenario": "http", "timeouts": {"put": "1s"}})",
                           R"({"name": "p", "duration": "1s", "rate": 10, "judge": false})"),
                  "--yes"});
  BOOST_TEST(run.code == 104);
  BOOST_TEST(contains(run.out + run.err, "has no operation kind 'put'"));
  BOOST_TEST(nginx.requests() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
