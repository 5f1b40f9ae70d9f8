// SPDX-License-Identifier: Apache-2.0
#include "analysis/verdict.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

PhaseSummary phase(PhaseResult result, std::uint64_t ok = 1000, std::uint64_t all = 1000) {
  PhaseSummary p;
  p.name = "load";
  p.attempted = true;
  p.outcome.result = result;
  p.outcome.success = result == PhaseResult::passed;
  p.outcome.reasons = {"because"};
  p.operations = all;
  p.successful = ok;
  return p;
}

CampaignEvidence finished(std::vector<PhaseResult> results) {
  CampaignEvidence e;
  e.end_reason = "finished";
  for (const auto result : results) e.phases.push_back(phase(result));
  return e;
}

int code(const CampaignEvidence& e) { return static_cast<int>(judge_evidence(e).exit_code); }

constexpr auto passed = PhaseResult::passed;
constexpr auto failed = PhaseResult::failed;
constexpr auto invalid = PhaseResult::invalid;
constexpr auto unclear = PhaseResult::inconclusive;

}  // namespace

BOOST_AUTO_TEST_SUITE(verdict)

BOOST_AUTO_TEST_CASE(enough_passed_phases_are_a_go) {
  BOOST_TEST(code(finished({passed})) == 0);
  BOOST_TEST(code(finished({passed, passed, passed, failed})) == 0);
  BOOST_TEST(code(finished({passed, passed, failed})) == 99);
  auto strict = finished({passed, passed, passed, failed});
  strict.phases_passed = 1;
  BOOST_TEST(code(strict) == 99);
}

BOOST_AUTO_TEST_CASE(too_many_failed_operations_are_a_no_go) {
  auto e = finished({passed, passed});
  e.phases[0].successful = 100;
  const auto v = judge_evidence(e);
  BOOST_TEST(static_cast<int>(v.exit_code) == 99);
  BOOST_TEST(v.sentence.find("55 % of 2000 operations") != std::string::npos);
  BOOST_TEST(v.reasons.at(1).metric == "operations_ok");
  BOOST_TEST(v.reasons.at(1).measured.value() == 0.55);
}

BOOST_AUTO_TEST_CASE(invalid_comes_before_no_go_and_is_never_a_pass) {
  BOOST_TEST(code(finished({invalid})) == 114);
  BOOST_TEST(code(finished({invalid, failed})) == 114);
  BOOST_TEST(code(finished({invalid, passed})) == 114);
  // The others alone are enough; the sentence says that one is missing.
  const auto v = judge_evidence(finished({invalid, passed, passed, passed}));
  BOOST_TEST(static_cast<int>(v.exit_code) == 0);
  BOOST_TEST(v.sentence.find("1 phase not measured validly") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(operations_of_invalid_phases_are_no_evidence) {
  auto e = finished({invalid, passed, passed, passed});
  e.phases[0].operations = 1'000'000;
  e.phases[0].successful = 0;
  BOOST_TEST(code(e) == 0);
}

BOOST_AUTO_TEST_CASE(what_could_still_pass_is_inconclusive) {
  BOOST_TEST(code(finished({unclear})) == 115);
  BOOST_TEST(code(finished({unclear, passed})) == 115);
  BOOST_TEST(code(finished({unclear, failed})) == 99);  // half at best
  auto never_run = finished({passed, passed});
  PhaseSummary later;
  later.name = "later";
  never_run.phases.push_back(later);
  BOOST_TEST(code(never_run) == 115);
}

BOOST_AUTO_TEST_CASE(nothing_judged_is_no_go_ahead) {
  BOOST_TEST(code(finished({})) == 115);
  BOOST_TEST(code(finished({PhaseResult::not_judged})) == 115);
  auto e = finished({passed});
  e.phases[0].judge = false;
  BOOST_TEST(code(e) == 115);
  auto idle = finished({passed});
  idle.phases[0].operations = 0;
  BOOST_TEST(code(idle) == 115);
}

BOOST_AUTO_TEST_CASE(a_stopped_phase_counts_as_failed) {
  BOOST_TEST(code(finished({passed, PhaseResult::stopped})) == 99);
}

BOOST_AUTO_TEST_CASE(ends_come_first_in_their_order) {
  auto e = finished({invalid, failed});
  e.end_reason = "person";
  BOOST_TEST(code(e) == 105);
  e.end_reason = "safety";
  BOOST_TEST(code(e) == 111);
  e.end_reason = "guardian_lost";
  BOOST_TEST(code(e) == 116);
  e.end_reason.reset();
  BOOST_TEST(code(e) == 116);
  BOOST_TEST(judge_evidence(e).verdict == "incomplete");
  e.control_events_lost = 1;
  BOOST_TEST(code(e) == 109);
  e.control_events_lost = 0;
  e.end_reason = "controller_error";
  BOOST_TEST(code(e) == 109);
}

BOOST_AUTO_TEST_CASE(a_refusal_before_load_keeps_its_code) {
  CampaignEvidence e;
  e.end_reason = "finished";
  e.end_exit_code = 112;
  e.ready = false;
  e.unready = {"disk: 2 % free"};
  const auto v = judge_evidence(e);
  BOOST_TEST(static_cast<int>(v.exit_code) == 112);
  BOOST_TEST(v.sentence.find("disk: 2 % free") != std::string::npos);
  e.phases.push_back(phase(passed));  // once load ran, it is judged
  BOOST_TEST(code(e) == 0);
}

BOOST_AUTO_TEST_CASE(every_phase_that_did_not_pass_is_a_reason) {
  const auto v = judge_evidence(finished({passed, failed, unclear}));
  BOOST_TEST(v.reasons.size() == 4u);  // phases, operations, and two phases
  BOOST_TEST(v.reasons[2].text == "phase load failed: because");
  BOOST_TEST(v.reasons[2].phase == "load");
}

BOOST_AUTO_TEST_SUITE_END()
