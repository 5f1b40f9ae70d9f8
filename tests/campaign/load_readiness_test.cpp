// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_readiness.h"

#include <boost/test/unit_test.hpp>

#include "campaign/built_cells.h"

using namespace ordeal;

namespace {

Campaign http_load(const std::string& config, std::uint32_t workers = 1) {
  Campaign campaign;
  LoadEntry entry;
  entry.scenario = "http";
  entry.plugin = "org.ordeal.http";
  entry.config = config;
  entry.workers = workers;
  campaign.load.push_back(std::move(entry));
  return campaign;
}

const std::string cell = ORDEAL_BUILD_DIR "/libexec/ordeal/ordeal-cell";
const std::string two_kinds =
    R"({"url":"http://127.0.0.1:9","requests":[{"kind":"read"},{"kind":"write","method":"POST"}]})";

}  // namespace

BOOST_AUTO_TEST_SUITE(load_readiness)

BOOST_AUTO_TEST_CASE(names_what_the_scenario_does_and_what_its_histograms_may_take) {
  const BuiltCells built;
  Campaign campaign = http_load(two_kinds, 3);
  campaign.load[0].mix = {{"read", 1}};
  const auto checks = check_loads(campaign, built.registry, cell);
  BOOST_REQUIRE(checks.size() == 2u);
  BOOST_TEST(checks[0].name == "load http");
  BOOST_TEST(checks[0].ok, checks[0].detail);
  // Two kinds, each with latency, service time and, without TLS, connect and first_byte.
  const Declared http{{"read", "write"}, {"connect", "first_byte"}, 1, 1, {}};
  BOOST_TEST(checks[0].detail.starts_with("3 workers, operations read, write; histograms of at"),
             checks[0].detail);
  BOOST_TEST(checks[1].name == "load_memory");
  BOOST_TEST(checks[1].value == 3.0 * static_cast<double>(histogram_bound(http)));
}

BOOST_AUTO_TEST_CASE(what_the_scenario_refuses_is_said_before_a_run) {
  const BuiltCells built;
  const std::string pointer =
      R"({"url":"http://127.0.0.1:9","requests":[{"expect":{"json":{"pointer":"no slash"}}}]})";
  for (const auto& config : {pointer, std::string(R"({"url":"gopher://127.0.0.1"})")}) {
    const auto checks = check_loads(http_load(config), built.registry, cell);
    BOOST_TEST(!checks.at(0).ok);
    BOOST_TEST(checks[0].detail.find("org.ordeal.http") != std::string::npos, checks[0].detail);
  }
}

BOOST_AUTO_TEST_CASE(kinds_that_the_scenario_does_not_have) {
  const BuiltCells built;
  Campaign campaign = http_load(two_kinds);
  campaign.load[0].mix = {{"raed", 1}};
  auto checks = check_loads(campaign, built.registry, cell);
  BOOST_TEST(!checks.at(0).ok);
  BOOST_TEST(checks[0].detail.find("'raed'") != std::string::npos, checks[0].detail);
  campaign.load[0].mix.clear();
  campaign.load[0].timeouts.push_back({{"wriet", {}}, std::chrono::seconds(1)});
  checks = check_loads(campaign, built.registry, cell);
  BOOST_TEST(!checks.at(0).ok);
  BOOST_TEST(checks[0].detail.find("one of read, write") != std::string::npos, checks[0].detail);
}

BOOST_AUTO_TEST_CASE(histograms_have_to_fit_beside_what_safety_keeps) {
  constexpr std::uint64_t mib = 1024 * 1024;
  Safety safety;
  safety.memory_percent = 90;
  safety.reserve_memory_percent = 20;
  // 100 MiB, of which 20 are kept.
  BOOST_TEST(load_memory_check(40 * mib, 60 * mib, 100 * mib, safety).ok);
  BOOST_TEST(!load_memory_check(41 * mib, 60 * mib, 100 * mib, safety).ok);
  BOOST_TEST(!load_memory_check(1, 20 * mib, 100 * mib, safety).ok);
  safety.memory_percent = 50;
  BOOST_TEST(!load_memory_check(11 * mib, 60 * mib, 100 * mib, safety).ok);
}

BOOST_AUTO_TEST_CASE(the_bound_counts_kinds_marks_and_the_unit) {
  BOOST_TEST(histogram_bound({{"a"}, {}, 1, 1, {}}) == 2u * 262 * 1024);
  BOOST_TEST(histogram_bound({{"a", "b"}, {"m"}, 1, 1, {}}) == 6u * 262 * 1024);
  BOOST_TEST(histogram_bound({{"a"}, {}, 1000, 1, {}}) == 2u * 182 * 1024);
}

BOOST_AUTO_TEST_SUITE_END()
