// SPDX-License-Identifier: Apache-2.0
// Data feeders: what a scenario's operations are given, by a plugin that writes it down.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "e2e/installed.h"
#include "places.h"

using namespace ordeal::testing;
namespace fs = std::filesystem;

namespace {

struct Bench {
  Bench() { fs::create_directory(ordeal.file("seen")); }
  Finished run(const std::string& load, const std::string& phase) {
    spill(ordeal.file("campaign.json"),
          R"({"campaign": "feeder", "baseline": {"duration": "500ms", "required_health": 0},
              "load": [{"scenario": "records", "config": {"folder": ")" +
              ordeal.file("seen") + "\"}, " + load +
              R"(}], "phases": [{"name": "p", "duration": "1s", "judge": false, )" + phase +
              R"(}], "report": [{"report": "json"}]})");
    return ordeal.run({"run", ordeal.file("campaign.json"), "--yes", "--plugin-dir",
                       ORDEAL_BUILD_DIR "/tests/records"});
  }
  /// The lines that each process of the load (or of the probe) saw.
  std::vector<std::vector<std::string>> seen(const std::string& who) {
    std::vector<std::vector<std::string>> all;
    for (const auto& file : fs::directory_iterator(ordeal.file("seen"))) {
      if (file.path().filename().string().rfind(who, 0) != 0) continue;
      auto& lines = all.emplace_back();
      std::istringstream in(slurp(file.path()));
      for (std::string line; std::getline(in, line);) lines.push_back(line);
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  Installed ordeal;
};

std::string users(int count) {
  std::string text = "user,\"full name\"\r\n";
  for (int i = 0; i < count; ++i)
    text += "u" + std::to_string(i) + ",\"A \"\"" + std::to_string(i) + "\"\", B\"\r\n";
  return text;
}
std::string user(int i) {
  const std::string n = std::to_string(i);
  return R"({"user":"u)" + n + R"(","full name":"A \")" + n + R"(\", B"})";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(feeder, Bench)

BOOST_AUTO_TEST_CASE(two_workers_share_the_records_in_turn) {
  spill(ordeal.file("users.csv"), users(7));
  const auto done =
      run(R"("workers": 2, "feeder": {"file": "users.csv"})", R"("connections": 2, "rate": 40)");
  BOOST_TEST_CONTEXT(done.out + done.err) {
    const auto workers = seen("load-");
    BOOST_TEST_REQUIRE(workers.size() == 2u);
    for (int worker = 0; worker < 2; ++worker) {
      BOOST_TEST(workers[worker].size() == 20u);
      for (std::size_t i = 0; i < workers[worker].size(); ++i)
        BOOST_TEST(workers[worker][i] == user((worker + 2 * static_cast<int>(i)) % 7));
    }
    const auto probe = seen("probe-");
    BOOST_TEST_REQUIRE(probe.size() == 1u);
    BOOST_TEST(probe[0].size() == 20u);
    BOOST_TEST(probe[0][8] == user(1));
  }
}

BOOST_AUTO_TEST_CASE(a_worker_that_is_killed_leaves_the_rest_to_the_next_one) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "{\"n\": " + std::to_string(i) + "}\n";
  spill(ordeal.file("n.jsonl"), text);
  spill(
      ordeal.file("campaign.json"),
      R"({"campaign": "feeder", "interval": "200ms", "baseline": {"duration": "500ms", "required_health": 0},
            "load": [{"scenario": "records", "config": {"folder": ")" +
          ordeal.file("seen") + R"("}, "feeder": {"file": "n.jsonl"}}],
            "phases": [{"name": "p", "duration": "8s", "connections": 2, "rate": 60,
                        "max_operations": 120, "judge": false}],
            "report": [{"report": "json"}]})");
  const auto program = ordeal.start({"run", ordeal.file("campaign.json"), "--yes", "--plugin-dir",
                                     ORDEAL_BUILD_DIR "/tests/records"});
  BOOST_REQUIRE(ordeal.wait_for_load());
  sleep_seconds(0.5);
  const pid_t cell = process_of(ordeal.run_id(), "load-0-records");
  BOOST_REQUIRE(cell > 0);
  BOOST_REQUIRE(::kill(cell, SIGKILL) == 0);
  BOOST_TEST(program->wait(30).has_value());
  const auto workers = seen("load-");
  BOOST_TEST_REQUIRE(workers.size() == 2u);
  std::vector<std::string> all;
  for (const auto& lines : workers) {
    BOOST_TEST(lines.size() > 10u);
    BOOST_TEST(lines.size() < 110u);
    all.insert(all.end(), lines.begin(), lines.end());
  }
  // No operation beyond the bound, and no record twice. The one that was just being issued when
  // its process died may not have got as far as the plugin.
  BOOST_TEST(all.size() >= 119u);
  BOOST_TEST(all.size() <= 120u);
  const std::set<std::string> once(all.begin(), all.end());
  BOOST_TEST(once.size() == all.size());
  for (int i = 0; i < 120; ++i)
    if (once.count("{\"n\": " + std::to_string(i) + "}") == 0)
      BOOST_TEST(all.size() == 119u, "record " << i << " is missing");
}

BOOST_AUTO_TEST_CASE(unique_records_are_used_once_and_then_operations_are_dropped) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "{\"n\": " + std::to_string(i) + "}\n";
  spill(ordeal.file("n.jsonl"), text);
  const auto done = run(R"("workers": 2, "feeder": {"file": "n.jsonl", "order": "unique"})",
                        R"("connections": 2, "rate": 50)");
  BOOST_TEST_CONTEXT(done.out + done.err) {
    std::set<std::string> once;
    std::size_t all = 0;
    for (const char* who : {"probe-", "load-"})
      for (const auto& lines : seen(who)) {
        once.insert(lines.begin(), lines.end());
        all += lines.size();
      }
    BOOST_TEST(all == 60u);
    BOOST_TEST(once.size() == 60u);
    const auto report = ordeal.report();
    // Twenty went to the probe.
    BOOST_TEST(number_at(report, "/phase_results/0/test_result/outcomes/ok") == 40);
    BOOST_TEST(number_at(report, "/phase_results/0/test_result/outcomes/dropped") == 10);
    BOOST_TEST(contains(boost::json::serialize(report), "has no more of its 60 records"));
    BOOST_TEST(at(report, "/phase_results/0/test_result/errors/0/meaning") ==
               "the feeder had no record left");
    BOOST_TEST(number_at(report, "/phase_results/0/test_result/errors/0/count") == 10);
    BOOST_TEST(at(report, "/phase_results/0/test_result/errors/1") == "(none)");
  }
}

BOOST_AUTO_TEST_CASE(closed_load_ends_with_its_records) {
  spill(ordeal.file("n.csv"),
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n"
        "20\n21\n22\n23\n");
  const double began = now_seconds();
  const auto done = run(R"("feeder": {"file": "n.csv", "header": false, "order": "unique"})",
                        R"("connections": 1)");
  BOOST_TEST_CONTEXT(done.out + done.err) {
    const auto lines = seen("load-");
    BOOST_TEST_REQUIRE(lines.size() == 1u);
    BOOST_TEST((lines[0] ==
                std::vector<std::string>{R"({"c1":"21"})", R"({"c1":"22"})", R"({"c1":"23"})"}));
    BOOST_TEST(number_at(ordeal.report(), "/phase_results/0/test_result/outcomes/dropped") == 1);
    BOOST_TEST(now_seconds() - began < 30);
  }
}

BOOST_AUTO_TEST_CASE(random_records_repeat_with_the_seed) {
  spill(ordeal.file("users.csv"), users(100));
  std::vector<std::vector<std::string>> before;
  for (int round = 0; round < 2; ++round) {
    fs::remove_all(ordeal.file("seen"));
    fs::create_directory(ordeal.file("seen"));
    run(R"("feeder": {"file": "users.csv", "order": "random"})", R"("connections": 1, "rate": 50)");
    const auto lines = seen("load-");
    BOOST_TEST_REQUIRE(lines.size() == 1u);
    BOOST_TEST(lines[0].size() == 50u);
    BOOST_TEST(std::set<std::string>(lines[0].begin(), lines[0].end()).size() > 20u);
    if (round == 1) BOOST_TEST((lines == before));
    before = lines;
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_emptied_meanwhile_is_named_and_not_missed) {
  spill(ordeal.file("users.csv"), users(10));
  spill(ordeal.file("campaign.json"),
        R"({"campaign": "feeder", "baseline": {"duration": "500ms", "required_health": 0},
            "load": [{"scenario": "records", "config": {"folder": ")" +
            ordeal.file("seen") + R"("}, "feeder": {"file": "users.csv"}}],
            "phases": [{"name": "p", "duration": "3s", "rate": 20, "judge": false}],
            "report": [{"report": "json"}]})");
  const auto program = ordeal.start({"run", ordeal.file("campaign.json"), "--yes", "--plugin-dir",
                                     ORDEAL_BUILD_DIR "/tests/records"});
  BOOST_REQUIRE(ordeal.wait_for_load());
  BOOST_REQUIRE(::truncate(ordeal.file("users.csv").c_str(), 0) == 0);
  BOOST_TEST(program->wait(30).has_value());
  const std::string report = boost::json::serialize(ordeal.report());
  BOOST_TEST(contains(report, "users.csv was written to during the run"));
  BOOST_TEST(!contains(report, "SIGBUS"));
  BOOST_TEST(!contains(report, "cell_died"));
  const auto workers = seen("load-");
  BOOST_TEST_REQUIRE(workers.size() == 1u);
  BOOST_TEST(workers[0].size() == 60u);
  for (std::size_t i = 0; i < workers[0].size(); ++i)
    BOOST_TEST(workers[0][i] == user(static_cast<int>(i) % 10));
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_named_before_any_load) {
  spill(ordeal.file("users.csv"), "user,name\nu1,A\nu2,B,C\n");
  const auto done = run(R"("feeder": {"file": "users.csv"})", R"("connections": 1)");
  BOOST_TEST(done.code == 104);
  BOOST_TEST(contains(done.err, ordeal.file("users.csv") + ":3:1: "), done.err);
  BOOST_TEST(contains(done.err, "a record of 3 fields; expected 2, as in the first"), done.err);
  BOOST_TEST(std::count(done.err.begin(), done.err.end(), '\n') == 1);
  const auto missing = run(R"("feeder": {"file": "nobody.csv"})", R"("connections": 1)");
  BOOST_TEST(missing.code == 104);
  BOOST_TEST(contains(missing.err, ordeal.file("nobody.csv")), missing.err);
  BOOST_TEST(contains(missing.err, "No such file"), missing.err);
  BOOST_TEST(ordeal.run_dirs().empty());
}

BOOST_AUTO_TEST_SUITE_END()
