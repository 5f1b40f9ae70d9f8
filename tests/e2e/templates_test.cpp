// SPDX-License-Identifier: Apache-2.0
// Requests filled in from a feeder's file, as nginx wrote them to its access log.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

namespace {

/// One nginx reads the bodies to pass them on to itself, and so can write them to its log.
struct Bench {
  Bench()
      : nginx(ordeal.folder(), 0,
              "  log_format records escape=none '$connection\t$request_uri\t$http_x_name\t"
              "$request_body';\n  server {\n    listen 127.0.0.1:" +
                  std::to_string(port) + ";\n    location / { access_log " + log() +
                  " records; proxy_pass http://127.0.0.1:" + std::to_string(sink) +
                  "; }\n  }\n  server { listen 127.0.0.1:" + std::to_string(sink) +
                  "; location / { return 204; } }\n") {}
  [[nodiscard]] std::string log() const { return ordeal.file("access.log"); }

  Finished run(const std::string& load, const std::string& phase) {
    spill(
        ordeal.file("campaign.json"),
        R"({"campaign": "templates", "baseline": {"duration": "1s", "required_health": 0},
              "target": {"http": "http://127.0.0.1:)" +
            std::to_string(port) +
            R"("}, "load": [{"scenario": "http", "config": {"headers": {"X-Name": "{{full name}}"},
                "requests": [{"kind": "save", "method": "POST",
                  "path": "/records/{{user}}?name={{full name}}",
                  "body": {"user": "{{user}}", "name": "{{full name}}"}}]}, )" +
            load + R"(}], "phases": [{"name": "p", "duration": "1s", "judge": false, )" + phase +
            R"(}], "report": [{"report": "json"}, {"report": "text"}]})");
    return ordeal.run({"run", ordeal.file("campaign.json"), "--yes"});
  }

  /// What nginx logged, by connection, in the order in which the connections first sent.
  std::vector<std::vector<std::string>> logged() const {
    std::vector<std::vector<std::string>> all;
    std::map<std::string, std::size_t> places;
    std::istringstream in(slurp(log()));
    for (std::string line; std::getline(in, line);) {
      const auto tab = line.find('\t');
      if (tab == std::string::npos || !contains(line, "\t/records/")) continue;
      const auto place = places.emplace(line.substr(0, tab), all.size());
      if (place.second) all.emplace_back();
      all[place.first->second].push_back(line.substr(tab + 1));
    }
    return all;
  }

  Installed ordeal;
  int port = free_port();
  int sink = free_port();
  Nginx nginx;
};

std::string record(int i) {
  const std::string n = std::to_string(i);
  return "/records/u%2F" + n + "?name=A%20%22" + n + "%22%2C%20B\tA \"" + n +
         "\", B\t{\"user\":\"u/" + n + R"(","name":"A \")" + n + R"(\", B"})";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(templates, Bench)

BOOST_AUTO_TEST_CASE(two_workers_send_the_records_of_a_csv_file_in_turn) {
  std::string text = "user,\"full name\"\r\n";
  for (int i = 0; i < 7; ++i)
    text += "u/" + std::to_string(i) + ",\"A \"\"" + std::to_string(i) + "\"\", B\"\r\n";
  spill(ordeal.file("users.csv"), text);
  const auto done =
      run(R"("workers": 2, "feeder": {"file": "users.csv"})", R"("connections": 2, "rate": 40)");
  BOOST_TEST_CONTEXT(done.out + done.err) {
    const auto connections = logged();
    BOOST_TEST_REQUIRE(connections.size() >= 3u);  // the last two are the phase's
    std::set<int> workers;
    for (auto sent = connections.end() - 2; sent != connections.end(); ++sent) {
      BOOST_TEST(sent->size() == 20u);
      const int worker = sent->front() == record(0) ? 0 : 1;
      workers.insert(worker);
      for (std::size_t i = 0; i < sent->size(); ++i)
        BOOST_TEST((*sent)[i] == record((worker + 2 * static_cast<int>(i)) % 7));
    }
    BOOST_TEST(workers.size() == 2u);
    const auto report = ordeal.report();
    BOOST_TEST(number_at(report, "/phase_results/0/test_result/outcomes/ok") == 40);
    BOOST_TEST(at(report, "/phase_results/0/load_model/entries/0/text") ==
               "2 workers; records of users.csv, one after the other");
    BOOST_TEST(contains(slurp(ordeal.run_dir() + "/reports/campaign_summary.txt"),
                        "  - http, in every phase: 2 workers; records of users.csv, one after the "
                        "other\n"));
  }
}

BOOST_AUTO_TEST_CASE(unique_records_of_json_lines_are_never_sent_twice) {
  std::string text;
  for (int i = 0; i < 80; ++i) {
    const std::string n = std::to_string(i);
    text +=
        R"({"user": "u/)" + n + R"(", "full name": "A \")" + n + R"(\", B", "age": )" + n + "}\n";
  }
  spill(ordeal.file("users.jsonl"), text);
  const auto done = run(R"("workers": 3, "feeder": {"file": "users.jsonl", "order": "unique"})",
                        R"("connections": 6)");
  BOOST_TEST_CONTEXT(done.out + done.err) {
    std::multiset<std::string> sent;
    for (const auto& lines : logged()) sent.insert(lines.begin(), lines.end());
    BOOST_TEST(sent.size() == 80u);
    for (int i = 0; i < 80; ++i) BOOST_TEST(sent.count(record(i)) == 1u, record(i));
    BOOST_TEST(at(ordeal.report(), "/phase_results/0/load_model/entries/0/feeder/order") ==
               "unique");
  }
}

BOOST_AUTO_TEST_SUITE_END()
