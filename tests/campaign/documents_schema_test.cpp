// SPDX-License-Identifier: Apache-2.0
// Every document of every possible journal satisfies its published schema: as this program checks
// schemas, and as Ajv does.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/schema.h"
#include "campaign/documents/documents.h"
#include "campaign/journal_fixture.h"
#include "places.h"

using namespace ordeal;
using ordeal::test::JournalFixture;
using ordeal::test::why;
namespace json = boost::json;

namespace {

const std::string source = ORDEAL_SOURCE_DIR;
const std::string schemas = source + "/manifests/schemas";

json::value schema_of(const std::string& document) {
  const std::string path = schemas + "/" + document + "-report.json";
  auto text = read_file(path, ExitCode::internal);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(text), path);
  auto value = parse_json(*text, path);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(value), why(value));
  return std::move(*value);
}

/// Documents of the journal as it is, by name.
std::vector<std::pair<std::string, std::string>> documents_of(JournalFixture& fixture) {
  auto reader = fixture.reader();
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](const std::string& name, Result<std::string> text) {
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(text), name << ": " << why(text));
    out.emplace_back(name, std::move(*text));
  };
  add("readiness", readiness_document(*reader));
  add("baseline", baseline_document(*reader));
  auto rows = reader->phases();
  BOOST_REQUIRE(static_cast<bool>(rows));
  for (const auto& row : *rows) {
    auto both = phase_documents(*reader, row.index, true);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(both), why(both));
    add("phase", both->plain);
    add("phase", both->with_histograms);
  }
  add("campaign", campaign_document(*reader));
  return out;
}

void check_own(const std::string& name, const std::string& text, const std::string& when) {
  const auto schema = schema_of(name);
  auto value = parse_json(text, name);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(value), why(value));
  for (const auto& violation : check_schema(schema, *value)) {
    BOOST_ERROR(when << ": " << name << violation.pointer << ": " << violation.what << "; expected "
                     << violation.expected);
  }
}

/// Exit status of validate.cjs over `files`.
int run_ajv(const std::vector<std::string>& files) {
  std::string command = "node '" + source + "/tests/campaign/validate.cjs' '" + source +
                        "/packaging/npm/node_modules/ajv' '" + schemas + "'";
  for (const auto& file : files) command += " '" + file + "'";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string keep(const JournalFixture& fixture, const std::string& name, const std::string& text) {
  const std::string path = fixture.folder() + "/" + name + ".json";
  BOOST_REQUIRE(static_cast<bool>(write_file(path, text, false)));
  return path;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(documents_schema)

BOOST_AUTO_TEST_CASE(a_controller_killed_after_any_step_leaves_valid_documents) {
  JournalFixture folder;
  std::vector<std::string> files;
  const auto steps = test::full_story();
  for (std::size_t n = 0; n <= steps.size(); ++n) {
    JournalFixture fixture;
    for (std::size_t i = 0; i < n; ++i) steps[i](fixture);
    const std::string when = "after " + std::to_string(n) + " steps";
    int number = 0;
    for (const auto& [name, text] : documents_of(fixture)) {
      check_own(name, text, when);
      files.push_back(keep(folder, std::to_string(n) + "-" + std::to_string(number++), text));
    }
    if (n < steps.size()) {
      auto verdict = judge_campaign(*fixture.reader());
      BOOST_REQUIRE(static_cast<bool>(verdict));
      BOOST_TEST_INFO(when);
      BOOST_TEST(static_cast<int>(verdict->exit_code) == 116);
    }
  }
  BOOST_TEST(run_ajv(files) == 0);
}

BOOST_AUTO_TEST_CASE(a_campaign_that_went_wrong_in_every_way_is_valid_too) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  fixture.block(0, 2,
                {.ok = 1, .fail = 2, .timeout = 3, .refused = 4, .dropped = 5, .cancelled = 6});
  fixture.end_phase(0, 2, 12, test::phase_result(R"({"valid":false,"invalid_reasons":["a"],
                     "stop_reason":"safety: memory","missing_share":0.5})"),
                    "stopped");
  fixture.whole_phase(1, 40, {.ok = 0, .fail = 1000, .slow = 500});
  fixture.event("plugin", "quarantined", 50, 1, R"({"plugin":"org.example.x"})");
  fixture.event("safety", "guardian", 51, -1,
                R"({"level":"limit","rule":"guardian","text":"memory"})");
  fixture.event("log", "line", 51, -1, "");
  fixture.set("bus_drops", R"([{"topic":"control/1","subscriber":"j","dropped":1,"replaced":0}])");
  fixture.set("readiness", R"({"ready":false,"checks":[{"name":"x","ok":false}]})");
  fixture.end(109, "controller_error", "it broke");
  std::vector<std::string> files;
  for (const auto& [name, text] : documents_of(fixture)) {
    check_own(name, text, "all wrong");
    files.push_back(keep(fixture, name + std::to_string(files.size()), text));
  }
  BOOST_TEST(run_ajv(files) == 0);
}

BOOST_AUTO_TEST_CASE(the_checks_can_fail) {
  JournalFixture fixture;
  for (const auto& step : test::full_story()) step(fixture);
  auto text = campaign_document(*fixture.reader());
  BOOST_REQUIRE(static_cast<bool>(text));
  auto value = parse_json(*text, "campaign");
  BOOST_REQUIRE(static_cast<bool>(value));
  value->as_object()["unknown"] = 1;
  value->as_object()["headline"] = 2;
  BOOST_TEST(check_schema(schema_of("campaign"), *value).size() == 2u);
  BOOST_TEST(run_ajv({keep(fixture, "bad", pretty_json(*value))}) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
