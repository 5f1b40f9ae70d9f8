// SPDX-License-Identifier: Apache-2.0
// A real run's .hlog and .hgrm, read with another implementation of HdrHistogram.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "e2e/installed.h"
#include "e2e/nginx.h"
#include "places.h"

using namespace ordeal::testing;
namespace json = boost::json;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(histograms)

BOOST_AUTO_TEST_CASE(a_runs_histograms_hold_what_its_json_report_says) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto run = ordeal.run({"run", "quick", "--yes", "--set", "target.http=" + nginx.url(),
                               "--set", "phases.0.duration=4s", "--set", "baseline.duration=1s",
                               "--set", R"(report=[{"report":"json"},{"report":"hdr"}])"});
  BOOST_TEST_CONTEXT(run.out + run.err) { BOOST_REQUIRE_EQUAL(run.code, 0); }
  const std::string reports = ordeal.run_dir() + "/reports/";
  const auto report = ordeal.report();
  const std::string phase = at(report, "/phase_results/0/phase_info/name");
  const std::string stem = reports + "phase_1_" + phase + "_http_get";
  BOOST_REQUIRE(fs::exists(stem + ".hlog"));
  // What a person is pointed to at the end are the summaries, not these.
  BOOST_TEST(!contains(run.out, ".hgrm"));

  const std::string source = ORDEAL_SOURCE_DIR;
  const std::string answer = ordeal.file("tags.json");
  const std::string command = "node '" + source + "/tests/plugins/hdr_files.cjs' '" + source +
                              "/packaging/npm/node_modules/hdr-histogram-js' '" + stem +
                              ".hlog' 1000 >'" + answer + "'";
  BOOST_REQUIRE_EQUAL(std::system(command.c_str()), 0);
  const json::value tags = json::parse(slurp(answer));

  const std::string of_kind = "/phase_results/0/test_result/operation_breakdown/http.get/";
  const double operations = number_at(report, of_kind + "total_operations");
  BOOST_TEST(operations > 500);
  BOOST_TEST(number_at(tags, "/latency/count") == operations);
  BOOST_TEST(number_at(tags, "/service/count") ==
             number_at(report, "/phase_results/0/service_time/count"));
  // In the order of the oracle: p0, p50, p90, p99, p99.9; nanoseconds there, seconds here.
  const auto same = [&](const std::string& tag, const std::string& index,
                        const std::string& pointer) {
    BOOST_TEST_CONTEXT(pointer) {
      const double theirs = number_at(tags, "/" + tag + "/percentiles/" + index);
      const double ours = std::round(number_at(report, pointer) * 1e9);
      // In its last bucket ordeal knows the exact maximum, which is no greater.
      BOOST_TEST(ours <= theirs);
      BOOST_TEST(ours > theirs * 0.999);
    }
  };
  same("latency", "1", of_kind + "p50_response_time");
  same("latency", "2", of_kind + "p90_response_time");
  same("latency", "3", of_kind + "p99_response_time");
  same("latency", "4", of_kind + "p999_response_time");
  same("service", "1", "/phase_results/0/service_time/p50");
  same("service", "3", "/phase_results/0/service_time/p99");

  std::size_t marks = 0;
  for (const auto& mark : report.at_pointer("/phase_results/0/marks").as_object()) {
    ++marks;
    const std::string name = mark.key();
    BOOST_TEST(number_at(tags, "/" + name + "/count") ==
               mark.value().at("count").to_number<double>());
    BOOST_TEST(at(tags, "/" + name + "/distribution") == slurp(stem + "_" + name + ".hgrm"));
  }
  BOOST_TEST(marks >= 2u);
  BOOST_TEST(at(tags, "/latency/distribution") == slurp(stem + "_latency.hgrm"));
  BOOST_TEST(at(tags, "/service/distribution") == slurp(stem + "_service.hgrm"));

  // Written again from the journal, they are the same.
  const std::string log = slurp(stem + ".hlog");
  fs::remove(stem + ".hlog");
  BOOST_TEST(ordeal.run({"report"}).code == 0);
  BOOST_TEST((slurp(stem + ".hlog") == log));
}

BOOST_AUTO_TEST_SUITE_END()
