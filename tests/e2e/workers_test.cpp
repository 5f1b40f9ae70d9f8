// SPDX-License-Identifier: Apache-2.0
// A load made by several processes is one load to everybody else, and none of it is lost.
#include <sched.h>
#include <signal.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "e2e/installed.h"
#include "e2e/nginx.h"
#include "journal/journal.h"

using namespace ordeal::testing;

namespace {

/// A campaign of one load and these phases, none of them judged.
std::string campaign(const Installed& ordeal, const Nginx& nginx, const std::string& load,
                     const std::string& phases) {
  const std::string path = ordeal.file("campaign.json");
  spill(path, "{\"campaign\": \"workers\", \"target\": {\"http\": \"" + nginx.url() +
                  "\"}, \"baseline\": {\"duration\": \"500ms\", \"required_health\": 0},\n"
                  "\"interval\": \"200ms\", \"load\": [" +
                  load + "], \"phases\": [" + phases + "], \"report\": [{\"report\": \"json\"}]}");
  return path;
}

/// How many values the journal's histograms of one series hold.
double values_of(const Installed& ordeal, std::int32_t phase, const std::string& series) {
  auto journal = ::ordeal::JournalReader::open(ordeal.run_dir() + "/journal.db");
  BOOST_TEST_REQUIRE(!!journal);
  auto histograms = (*journal)->phase_histograms(phase);
  BOOST_TEST_REQUIRE(!!histograms);
  double count = 0;
  for (const auto& one : *histograms)
    if (one.series == series) count += static_cast<double>(one.histogram.count());
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(workers)

BOOST_AUTO_TEST_CASE(two_workers_are_one_load_and_every_request_is_counted) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::uint64_t before = nginx.requests();
  const auto run =
      ordeal.run({"run",
                  campaign(ordeal, nginx, R"({"scenario": "http", "workers": 2})",
                           R"({"name": "open", "duration": "2s", "rate": 301, "connections": 7,
                           "judge": false},
                          {"name": "closed", "duration": "1s", "connections": 5, "judge": false},
                          {"name": "single", "duration": "500ms", "connections": 1,
                           "judge": false})"),
                  "--yes"});
  const auto served = static_cast<double>(nginx.requests() - before);
  const auto report = ordeal.report();
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(served == number_at(report, "/wire/requests_sent/total"));
    for (const char* phase : {"0", "1", "2"}) {
      const std::string result = std::string("/phase_results/") + phase + "/test_result";
      BOOST_TEST_CONTEXT(result) {
        // What the merged histograms hold against what the workers counted.
        const double ended = number_at(report, result + "/summary/total_operations");
        BOOST_TEST(ended > 100);
        BOOST_TEST(number_at(report, result + "/outcomes/ok") == ended);
        BOOST_TEST(values_of(ordeal, std::stoi(phase), "service") == ended);
      }
    }
    // The union of both schedules is the even one, to the operation.
    BOOST_TEST(number_at(report, "/phase_results/0/test_result/summary/total_operations") == 602);
  }
  BOOST_TEST(contains(slurp(ordeal.run_dir() + "/logs/controller.log"),
                      "has work for 1 of its 2 workers"));
}

BOOST_AUTO_TEST_CASE(a_worker_that_is_killed_comes_back_and_only_its_time_is_missing) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program =
      ordeal.start({"run",
                    campaign(ordeal, nginx, R"({"scenario": "http", "workers": 2})",
                             R"({"name": "p", "duration": "4s", "rate": 400, "connections": 4,
                           "judge": false})"),
                    "--yes"});
  BOOST_REQUIRE(ordeal.wait_for_load());
  sleep_seconds(1);
  const pid_t first = process_of(ordeal.run_id(), "load-0-http-0");
  const pid_t second = process_of(ordeal.run_id(), "load-0-http-1");
  BOOST_REQUIRE(first > 0);
  BOOST_REQUIRE(second > 0);
  BOOST_REQUIRE(::kill(second, SIGKILL) == 0);
  const auto code = program->wait(40);
  BOOST_TEST_CONTEXT(program->out() + program->err()) { BOOST_TEST(code.has_value()); }
  const auto report = ordeal.report();
  const std::string said = boost::json::serialize(report);
  BOOST_TEST(contains(said, "load-0-http-1"));
  BOOST_TEST(contains(said, "SIGKILL"));
  const double ended = number_at(report, "/phase_results/0/test_result/summary/total_operations");
  // Of 1,600 operations those of one worker in the second or less that it was gone.
  BOOST_TEST(ended > 1200);
  BOOST_TEST(ended < 1600);
}

BOOST_AUTO_TEST_CASE(workers_run_where_they_are_pinned) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  cpu_set_t usable;
  ::sched_getaffinity(0, sizeof usable, &usable);
  int last = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &usable)) last = core;
  const auto program = ordeal.start(
      {"run",
       campaign(ordeal, nginx,
                R"({"scenario": "http", "workers": 2, "cores": [)" + std::to_string(last) + "]}",
                R"({"name": "p", "duration": "2s", "connections": 2, "rate": 50,
                    "judge": false})"),
       "--yes"});
  BOOST_REQUIRE(ordeal.wait_for_load());
  for (const char* name : {"load-0-http-0", "load-0-http-1"}) {
    const pid_t pid = process_of(ordeal.run_id(), name);
    BOOST_REQUIRE(pid > 0);
    cpu_set_t set;
    BOOST_REQUIRE(::sched_getaffinity(pid, sizeof set, &set) == 0);
    BOOST_TEST(CPU_COUNT(&set) == 1);
    BOOST_TEST(CPU_ISSET(last, &set));
  }
  BOOST_TEST(program->wait(40).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
