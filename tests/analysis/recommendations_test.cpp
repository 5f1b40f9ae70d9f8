// SPDX-License-Identifier: Apache-2.0
#include "analysis/recommendations.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

AdviceFacts phase(const char* name, PhaseResult result, double rate) {
  AdviceFacts facts;
  facts.name = name;
  facts.outcome.result = result;
  facts.rate = rate;
  facts.seconds = 10;
  facts.p99 = 0.012;
  facts.outcomes[static_cast<std::size_t>(Outcome::ok)] = 1000;
  return facts;
}

Assertion missed(const char* metric, double measured, const char* unit) {
  Assertion a;
  a.slo = {metric, "<", 0.5, "<500ms"};
  a.unit = unit;
  a.measured = measured;
  a.result = SloResult::missed;
  return a;
}

bool contains(const std::vector<std::string>& texts, const std::string& part) {
  for (const auto& one : texts) {
    if (one.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recommendations)

BOOST_AUTO_TEST_CASE(nothing_wrong_nothing_said_of_a_phase) {
  BOOST_TEST(phase_recommendations(phase("a", PhaseResult::passed, 100)).empty());
}

BOOST_AUTO_TEST_CASE(failures_are_counted_by_class) {
  auto facts = phase("a", PhaseResult::failed, 100);
  facts.outcomes[static_cast<std::size_t>(Outcome::throttled)] = 300;
  facts.outcomes[static_cast<std::size_t>(Outcome::timeout)] = 2;  // too few to speak of
  facts.assertions = {missed("success", 0.7, "ratio")};
  const auto texts = phase_recommendations(facts);
  BOOST_TEST(contains(texts, "300 of 1302 operations were throttled"));
  BOOST_TEST(texts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(waiting_for_a_connection_is_told_from_a_slow_target) {
  auto facts = phase("a", PhaseResult::failed, 100);
  facts.assertions = {missed("p99", 0.9, "s")};
  facts.p99 = 0.9;
  facts.service_p99 = 0.01;
  facts.connections = 3;
  BOOST_TEST(contains(phase_recommendations(facts), "queued for one of 3 connections"));
  facts.service_p99 = 0.8;
  BOOST_TEST(contains(phase_recommendations(facts), "the target itself was slow"));
}

BOOST_AUTO_TEST_CASE(too_few_samples_say_how_long_it_takes) {
  auto facts = phase("a", PhaseResult::inconclusive, 10);
  Assertion a = missed("p99", 0.1, "s");
  a.result = SloResult::not_estimable;
  a.samples = 100;
  a.samples_needed = 368;
  facts.assertions = {a};
  BOOST_TEST(contains(phase_recommendations(facts), "measure for 37 s instead of 10 s"));
}

BOOST_AUTO_TEST_CASE(the_limit_lies_between_the_best_pass_and_the_least_failure) {
  const auto texts = campaign_recommendations(
      {phase("low", PhaseResult::passed, 100), phase("high", PhaseResult::failed, 200)}, {});
  BOOST_TEST(contains(texts, "between 100/s (phase low, passed) and 200/s (phase high, failed)"));
}

BOOST_AUTO_TEST_CASE(all_passed_means_the_limit_was_not_found) {
  const auto texts = campaign_recommendations({phase("low", PhaseResult::passed, 100)}, {});
  BOOST_TEST(contains(texts, "up to 100/s (phase low) at a p99 of 12 ms"));
}

BOOST_AUTO_TEST_CASE(the_host_is_named_with_its_figures) {
  HostFacts host;
  host.cpu_max = 97;
  host.memory_max = 88;
  host.health = 72;
  host.weakest_sensor = "disk";
  host.quarantined = {"org.example.x"};
  const auto texts = campaign_recommendations({phase("a", PhaseResult::failed, 100)}, host);
  BOOST_TEST(contains(texts, "97 % busy"));
  BOOST_TEST(contains(texts, "88 % used"));
  BOOST_TEST(contains(texts, "72 of 100, weakest disk"));
  BOOST_TEST(contains(texts, "org.example.x was quarantined"));
}

BOOST_AUTO_TEST_CASE(invalid_figures_are_not_to_be_used) {
  auto facts = phase("a", PhaseResult::invalid, 100);
  facts.outcome.reasons = {"the generator was the bottleneck"};
  BOOST_TEST(contains(phase_recommendations(facts), "do not use these figures"));
}

BOOST_AUTO_TEST_SUITE_END()
