// SPDX-License-Identifier: Apache-2.0
// Real runs with one faulty plugin among sound ones: the host names it, ends with the documented
// code, and what the others measured and wrote is all there.
#include <sys/stat.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "e2e/installed.h"
#include "e2e/nginx.h"
#include "places.h"

using namespace ordeal::testing;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

enum class Kind { collector, scenario, rule, report };

/// One run of the installed host with the plugin org.faulty.NAME added.
struct FaultyRun {
  explicit FaultyRun(std::string name, Kind kind = Kind::collector, const std::string& library = {})
      : id("org.faulty." + name), kind(kind) {
    const std::string plugins = ordeal.file("plugins");
    fs::create_directories(plugins);
    ::chmod(plugins.c_str(), 0755);
    file = plugins + "/" + id + ".so";
    fs::copy_file(library.empty() ? ORDEAL_FAULTS_DIR "/" + id + ".so" : library, file);
    ::chmod(file.c_str(), 0755);
    const char* kinds[] = {"collector", "scenario", "rule", "report"};
    // It asks to share a process, and does not get it.
    manifest = {{"manifest_version", 1},
                {"id", id},
                {"version", "1.2.3"},
                {"abi", abi()},
                {"library", id + ".so"},
                {"components", json::array{json::object{{"id", "fault"},
                                                        {"kind", kinds[static_cast<int>(kind)]}}}},
                {"isolation", {{"allowed", json::array{"own", "shared"}}, {"default", "shared"}}}};
  }

  /// The ABI of a plugin that is known to fit.
  static json::value abi() {
    const auto http = json::parse(
        slurp(Installed::prefix() + "/share/ordeal/manifests/plugins/org.ordeal.http.json"));
    return http.at("abi");
  }

  Finished go() {
    spill(ordeal.file("plugins") + "/" + id + ".json", json::serialize(manifest));
    const auto entry = [](const char* kind, const std::string& name, const char* interval = "") {
      json::object made{{kind, name}};
      if (*interval != '\0') made["interval"] = interval;
      return json::value(std::move(made));
    };
    json::array load{entry("scenario", "http")};
    json::array collect{entry("collector", "system", "200ms")};
    json::array rules;
    json::array reports{entry("report", "json"), entry("report", "text")};
    const std::string component = id + "/fault";
    if (kind == Kind::collector) collect.push_back(entry("collector", component, "100ms"));
    if (kind == Kind::scenario) load.push_back(entry("scenario", component));
    if (kind == Kind::rule) rules.push_back(entry("rule", component));
    // First: the others come after a report that has died.
    if (kind == Kind::report) reports.insert(reports.begin(), entry("report", component));
    const json::array phases{json::object{{"name", "load"},
                                          {"duration", phase},
                                          {"connections", 2},
                                          {"rate", 40},
                                          {"timeout", "2s"},
                                          {"slo", json::object{{"success", ">=90%"}}}}};
    const json::value campaign{{"campaign", "faults"},
                               {"version", 1},
                               {"duration", "1m"},
                               {"baseline", {{"duration", "400ms"}, {"required_health", 0}}},
                               {"load", load},
                               {"collect", collect},
                               {"safety",
                                {{"check_interval", "200ms"},
                                 {"cpu_percent", 100},
                                 {"consecutive_violations", 1000},
                                 {"rules", rules}}},
                               {"phases", phases},
                               {"report", reports}};
    spill(ordeal.file("faults.json"), json::serialize(campaign));
    finished = ordeal.run({"run", ordeal.file("faults.json"), "--yes", "--plugin-dir",
                           ordeal.file("plugins"), "--set", "target.http=" + nginx.url()},
                          60);
    report = ordeal.report();
    return finished;
  }

  /// Refused before any load, with a line that names the plugin and says `why`.
  void is_refused(const std::vector<std::string>& why) {
    go();
    BOOST_TEST_CONTEXT(finished.out + finished.err) {
      BOOST_TEST(finished.code == 113);
      BOOST_TEST(contains(finished.err + finished.out, id));
      for (const auto& one : why) BOOST_TEST(contains(finished.err + finished.out, one), one);
      BOOST_TEST(nginx.requests() <= 20u);  // the baseline's probe at most
    }
  }

  /// The entry of plugins.trouble for the plugin and a kind; null when there is none.
  [[nodiscard]] json::value trouble(const std::string& wanted) const {
    json::error_code ec;
    const auto* list = report.find_pointer("/plugins/trouble", ec);
    if (list == nullptr || !list->is_array()) return nullptr;
    for (const auto& one : list->get_array())
      if (at(one, "/plugin") == id && at(one, "/kind") == wanted) return one;
    return nullptr;
  }

  void is_named(const std::string& wanted, const std::string& detail) {
    const auto found = trouble(wanted);
    BOOST_TEST_CONTEXT(at(report, "/plugins") + finished.err) {
      BOOST_REQUIRE(found.is_object());
      BOOST_TEST(at(found, "/version") == "1.2.3");
      BOOST_TEST(number_at(found, "/count") >= 1);
      BOOST_TEST(contains(at(found, "/detail"), detail), at(found, "/detail"));
    }
    const std::string text = slurp(ordeal.run_dir() + "/reports/campaign_summary.txt");
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(contains(text, id + " 1.2.3")); }
  }

  /// What the sound plugins measured, judged and wrote. A machine that is too busy to send on time
  /// makes the measurement invalid, which is not the plugin's doing.
  void others_are_intact(int code = 0, double operations = 40) {
    BOOST_TEST_CONTEXT(finished.out + finished.err + at(report, "/plugins")) {
      const std::string invalid = at(report, "/measurement/reasons");
      BOOST_TEST(
          (finished.code == code || (finished.code == 114 && contains(invalid, "the generator"))));
      BOOST_TEST(number_at(report, "/campaign_summary/total_successful_operations") >= operations);
      BOOST_TEST(number_at(report, "/resource_impact_summary/memory/max") > 0);
      json::error_code ec;
      const auto* list = report.find_pointer("/plugins/trouble", ec);
      BOOST_REQUIRE(list != nullptr);
      for (const auto& one : list->get_array()) {
        const std::string kind = at(one, "/kind");
        BOOST_TEST((at(one, "/plugin") == id || (kind != "crash" && kind != "hang")), at(one, ""));
      }
      BOOST_TEST(fs::exists(ordeal.run_dir() + "/reports/phase_report_1_load.json"));
    }
    BOOST_TEST(eventually([&] { return processes_of(ordeal.run_id()).empty(); }, 2));
  }

  /// One number out of the journal; -1: it has none.
  [[nodiscard]] double journalled(const std::string& query) const {
    const auto found = run({"sqlite3", "-readonly", ordeal.run_dir() + "/journal.db", query}, {},
                           ordeal.folder(), 10);
    return found.out.empty() ? -1 : std::atof(found.out.c_str());
  }

  /// What the collector could still do.
  [[nodiscard]] double last_value() const {
    return journalled(
        "select max(value) from samples join series on series.id = "
        "samples.series join metrics on metrics.id = series.metric "
        "where metrics.name = 'fault_value'");
  }

  Installed ordeal;
  Nginx nginx{ordeal.folder()};
  std::string id;
  Kind kind;
  std::string file;
  std::string phase = "2s";
  json::value manifest;
  json::value report;
  Finished finished;
};

void rewrite(const std::string& file, std::size_t offset, const std::string& bytes) {
  std::string all = slurp(file);
  BOOST_REQUIRE(all.size() > offset + bytes.size());
  all.replace(offset, bytes.size(), bytes);
  spill(file, all);
}

constexpr const char* sound = ORDEAL_FAULTS_DIR "/org.faulty.sound.so";

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_faults)

BOOST_AUTO_TEST_CASE(sound_plugin_has_no_trouble) {
  FaultyRun run("sound");
  run.go();
  run.others_are_intact();
  BOOST_TEST(!contains(at(run.report, "/plugins/trouble"), run.id), at(run.report, "/plugins"));
  // Not shipped: it has a cell of its own, whatever its manifest would like.
  const std::string used = at(run.report, "/plugins/used");
  BOOST_TEST(contains(used, R"("component":"fault","isolation":"own")"), used);
}

// Refused before any load.

BOOST_AUTO_TEST_CASE(corrupt_elf) {
  FaultyRun run("corrupt", Kind::collector, sound);
  fs::resize_file(run.file, fs::file_size(run.file) / 3);
  run.is_refused({run.file, "corrupt ELF file"});
}

BOOST_AUTO_TEST_CASE(wrong_machine) {
  FaultyRun run("machine", Kind::collector, sound);
  rewrite(run.file, 18, std::string("\xf3\0", 2));  // e_machine: RISC-V
  run.is_refused({"the library is for riscv"});
}

BOOST_AUTO_TEST_CASE(wrong_abi_major) {
  FaultyRun run("wrong-major");
  run.is_refused({"ABI 7." + at(FaultyRun::abi(), "/min_minor"),
                  "ABI 0." + at(FaultyRun::abi(), "/min_minor")});
}

BOOST_AUTO_TEST_CASE(newer_abi_minor) {
  FaultyRun run("newer-minor");
  const int minor = std::stoi(at(FaultyRun::abi(), "/min_minor"));
  run.is_refused({"ABI 0." + std::to_string(minor + 1), "ABI 0." + std::to_string(minor)});
}

BOOST_AUTO_TEST_CASE(previous_abi_minor) {
  FaultyRun run("previous-minor");
  const int minor = std::stoi(at(FaultyRun::abi(), "/min_minor"));
  run.is_refused({"ABI 0." + std::to_string(minor - 1), "ABI 0." + std::to_string(minor)});
}

BOOST_AUTO_TEST_CASE(missing_symbol) {
  FaultyRun run("no-entry");
  run.is_refused({"ordeal_plugin_entry"});
}

BOOST_AUTO_TEST_CASE(entry_lies_about_its_size) {
  FaultyRun("short-entry").is_refused({"16 bytes", "48"});
  FaultyRun("long-entry").is_refused({"4096 bytes", "48"});
}

BOOST_AUTO_TEST_CASE(manifest_names_another_id) {
  FaultyRun run("other-id");
  run.is_refused({"org.example.somebody-else"});
}

BOOST_AUTO_TEST_CASE(unknown_privilege) {
  FaultyRun run("sound");
  run.manifest.as_object()["requires"] = {{"privileges", json::array{"netwerk"}}};
  run.is_refused({"netwerk", "did you mean 'network'?"});
}

BOOST_AUTO_TEST_CASE(aborts_while_it_is_loaded) {
  FaultyRun run("aborts-in-init");
  run.is_refused({"1.2.3", "SIGABRT"});
}

BOOST_AUTO_TEST_CASE(loops_while_it_is_created) {
  FaultyRun run("loops-in-create");
  run.is_refused({"1.2.3", "hung for 5 s"});
}

BOOST_AUTO_TEST_CASE(scenario_dies_in_its_probe) {
  FaultyRun run("scenario-aborts-in-probe", Kind::scenario);
  run.is_refused({"1.2.3", "SIGABRT"});
}

// During the run.

BOOST_AUTO_TEST_CASE(exits) {
  FaultyRun run("exits");
  run.go();
  run.is_named("crash", "exit 3");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(aborts_until_it_is_quarantined) {
  FaultyRun run("aborts");
  run.phase = "4s";
  run.go();
  run.is_named("crash", "SIGABRT");
  run.is_named("quarantine", "SIGABRT");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(loops) {
  FaultyRun run("loops");
  run.phase = "6s";
  run.go();
  run.is_named("hang", "hung for 5 s");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(throws) {
  FaultyRun run("throws");
  run.go();
  run.is_named("crash", "SIGABRT");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(forks) {
  FaultyRun run("forks");
  run.go();
  run.is_named("denied", "clone() was denied");
  BOOST_TEST(run.last_value() == EPERM);
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(makes_a_socket_without_the_privilege) {
  FaultyRun run("connects");
  run.go();
  run.is_named("denied", "socket() was denied");
  BOOST_TEST(run.last_value() == EPERM);
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(makes_a_socket_with_the_privilege) {
  FaultyRun run("connects");
  run.manifest.as_object()["requires"] = {{"privileges", json::array{"network"}}};
  run.go();
  run.others_are_intact();
  BOOST_TEST(run.trouble("denied").is_null());
  BOOST_TEST(run.last_value() == 0);
}

BOOST_AUTO_TEST_CASE(signals_another_process) {
  FaultyRun run("kills");
  run.go();
  run.is_named("denied", "kill() was denied");
  BOOST_TEST(run.last_value() == EPERM);
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(leaks_descriptors) {
  FaultyRun run("leaks-descriptors");
  run.go();
  run.is_named("descriptors", "of 512 descriptors are open");
  BOOST_TEST(run.last_value() > 0);  // at last it got no more
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(floods_the_log) {
  FaultyRun run("floods-log");
  run.go();
  run.is_named("log_flood", "dropped");
  BOOST_TEST(number_at(run.trouble("log_flood"), "/count") > 2000);
  run.others_are_intact();
  // At most 1,000 lines a second got through.
  const std::string log = slurp(run.ordeal.run_dir() + "/logs/cell-" + run.id + ".log");
  std::size_t lines = 0;
  for (std::size_t at = log.find("again and again"); at != std::string::npos;
       at = log.find("again and again", at + 1))
    ++lines;
  BOOST_TEST(lines >= 1000u);
  BOOST_TEST(lines <= 8000u);
}

BOOST_AUTO_TEST_CASE(floods_the_bus) {
  FaultyRun run("floods-bus");
  const std::string topic = run.id + "/flood";
  run.manifest.as_object()["topics"] = {
      {"publishes", json::array{{{"topic", topic}, {"revision", 1}, {"queue", "stream"}}}}};
  run.go();
  run.is_named("bus_flood", "events over 100 a second were refused");
  // As many as the plugin was told of; what it still published while the run ended may be missing.
  const double counted = number_at(run.trouble("bus_flood"), "/count");
  const double refused = run.last_value();
  BOOST_TEST(counted > 3000);
  BOOST_TEST(counted <= refused + 3000);
  BOOST_TEST(at(run.trouble("bus_flood"), "/component") == "fault");
  // At most 100 a second were let through, and these came through.
  const std::string events = " from topic_events where topic = '" + topic + "'";
  const double let_through = run.journalled("select count(*)" + events);
  const double seconds = run.journalled("select (max(mono) - min(mono)) / 1e9" + events);
  BOOST_TEST(let_through >= 100);
  BOOST_TEST(let_through <= 100 * (seconds + 2));
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(closes_the_hosts_descriptors) {
  FaultyRun run("closes-descriptors");
  run.phase = "3s";
  run.go();
  run.is_named("crash", "");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(installs_signal_handlers) {
  FaultyRun run("handles-signals");
  run.go();
  run.is_named("signal_handlers", "SIGINT, SIGTERM");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(scenario_dies_under_load) {
  FaultyRun run("scenario-aborts", Kind::scenario);
  run.go();
  run.is_named("crash", "SIGABRT");
  // The phase lacks a part of its load, and is invalid. The other scenario did all of its own.
  run.others_are_intact(114, 30);
  BOOST_TEST(run.nginx.requests() >= 30u);
}

BOOST_AUTO_TEST_CASE(scenario_completes_twice) {
  FaultyRun run("scenario-completes-twice", Kind::scenario);
  run.go();
  run.is_named("misbehaviour", "twice");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(forges_the_interval_of_another_load) {
  FaultyRun run("scenario-forges", Kind::scenario);
  run.go();
  run.is_named("forged", "did not measure");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(writes_garbage_to_its_channel) {
  FaultyRun run("writes-garbage");
  run.phase = "4s";
  run.go();
  run.is_named("crash", "by itself");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(says_odd_things) {
  FaultyRun run("says-odd-things");
  run.go();
  run.others_are_intact();
  // The documents are text that everybody can read, and steer no terminal.
  const std::string json = slurp(run.ordeal.run_dir() + "/reports/autonomous_campaign_report.json");
  BOOST_TEST(contains(json, "alert(1)"), json);
  const std::string text = slurp(run.ordeal.run_dir() + "/reports/campaign_summary.txt");
  for (const std::string& one : {json, text, run.finished.err, run.finished.out})
    for (const char* odd : {"\x1b[31m", "\xff", "\xfe", "\\u001b"}) BOOST_TEST(!contains(one, odd));
}

BOOST_AUTO_TEST_CASE(never_repeats_its_labels) {
  FaultyRun run("never-repeats-labels");
  run.go();
  run.is_named("series", "more than 10,000 series");
  run.others_are_intact();
}

BOOST_AUTO_TEST_CASE(rule_that_dies_for_good_aborts) {
  FaultyRun run("rule-aborts", Kind::rule);
  run.phase = "15s";
  run.go();
  run.is_named("crash", "SIGABRT");
  run.is_named("quarantine", "SIGABRT");
  run.others_are_intact(111, 10);
}

BOOST_AUTO_TEST_CASE(report_dies_at_the_end) {
  FaultyRun run("report-aborts", Kind::report);
  run.go();
  // It died when the final report was being written; the final report says so all the same.
  run.is_named("crash", "SIGABRT");
  run.others_are_intact();
}

BOOST_AUTO_TEST_SUITE_END()
