// SPDX-License-Identifier: Apache-2.0
// The ABI is not C++ in disguise: a scenario in plain C and a report exporter in Rust, built
// outside the tree against the installed SDK, take part in a real run.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <sstream>

#include "e2e/installed.h"
#include "e2e/nginx.h"
#include "places.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

const std::string consumers = ORDEAL_SOURCE_DIR "/tests/consumers";

struct Plugins {
  Installed ordeal;
  std::string folder = ordeal.file("plugins");

  Plugins() {
    fs::create_directory(folder);
    for (const std::string& path : {ordeal.folder(), folder})
      fs::permissions(path, fs::perms(0755));
    const std::string package = Installed::prefix() + "/lib/cmake/ordeal-sdk";
    command({"cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-fPIC",
             "-fvisibility=hidden", "-shared", "-I" + Installed::prefix() + "/include",
             "-Wl,--version-script=" + package + "/ordeal_plugin.map", "-Wl,-z,defs",
             consumers + "/echo_c/echo.c", "-o", folder + "/org.example.echo.so"});
    fs::copy(consumers + "/echo_c/org.example.echo.json", folder);
    command({"sh", consumers + "/csv_rust/build", folder, package});
    for (const auto& entry : fs::directory_iterator(folder))
      fs::permissions(entry.path(), fs::perms(0644));
  }

  std::string command(const std::vector<std::string>& argv) {
    const auto done = testing::run(argv, {}, ordeal.folder());
    BOOST_TEST_REQUIRE(done.code == 0, argv[0] << ": " << done.out << done.err);
    return done.out;
  }
};

/// The rows of a CSV file without its head, each a map by the names in the head.
std::vector<std::map<std::string, std::string>> rows(const std::string& path) {
  std::istringstream lines(slurp(path));
  const auto cells = [](const std::string& line) {
    std::vector<std::string> parts;
    std::istringstream in(line);
    for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
    return parts;
  };
  std::string line;
  std::getline(lines, line);
  const auto head = cells(line);
  std::vector<std::map<std::string, std::string>> all;
  while (std::getline(lines, line)) {
    const auto parts = cells(line);
    BOOST_REQUIRE(parts.size() == head.size());
    auto& row = all.emplace_back();
    for (std::size_t i = 0; i < head.size(); ++i) row[head[i]] = parts[i];
  }
  return all;
}

/// The last value of a metric of the campaign report; -1 when it is not there.
double last_value(const json::value& report, const std::string& metric) {
  for (const auto& one : report.at("series").at("metrics").as_array()) {
    if (at(one, "/name") != metric) continue;
    const auto& values = one.at("v").as_array();
    return values.empty() ? -1 : values.back().to_number<double>();
  }
  return -1;
}

/// No runtime of C++ or of unwinding, and no export but the entry.
void check_library(Plugins& plugins, const std::string& file) {
  const std::string dynamic = plugins.command({"readelf", "-d", file});
  BOOST_TEST(contains(dynamic, "Shared library: [libc.so.6]"), file);
  for (const char* library : {"libstdc++", "libgcc_s", "libc++"})
    BOOST_TEST(!contains(dynamic, library), file << " needs " << library);
  const std::string exported = plugins.command({"nm", "-D", "--defined-only", file});
  BOOST_TEST(exported.ends_with(" ordeal_plugin_entry\n"), exported);
  BOOST_TEST(std::count(exported.begin(), exported.end(), '\n') == 1, exported);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(languages)

BOOST_AUTO_TEST_CASE(a_wrong_layout_does_not_compile) {
  Installed ordeal;
  const std::string copy = ordeal.file("csv_rust");
  fs::copy(consumers + "/csv_rust", copy);
  std::string text = slurp(copy + "/abi.rs");
  const std::string field = "    pub begin: ";
  BOOST_REQUIRE(contains(text, field));
  text.insert(text.find(field), "    pub inserted: u32,\n");
  spill(copy + "/abi.rs", text);
  const auto built =
      testing::run({"sh", copy + "/build", ordeal.folder(), "unused"}, {}, ordeal.folder());
  BOOST_TEST(built.code != 0);
  BOOST_TEST(contains(built.err, "layout!(FileSink, 40"), built.err);
}

BOOST_FIXTURE_TEST_CASE(a_run_with_both, Plugins) {
  check_library(*this, folder + "/org.example.echo.so");
  check_library(*this, folder + "/org.example.csv.so");
  Nginx nginx(ordeal.folder());
  const std::string campaign = ordeal.file("both.json");
  spill(campaign, R"({"campaign": "both", "version": 1, "interval": "250ms",
    "baseline": {"duration": "500ms", "required_health": 0},
    "load": [{"scenario": "http", "config": {"url": ")" +
                      nginx.url() + R"("}}, {"scenario": "echo"}],
    "phases": [{"name": "first", "duration": "2s", "connections": 4, "rate": 200},
               {"name": "second", "duration": "1s", "connections": 4, "rate": 400}],
    "report": [{"report": "json"}, {"report": "csv"}]})");
  const auto run = ordeal.run({"run", campaign, "--yes", "--plugin-dir", folder}, 60);
  const std::string said = run.out + run.err;
  const json::value report = ordeal.report();
  BOOST_TEST_REQUIRE(report.is_object(), said);
  const std::string reports = ordeal.run_dir() + "/reports";

  const auto phases = rows(reports + "/phases.csv");
  BOOST_TEST_REQUIRE(phases.size() == 2u, said);
  const auto intervals = rows(reports + "/intervals.csv");
  double seen = 0;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const json::value& phase = report.at("phase_results").at(i);
    const json::value& summary = phase.at("test_result").at("summary");
    auto row = phases[i];
    BOOST_TEST(row["name"] == at(phase, "/phase_info/name"));
    BOOST_TEST(row["passed"] == at(phase, "/success"));
    BOOST_TEST(std::stod(row["operations"]) == number_at(summary, "/total_operations"));
    BOOST_TEST(std::stod(row["successful"]) == number_at(summary, "/successful_operations"));
    BOOST_TEST(std::stod(row["operations"]) > 100);

    // What was streamed adds up to what the report says at the end, for each scenario.
    double ok = 0;
    int kinds = 0;
    for (auto streamed : intervals) {
      if (streamed["phase"] != std::to_string(i)) continue;
      ++kinds;
      ok += std::stod(streamed["ok"]);
      const double count = std::stod(streamed["intervals"]);
      BOOST_TEST(count >= 4, streamed["scenario"]);
      seen += count;
      const std::string key = streamed["scenario"] + "." + streamed["kind"];
      const json::value& breakdown = phase.at("test_result").at("operation_breakdown");
      BOOST_TEST(
          std::stod(streamed["ok"]) == number_at(breakdown, "/" + key + "/successful_operations"),
          key);
    }
    BOOST_TEST(kinds == 2);
    BOOST_TEST(ok == number_at(summary, "/successful_operations"));
  }

  // What plugins record through ordeal.host.metrics/1 is in the report: of a scenario and of a
  // report (up to its last phase stage).
  BOOST_TEST(last_value(report, "echo_operations_total") >= 100);
  BOOST_TEST(last_value(report, "csv_intervals_seen_total") > 0);
  BOOST_TEST(last_value(report, "csv_intervals_seen_total") <= seen);
}

BOOST_AUTO_TEST_SUITE_END()
