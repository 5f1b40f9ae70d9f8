// SPDX-License-Identifier: Apache-2.0
// The night in half a minute: all eight phases, every file of a run, every report valid.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "e2e/installed.h"
#include "e2e/nginx.h"
#include "places.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(overnight)

BOOST_AUTO_TEST_CASE(goes_through_all_phases_and_writes_every_file) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto run =
      ordeal.run({"run", std::string(ORDEAL_SOURCE_DIR) + "/manifests/campaigns/overnight.json",
                  "--yes", "--time-scale", "0.002", "--set", "target.http=" + nginx.url(), "--set",
                  "escalate.select_by_health=false", "--set", "baseline.required_health=0"},
                 180);
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST((run.code == 0 || run.code == 99 || run.code == 115));
    BOOST_TEST(contains(run.err, "time scale"));
  }
  const std::string dir = ordeal.run_dir();
  std::vector<std::string> expected{"campaign.json",        "journal.db",
                                    "guardian.evidence",    "logs/controller.log",
                                    "logs/guardian.log",    "logs/cell-load-0-http.log",
                                    "logs/cell-service.log"};
  const std::vector<std::string> phases{"warmup",          "light_load",    "moderate_load_1",
                                        "moderate_load_2", "high_load_1",   "high_load_2",
                                        "stress_test",     "endurance_test"};
  const std::string reports = "reports/";
  std::vector<std::string> documents{"system_readiness_report.json",
                                     "comprehensive_baseline_report.json",
                                     "autonomous_campaign_report.json"};
  for (std::size_t i = 0; i < phases.size(); ++i)
    documents.push_back("phase_report_" + std::to_string(i + 1) + "_" + phases[i] + ".json");
  for (const auto& name : documents) expected.push_back(reports + name);
  expected.push_back(reports + "campaign_summary.txt");
  expected.push_back(reports + "campaign_report.html");
  for (const auto& name : expected)
    BOOST_TEST(fs::exists(dir + "/" + name), name + " was not written");

  // Against an independent validator (Ajv), with the schemas as they are installed.
  std::vector<std::string> validate{"node", ORDEAL_SOURCE_DIR "/tests/campaign/validate.cjs",
                                    ORDEAL_SOURCE_DIR "/packaging/npm/node_modules/ajv",
                                    Installed::prefix() + "/share/ordeal/manifests/schemas"};
  for (const auto& name : documents) validate.push_back(dir + "/" + reports + name);
  const auto checked = testing::run(validate, {}, ordeal.folder());
  BOOST_TEST_CONTEXT(checked.out + checked.err) { BOOST_TEST(checked.code == 0); }

  const auto report = ordeal.report();
  BOOST_TEST(number_at(report, "/campaign_summary/total_phases_attempted") == 8);
  BOOST_TEST(number_at(report, "/campaign_info/time_scale") == 0.002);
  BOOST_TEST(contains(at(report, "/headline"), "time scale"));
}

BOOST_AUTO_TEST_SUITE_END()
