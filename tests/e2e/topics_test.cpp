// SPDX-License-Identifier: Apache-2.0
// Two plugins from outside the source tree, in cells of their own, that know of each other by a
// topic in their manifests and nothing else.
#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "e2e/installed.h"
#include "journal/journal.h"
#include "places.h"

using namespace ordeal::testing;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

const std::string topic = "org.example.numbers/next";

struct Bench {
  Bench() {
    fs::create_directory(plugins);
    for (const auto& [consumer, id] : {std::pair{"topic_publisher", "org.example.publisher"},
                                       std::pair{"topic_subscriber", "org.example.subscriber"}}) {
      fs::copy_file(std::string(ORDEAL_BUILD_DIR "/tests/consumers/") + consumer + "/" + id + ".so",
                    plugins + "/" + id + ".so");
      manifest(id, slurp(std::string(ORDEAL_SOURCE_DIR "/tests/consumers/") + consumer + "/" + id +
                         ".json"));
    }
  }
  void manifest(const std::string& id, const std::string& text) {
    spill(plugins + "/" + id + ".json", text);
  }
  /// Replaces in a manifest.
  void change(const std::string& id, const std::string& from, const std::string& to) {
    std::string text = slurp(plugins + "/" + id + ".json");
    const auto at = text.find(from);
    BOOST_TEST_REQUIRE(at != std::string::npos);
    manifest(id, text.replace(at, from.size(), to));
  }
  Finished run(const std::string& command, const std::string& scenario, const std::string& report,
               const std::string& duration = "3s", const std::string& more_collectors = "") {
    spill(ordeal.file("topics.json"),
          R"({"campaign": "topics", "version": 1, "duration": "1m",
              "baseline": {"duration": "500ms", "required_health": 0},
              "load": [{"scenario": ")" +
              scenario + R"("}], "collect": [{"collector": "system", "interval": "1s"})" +
              more_collectors + R"(],
              "phases": [{"name": "a", "connections": 2, "rate": 80,
                          "slo": {"success": ">=50%"}, "duration": ")" +
              duration + R"("}], "report": [{"report": "json"}, {"report": "text"}, {"report": ")" +
              report + R"("}, {"report": "html"}]})");
    std::vector<std::string> words{command, ordeal.file("topics.json"), "--plugin-dir", plugins};
    if (command == "run") words.emplace_back("--yes");
    return ordeal.run(words, 60);
  }
  /// What the journal of the newest run has on the topic: seq and number, a line each.
  std::string journalled() {
    auto journal = ordeal::JournalReader::open(ordeal.run_dir() + "/journal.db");
    BOOST_TEST_REQUIRE(!!journal, (journal ? "" : journal.error().line()));
    auto events = (*journal)->topic_events();
    BOOST_TEST_REQUIRE(!!events, (events ? "" : events.error().line()));
    std::string text;
    for (const auto& event : *events) {
      BOOST_TEST(event.topic == topic);
      BOOST_TEST(event.source == "org.example.publisher 0.1.0 (scenario numbers)");
      BOOST_TEST(event.body == "{}");
      std::uint64_t number = 0;
      BOOST_TEST_REQUIRE(event.payload.size() == sizeof number);
      std::memcpy(&number, event.payload.data(), sizeof number);
      text += std::to_string(event.seq) + " " + std::to_string(number) + "\n";
    }
    return text;
  }
  /// Drops of the topic in the campaign report; they are that subscriber's.
  std::uint64_t dropped(const std::string& subscriber) {
    std::uint64_t count = 0;
    const json::value report = ordeal.report();
    for (const auto& drop : report.at_pointer("/measurement/bus_drops").as_array()) {
      if (at(drop, "/topic") != topic) continue;
      BOOST_TEST(at(drop, "/subscriber") == subscriber);
      count += static_cast<std::uint64_t>(number_at(drop, "/dropped"));
    }
    return count;
  }
  void refused(const Finished& run, const std::vector<std::string>& parts) {
    BOOST_TEST_CONTEXT(run.out + run.err) {
      BOOST_TEST(run.code == 113);
      BOOST_TEST(std::count(run.err.begin(), run.err.end(), '\n') == 1);
      for (const auto& part : parts) BOOST_TEST(contains(run.err, part), part);
    }
    BOOST_TEST(ordeal.run_dirs().empty());
  }

  Installed ordeal;
  std::string plugins = ordeal.file("plugins");
};

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(topics)

BOOST_AUTO_TEST_CASE(what_is_seen_is_what_the_journal_has_in_its_order) {
  Bench bench;
  // The baseline's probes come in one burst, and a busy machine may keep the subscriber waiting.
  bench.change("org.example.subscriber", R"("depth": 8)", R"("depth": 1024)");
  const auto run = bench.run("run", "numbers", "seen");
  BOOST_TEST_CONTEXT(run.out + run.err) { BOOST_TEST((run.code == 0 || run.code == 114)); }
  const std::string seen = slurp(bench.ordeal.run_dir() + "/reports/seen.txt");
  const std::string journalled = bench.journalled();
  BOOST_TEST(lines(seen) > 100u);
  BOOST_TEST(journalled == seen);
  BOOST_TEST(bench.dropped("org.example.subscriber 0.2.0 (report seen)") == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_slow_subscriber_misses_stands_in_the_report) {
  Bench bench;
  const auto run = bench.run("run", "numbers", "slow");
  BOOST_TEST_CONTEXT(run.out + run.err) { BOOST_TEST((run.code == 0 || run.code == 114)); }
  const std::string seen = slurp(bench.ordeal.run_dir() + "/reports/slow.txt");
  const std::string journalled = bench.journalled();
  // In order, each of them one of the journal's; what was before its cell came up is nobody's.
  std::istringstream all(journalled), some(seen);
  std::size_t before = 0;
  bool begun = false;
  for (std::string wanted, line; std::getline(some, wanted); begun = true) {
    while (std::getline(all, line) && line != wanted) before += begun ? 0 : 1;
    BOOST_TEST_REQUIRE(line == wanted);
  }
  const std::uint64_t dropped = bench.dropped("org.example.subscriber 0.2.0 (report slow)");
  BOOST_TEST(dropped > 20u);
  BOOST_TEST(lines(seen) + dropped + before == lines(journalled));
  for (const char* report : {"campaign_summary.txt", "campaign_report.html"})
    BOOST_TEST(contains(slurp(bench.ordeal.run_dir() + "/reports/" + report),
                        std::to_string(dropped) + " events of " + topic +
                            " did not reach org.example.subscriber 0.2.0 (report slow)"),
               report);
}

BOOST_AUTO_TEST_CASE(a_control_event_that_is_not_taken_fails_the_run) {
  Bench bench;
  for (const char* id : {"org.example.publisher", "org.example.subscriber"})
    bench.change(id, "\"stream\"", "\"control\"");
  const auto run = bench.run("run", "numbers", "seen", "20s", R"(, {"collector": "stuck"})");
  const std::string subscriber = "org.example.subscriber 0.2.0 (collector stuck)";
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(run.code == 109);
    BOOST_TEST(contains(run.err + run.out, "a control event could not be delivered in time: " +
                                               topic + " to " + subscriber));
  }
  // Blamed on that subscriber, not on the other.
  BOOST_TEST(bench.dropped(subscriber) >= 1u);
  const std::string summary = slurp(bench.ordeal.run_dir() + "/reports/campaign_summary.txt");
  BOOST_TEST_CONTEXT(summary) {
    BOOST_TEST(contains(summary, topic));
    BOOST_TEST(contains(summary, subscriber));
  }
  // Two seconds after the ring was full, not at the end of the phase.
  BOOST_TEST(lines(bench.journalled()) < 80u * 15u);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_before_anything_is_made) {
  for (const char* command : {"run", "check"}) {
    const auto both = [](const Bench& bench) {
      return std::vector<std::string>{bench.plugins + "/org.example.publisher.json",
                                      bench.plugins + "/org.example.subscriber.json",
                                      "/topics/publishes/0", "/topics/subscribes/0", topic};
    };
    Bench revision;
    revision.change("org.example.subscriber", "\"revision\": 2", "\"revision\": 1");
    revision.refused(revision.run(command, "numbers", "seen"), both(revision));
    Bench queue;
    queue.change("org.example.subscriber", "\"stream\"", "\"control\"");
    queue.refused(queue.run(command, "numbers", "seen"), both(queue));
    Bench missing;
    missing.change("org.example.publisher", topic, "org.example.numbers/last");
    missing.refused(missing.run(command, "numbers", "seen"),
                    {missing.plugins + "/org.example.subscriber.json", "/topics/subscribes/0"});
    Bench host_topic;
    host_topic.change("org.example.subscriber", topic, "interval/1");
    host_topic.refused(host_topic.run(command, "numbers", "seen"),
                       {"interval/1", "org.example.subscriber.json"});
  }
}

BOOST_AUTO_TEST_CASE(a_topic_the_manifest_does_not_declare_is_refused_at_create) {
  Bench bench;
  const auto run = bench.run("run", "rogue", "seen");
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(run.code == 113);
    BOOST_TEST(contains(run.out + run.err, "org.example.secret/thing"));
    BOOST_TEST(contains(run.out + run.err, bench.plugins + "/org.example.publisher.json"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
