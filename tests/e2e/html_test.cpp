// SPDX-License-Identifier: Apache-2.0
// The HTML report of a real run, opened in headless Chromium.
#include <boost/test/unit_test.hpp>

#include "e2e/installed.h"
#include "e2e/nginx.h"
#include "places.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;

BOOST_AUTO_TEST_SUITE(html)

BOOST_AUTO_TEST_CASE(charts_are_drawn_and_nothing_is_fetched) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto run = ordeal.run({"run", "quick", "--yes", "--set", "target.http=" + nginx.url(),
                               "--set", "phases.0.duration=6s", "--set", "baseline.duration=1s"});
  BOOST_TEST_CONTEXT(run.out + run.err) { BOOST_REQUIRE(run.code == 0); }
  const auto page = testing::run({"node", ORDEAL_SOURCE_DIR "/tests/e2e/html_report.cjs",
                                  ordeal.run_dir() + "/reports/campaign_report.html"},
                                 {{"NODE_PATH", ORDEAL_SOURCE_DIR "/packaging/npm/node_modules"}},
                                 ordeal.folder(), 90);
  BOOST_TEST_CONTEXT(page.out + page.err) { BOOST_TEST(page.code == 0); }
}

BOOST_AUTO_TEST_SUITE_END()
