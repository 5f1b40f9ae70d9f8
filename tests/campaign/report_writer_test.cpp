// SPDX-License-Identifier: Apache-2.0
#include "campaign/report_writer.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/files.h"
#include "campaign/built_cells.h"
#include "ordeal/abi/report.h"
#include "places.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;
namespace fs = std::filesystem;

namespace {

std::string document(const std::string& name) {
  auto text = read_file(ORDEAL_SOURCE_DIR "/tests/plugins/fixtures/" + name, ExitCode::internal);
  BOOST_REQUIRE(text);
  return *text;
}

ReportEntry entry(const std::string& report) {
  return {report, "org.ordeal.report-" + report, "{}"};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_writer)

BOOST_AUTO_TEST_CASE(every_report_writes_its_files) {
  BuiltCells built;
  const TemporaryFolder folder;
  ReportWriter writer(built.loop, built.cells, built.registry, {entry("json"), entry("text")},
                      folder.path());
  const std::string baseline = document("baseline.json");
  for (const auto& one : writer.render(ORDEAL_STAGE_BASELINE, baseline)) {
    BOOST_TEST(one.problem == "");
  }
  const std::string campaign = document("campaign.json");
  const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, campaign);
  BOOST_REQUIRE_EQUAL(outcomes.size(), 2u);
  BOOST_TEST(outcomes[0].report == "json");
  BOOST_TEST(outcomes[0].plugin.starts_with("org.ordeal.report-json "), outcomes[0].plugin);
  for (const auto& one : outcomes) {
    BOOST_TEST(one.problem == "");
    BOOST_TEST(!one.files.empty());
    for (const auto& name : one.files)
      BOOST_TEST(fs::file_size(folder.path() + "/" + name) > 0u, name);
  }
  const auto written = read_file(folder.path() + "/" + outcomes[0].files.at(0), ExitCode::internal);
  BOOST_REQUIRE(written);
  BOOST_TEST((*written == campaign));
  BOOST_TEST(fs::exists(folder.path() + "/comprehensive_baseline_report.json"));
}

BOOST_AUTO_TEST_CASE(histograms_go_to_those_whose_manifest_wants_them) {
  BuiltCells built;
  const TemporaryFolder folder;
  ReportWriter plain(built.loop, built.cells, built.registry, {entry("json")}, folder.path());
  BOOST_TEST(!plain.wants_histograms());
  ReportWriter writer(built.loop, built.cells, built.registry, {entry("json"), entry("hdr")},
                      folder.path());
  BOOST_TEST(writer.wants_histograms());
  const std::string phase = document("phase.json");
  std::string more = phase;
  more.replace(more.find('{'), 1, R"({"histograms": [{"load": "http", "kind": "get",
    "series": "latency", "unit_ns": 1, "count": 1, "buckets": [[5, 5, 1]],
    "intervals": [{"start": 1, "seconds": 1, "max": 0.000000005, "compressed": "HISTFAAA"}]}],)");
  PhaseDocuments both;
  both.plain = phase;
  both.with_histograms = more;
  const auto outcomes = writer.render(ORDEAL_STAGE_PHASE, both);
  BOOST_REQUIRE_EQUAL(outcomes.size(), 2u);
  for (const auto& one : outcomes) BOOST_TEST(one.problem == "");
  const auto written = read_file(folder.path() + "/" + outcomes[0].files.at(0), ExitCode::internal);
  BOOST_REQUIRE(written);
  BOOST_TEST((*written == phase));
  BOOST_TEST(outcomes[1].files.size() == 2u);
}

BOOST_AUTO_TEST_CASE(one_that_is_not_there_does_not_stop_the_others) {
  BuiltCells built;
  const TemporaryFolder folder;
  ReportWriter writer(built.loop, built.cells, built.registry,
                      {{"pdf", "org.example.pdf", "{}"}, entry("json")}, folder.path());
  const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, document("campaign.json"));
  BOOST_REQUIRE_EQUAL(outcomes.size(), 2u);
  BOOST_TEST(contains(outcomes[0].problem, "org.example.pdf"), outcomes[0].problem);
  BOOST_TEST(outcomes[0].files.empty());
  BOOST_TEST(outcomes[1].problem == "");
  BOOST_TEST(outcomes[1].files.size() == 1u);
}

BOOST_AUTO_TEST_CASE(after_three_failures_a_report_is_given_up) {
  BuiltCells built;
  const TemporaryFolder folder;
  ReportWriter writer(built.loop, built.cells, built.registry, {entry("json")}, folder.path());
  for (int round = 0; round < 3; ++round) {
    const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, "not a document");
    BOOST_TEST(outcomes.at(0).problem != "");
    BOOST_TEST(!contains(outcomes.at(0).problem, "quarantined"), outcomes.at(0).problem);
  }
  const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, document("campaign.json"));
  BOOST_TEST(outcomes.at(0).problem == "quarantined after 3 failures");
  BOOST_TEST(outcomes.at(0).plugin.starts_with("org.ordeal.report-json "));
  BOOST_TEST(fs::is_empty(folder.path()));
}

BOOST_AUTO_TEST_CASE(a_failure_costs_one_stage_only) {
  BuiltCells built;
  const TemporaryFolder folder;
  ReportWriter writer(built.loop, built.cells, built.registry, {entry("json")}, folder.path());
  BOOST_TEST(writer.render(ORDEAL_STAGE_CAMPAIGN, "{").at(0).problem != "");
  const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, document("campaign.json"));
  BOOST_TEST(outcomes.at(0).problem == "");
  BOOST_TEST(outcomes.at(0).files.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_library_of_another_version_is_why_it_failed) {
  BuiltCells built;
  const TemporaryFolder plugins;
  const TemporaryFolder folder;
  const std::string id = "org.ordeal.report-json";
  plugins.write(id + ".json", manifest_text(id, "report", "json"));  // says 1.0.0
  plugins.write(id + ".so", "");
  fs::copy_file(ORDEAL_BUILT_PLUGINS "/" + id + ".so", plugins.path() + "/" + id + ".so",
                fs::copy_options::overwrite_existing);
  const Registry registry = Registry::scan({{plugins.path(), plugins.path(), Trust::owner, "test"}},
                                           ORDEAL_SOURCE_DIR "/manifests/schemas");
  for (const PluginProblem& problem : registry.problems()) BOOST_ERROR(problem.error.line());
  ReportWriter writer(built.loop, built.cells, registry, {entry("json")}, folder.path());
  const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, document("campaign.json"));
  BOOST_TEST(contains(outcomes.at(0).problem, "one version"), outcomes.at(0).problem);
}

BOOST_AUTO_TEST_CASE(a_cell_that_does_not_come_up_is_said) {
  const TemporaryFolder folder;
  {
    BuiltCells built("/bin/false");
    ReportWriter writer(built.loop, built.cells, built.registry, {entry("json")}, folder.path());
    const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, document("campaign.json"));
    BOOST_TEST(outcomes.at(0).problem ==
               "plugin org.ordeal.report-json 0.1.0: its cell died while loading it: exit 1");
  }
  BuiltCells built("/nowhere/ordeal-cell");
  ReportWriter writer(built.loop, built.cells, built.registry, {entry("json")}, folder.path());
  const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, document("campaign.json"));
  BOOST_TEST(contains(outcomes.at(0).problem, "/nowhere/ordeal-cell"), outcomes.at(0).problem);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_gone_is_the_reports_problem) {
  BuiltCells built;
  ReportWriter writer(built.loop, built.cells, built.registry, {entry("json")}, "/nowhere/at/all");
  const auto outcomes = writer.render(ORDEAL_STAGE_CAMPAIGN, document("campaign.json"));
  BOOST_TEST(contains(outcomes.at(0).problem, "/nowhere/at/all"), outcomes.at(0).problem);
  BOOST_TEST(outcomes.at(0).files.empty());
}

BOOST_AUTO_TEST_SUITE_END()
