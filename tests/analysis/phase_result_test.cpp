// SPDX-License-Identifier: Apache-2.0
#include "analysis/phase_result.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

BOOST_TEST_DONT_PRINT_LOG_VALUE(PhaseResult)

namespace {

Assertion assertion(SloResult result) {
  Assertion a;
  a.result = result;
  a.text = "p99 said so";
  return a;
}

PhaseEvidence good() {
  PhaseEvidence e;
  e.open_load = true;
  e.offered = 1000;
  e.send_rate = 1;
  e.outcomes[static_cast<std::size_t>(Outcome::ok)] = 1000;
  e.assertions = {assertion(SloResult::met)};
  return e;
}

PhaseResult result_of(const PhaseEvidence& e) { return judge_phase_evidence(e).result; }

}  // namespace

BOOST_AUTO_TEST_SUITE(phase_result)

BOOST_AUTO_TEST_CASE(only_a_pass_is_a_success) {
  BOOST_TEST(result_of(good()) == PhaseResult::passed);
  BOOST_TEST(judge_phase_evidence(good()).success);
  auto e = good();
  e.assertions.push_back(assertion(SloResult::missed));
  BOOST_TEST(result_of(e) == PhaseResult::failed);
  BOOST_TEST(!judge_phase_evidence(e).success);
  BOOST_TEST(judge_phase_evidence(e).reasons.front() == "p99 said so");
}

BOOST_AUTO_TEST_CASE(the_first_that_applies_wins) {
  auto e = good();
  e.assertions.push_back(assertion(SloResult::not_estimable));
  BOOST_TEST(result_of(e) == PhaseResult::inconclusive);
  e.assertions.push_back(assertion(SloResult::missed));
  BOOST_TEST(result_of(e) == PhaseResult::failed);
  e.invalid_reasons = {"the clock jumped"};
  BOOST_TEST(result_of(e) == PhaseResult::invalid);
  e.stop_reason = "safety: memory";
  BOOST_TEST(result_of(e) == PhaseResult::stopped);
  BOOST_TEST(judge_phase_evidence(e).reasons.front() == "stopped: safety: memory");
  e.judge = false;
  BOOST_TEST(result_of(e) == PhaseResult::not_judged);
}

BOOST_AUTO_TEST_CASE(an_interrupted_phase_did_not_run_to_its_end) {
  auto e = good();
  e.ended = false;
  BOOST_TEST(result_of(e) == PhaseResult::stopped);
}

BOOST_AUTO_TEST_CASE(a_generator_that_sends_too_little_is_invalid) {
  auto e = good();
  e.send_rate = 0.98;
  BOOST_TEST(result_of(e) == PhaseResult::invalid);
  e.send_rate = 0.995;
  BOOST_TEST(result_of(e) == PhaseResult::passed);
  e.send_rate = 0.5;
  e.open_load = false;  // closed load offers what it sends
  BOOST_TEST(result_of(e) == PhaseResult::passed);
}

BOOST_AUTO_TEST_CASE(what_the_target_kept_from_being_sent_is_not_the_generators_fault) {
  auto e = good();
  e.send_rate = 0.4;
  e.outcomes[static_cast<std::size_t>(Outcome::ok)] = 400;
  e.outcomes[static_cast<std::size_t>(Outcome::dropped)] = 400;
  e.outcomes[static_cast<std::size_t>(Outcome::timeout)] = 200;
  e.assertions = {assertion(SloResult::missed)};
  BOOST_TEST(result_of(e) == PhaseResult::failed);
}

BOOST_AUTO_TEST_CASE(invalid_without_a_reason_is_still_invalid) {
  auto e = good();
  e.valid = false;
  BOOST_TEST(result_of(e) == PhaseResult::invalid);
  BOOST_TEST(!judge_phase_evidence(e).reasons.empty());
  e = good();
  e.missing_share = 0.011;
  BOOST_TEST(result_of(e) == PhaseResult::invalid);
}

BOOST_AUTO_TEST_CASE(nothing_done_or_nothing_asked_is_no_pass) {
  auto e = good();
  e.outcomes = {};
  BOOST_TEST(result_of(e) == PhaseResult::inconclusive);
  e = good();
  e.assertions.clear();
  BOOST_TEST(result_of(e) == PhaseResult::not_judged);
}

BOOST_AUTO_TEST_SUITE_END()
