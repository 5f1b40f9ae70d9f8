// SPDX-License-Identifier: Apache-2.0
// The main job against a real nginx.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

namespace {

std::vector<std::string> shortened(const Nginx& nginx, const std::string& duration) {
  return {"run",
          "quick",
          "--yes",
          "--set",
          "target.http=" + nginx.url(),
          "--set",
          "phases.0.duration=" + duration,
          "--set",
          "baseline.duration=1s"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quick)

BOOST_AUTO_TEST_CASE(as_shipped_it_passes_and_counts_every_request) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::uint64_t before = nginx.requests();
  const auto run = ordeal.run({"run", "quick", "--yes", "--set", "target.http=" + nginx.url()});
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(run.code == 0);
    BOOST_TEST(contains(run.out, "GO"));
    BOOST_TEST(contains(run.out, "campaign_report.html"));
  }
  const auto served = static_cast<double>(nginx.requests() - before);
  const auto report = ordeal.report();
  BOOST_TEST(served > 2900);
  BOOST_TEST(served == number_at(report, "/wire/requests_sent/total"));
  BOOST_TEST(at(report, "/verdict/verdict") == "go");
  BOOST_TEST(number_at(report, "/verdict/exit_code") == 0);
  BOOST_TEST(at(report, "/measurement/valid") == "true");
}

BOOST_AUTO_TEST_CASE(a_tenth_of_503_is_a_no_go_that_names_the_limit) {
  Installed ordeal;
  Nginx nginx(ordeal.folder(), 10);
  const auto run = ordeal.run(shortened(nginx, "4s"));
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(run.code == 99);
    BOOST_TEST(contains(run.out, "NO-GO"));
  }
  const auto report = ordeal.report();
  BOOST_TEST(at(report, "/verdict/verdict") == "no-go");
  BOOST_TEST(at(report, "/phase_results/0/phase_analysis/assertions/0/metric") == "success");
  BOOST_TEST(at(report, "/phase_results/0/phase_analysis/assertions/0/result") == "missed");
  BOOST_TEST(contains(at(report, "/verdict/reasons"), "success"));
  BOOST_TEST(at(report, "/phase_results/0/test_result/errors/0/class") == "fail");
  BOOST_TEST(number_at(report, "/phase_results/0/test_result/errors/0/code") == 503);
}

BOOST_AUTO_TEST_CASE(a_target_that_goes_away_fails_the_phase_and_hangs_nothing) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(shortened(nginx, "6s"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  sleep_seconds(1);
  nginx.stop();
  const auto code = program->wait(30);
  BOOST_TEST_CONTEXT(program->err()) { BOOST_TEST(code.value_or(-1) == 99); }
  const auto report = ordeal.report();
  BOOST_TEST(at(report, "/phase_results/0/phase_analysis/result") == "failed");
  const auto* outcomes = "/phase_results/0/test_result/outcomes/";
  BOOST_TEST(number_at(report, std::string(outcomes) + "ok") > 0);
  BOOST_TEST(number_at(report, std::string(outcomes) + "refused") +
                 number_at(report, std::string(outcomes) + "dropped") >
             0);
  BOOST_TEST(processes_of(ordeal.run_id()).empty());
}

BOOST_AUTO_TEST_SUITE_END()
