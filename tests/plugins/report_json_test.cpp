// SPDX-License-Identifier: Apache-2.0
#include "plugins/rendered.h"

using report_test::contains;
using report_test::fixture;
using report_test::render;
using report_test::replaced;

BOOST_AUTO_TEST_SUITE(report_json)

BOOST_AUTO_TEST_CASE(every_stage_has_the_name_its_readers_know) {
  const struct {
    std::uint32_t stage;
    const char* document;
    const char* file;
  } stages[] = {
      {ORDEAL_STAGE_READINESS, "readiness.json", "system_readiness_report.json"},
      {ORDEAL_STAGE_BASELINE, "baseline.json", "comprehensive_baseline_report.json"},
      {ORDEAL_STAGE_PHASE, "phase.json", "phase_report_7_stress_test.json"},
      {ORDEAL_STAGE_CAMPAIGN, "campaign.json", "autonomous_campaign_report.json"},
  };
  for (const auto& stage : stages) {
    BOOST_TEST_CONTEXT(stage.document) {
      const std::string document = fixture(stage.document);
      const auto rendered = render("json", stage.stage, document);
      BOOST_TEST(rendered.status == ORDEAL_OK, rendered.error);
      BOOST_REQUIRE_EQUAL(rendered.files.size(), 1u);
      BOOST_TEST(rendered.files.begin()->first == stage.file);
      BOOST_TEST((rendered.files.begin()->second == document), "the document was changed");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_missing_line_break_is_added) {
  std::string document = fixture("baseline.json");
  while (document.back() == '\n') document.pop_back();
  const auto rendered = render("json", ORDEAL_STAGE_BASELINE, document);
  BOOST_TEST(rendered.files.begin()->second == document + "\n");
}

BOOST_AUTO_TEST_CASE(hostile_phase_names_stay_in_the_folder) {
  const std::string phase = fixture("phase.json");
  const struct {
    const char* name;
    const char* file;
  } cases[] = {
      {"../../etc/passwd", "phase_report_7_.._.._etc_passwd.json"},
      {"a b/c\\\\d", "phase_report_7_a_b_c_d.json"},
      {"", "phase_report_7__.json"},
      {"caf\xc3\xa9", "phase_report_7_caf__.json"},
  };
  for (const auto& entry : cases) {
    BOOST_TEST_CONTEXT(entry.name) {
      const auto rendered = render("json", ORDEAL_STAGE_PHASE,
                                   replaced(phase, "\"name\":\"stress_test\"",
                                            "\"name\":\"" + std::string(entry.name) + "\""));
      BOOST_TEST(rendered.status == ORDEAL_OK, rendered.error);
      BOOST_REQUIRE_EQUAL(rendered.files.size(), 1u);
      BOOST_TEST(rendered.files.begin()->first.find('/') == std::string::npos);
      BOOST_TEST(rendered.files.begin()->first.starts_with("phase_report_7_"));
    }
  }
  const auto longest = render(
      "json", ORDEAL_STAGE_PHASE,
      replaced(phase, "\"name\":\"stress_test\"", "\"name\":\"" + std::string(5000, 'x') + "\""));
  BOOST_TEST(longest.status == ORDEAL_OK, longest.error);
}

BOOST_AUTO_TEST_CASE(what_is_no_document_of_the_stage_is_refused) {
  const std::string campaign = fixture("campaign.json");
  for (const std::string& document :
       {std::string("{"), std::string("[]"), std::string(), fixture("phase.json"),
        replaced(campaign, "\"version\":1", "\"version\":2")}) {
    const auto rendered = render("json", ORDEAL_STAGE_CAMPAIGN, document);
    BOOST_TEST(rendered.status == ORDEAL_E_INVALID);
    BOOST_TEST(!rendered.error.empty());
    BOOST_TEST(rendered.files.empty());
  }
  BOOST_TEST(render("json", 9, campaign).status == ORDEAL_E_UNSUPPORTED);
}

BOOST_AUTO_TEST_SUITE_END()
