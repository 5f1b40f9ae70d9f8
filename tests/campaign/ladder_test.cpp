// SPDX-License-Identifier: Apache-2.0
#include "campaign/ladder.h"

#include <boost/test/unit_test.hpp>

#include "ordeal/abi/rule.h"

using namespace ordeal;

namespace {

Safety safety_of(double cpu_percent, std::uint32_t consecutive) {
  Safety safety;
  safety.cpu_percent = cpu_percent;
  safety.consecutive_violations = consecutive;
  safety.reserve_cpu_percent = 0;
  return safety;
}

RuleState saying(const std::string& rule, std::uint32_t level, const std::string& reason) {
  RuleState state;
  state.rule = rule;
  state.level = level;
  state.reason = reason;
  return state;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ladder)

BOOST_AUTO_TEST_CASE(every_third_violation_in_a_row_is_one_step) {
  CpuLimit cpu(safety_of(85, 3));
  const std::uint32_t levels[] = {0, 0, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4};
  for (const std::uint32_t level : levels) BOOST_TEST(cpu.check(0.99) == level);
  BOOST_TEST(cpu.level() == std::uint32_t{ORDEAL_VERDICT_STOP_PHASE});
}

BOOST_AUTO_TEST_CASE(a_reserve_tightens_the_limit_and_never_loosens_it) {
  Safety safety = safety_of(85, 1);
  safety.reserve_cpu_percent = 20;
  BOOST_TEST(CpuLimit(safety).limit() == 0.80, boost::test_tools::tolerance(1e-9));
  safety.reserve_cpu_percent = 5;
  BOOST_TEST(CpuLimit(safety).limit() == 0.85, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_check_at_the_limit_breaks_the_row) {
  CpuLimit cpu(safety_of(85, 3));
  for (int round = 0; round < 5; ++round) {
    cpu.check(0.9);
    cpu.check(0.9);
    BOOST_TEST(cpu.check(0.85) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(ten_points_under_clears_and_less_keeps_the_level) {
  CpuLimit cpu(safety_of(85, 1));
  BOOST_TEST(cpu.check(0.86) == std::uint32_t{ORDEAL_VERDICT_THROTTLE});
  BOOST_TEST(cpu.check(0.80) == std::uint32_t{ORDEAL_VERDICT_THROTTLE});
  BOOST_TEST(cpu.check(0.76) == std::uint32_t{ORDEAL_VERDICT_THROTTLE});
  BOOST_TEST(cpu.check(0.74) == std::uint32_t{ORDEAL_VERDICT_OK});
  // From the beginning again.
  BOOST_TEST(cpu.check(0.86) == std::uint32_t{ORDEAL_VERDICT_THROTTLE});
}

BOOST_AUTO_TEST_CASE(no_violations_needed_means_one) {
  CpuLimit cpu(safety_of(50, 0));
  BOOST_TEST(cpu.check(0.5) == 0u);
  BOOST_TEST(cpu.check(0.51) == std::uint32_t{ORDEAL_VERDICT_THROTTLE});
}

BOOST_AUTO_TEST_CASE(the_harshest_rule_wins_and_is_named) {
  const CpuLimit cpu(safety_of(85, 3));
  const std::vector<RuleState> rules{
      saying("mild", ORDEAL_VERDICT_WARN, "w"), saying("harsh", ORDEAL_VERDICT_HOLD, "errors 9 %"),
      saying("later", ORDEAL_VERDICT_HOLD, "as harsh"), saying("calm", ORDEAL_VERDICT_OK, "")};
  const LadderState state = climb(rules, cpu, true);
  BOOST_TEST(state.level == std::uint32_t{ORDEAL_VERDICT_HOLD});
  BOOST_TEST(state.reason == "rule harsh: errors 9 %");
}

BOOST_AUTO_TEST_CASE(cpu_counts_only_where_it_is_enforced) {
  CpuLimit cpu(safety_of(85, 1));
  cpu.check(1);
  cpu.check(1);
  const std::vector<RuleState> rules{saying("mild", ORDEAL_VERDICT_WARN, "w")};
  const LadderState enforced = climb(rules, cpu, true);
  BOOST_TEST(enforced.level == std::uint32_t{ORDEAL_VERDICT_HOLD});
  BOOST_TEST(enforced.reason == "CPU busy above 85 %");
  const LadderState reported = climb(rules, cpu, false);
  BOOST_TEST(reported.level == std::uint32_t{ORDEAL_VERDICT_WARN});
  BOOST_TEST(reported.reason == "rule mild: w");
}

BOOST_AUTO_TEST_CASE(cpu_never_overrides_a_harsher_rule) {
  CpuLimit cpu(safety_of(85, 1));
  for (int i = 0; i < 10; ++i) cpu.check(1);
  const LadderState state = climb({saying("end", ORDEAL_VERDICT_ABORT, "disk")}, cpu, true);
  BOOST_TEST(state.level == std::uint32_t{ORDEAL_VERDICT_ABORT});
  BOOST_TEST(state.reason == "rule end: disk");
}

BOOST_AUTO_TEST_CASE(a_level_offers_its_share_of_the_load) {
  const struct {
    std::uint32_t level;
    double factor;
    const char* name;
  } cases[] = {{ORDEAL_VERDICT_OK, 1, "ok"},
               {ORDEAL_VERDICT_WARN, 1, "warn"},
               {ORDEAL_VERDICT_THROTTLE, 0.5, "throttle"},
               {ORDEAL_VERDICT_HOLD, 0, "hold"},
               {ORDEAL_VERDICT_STOP_PHASE, 0, "stop_phase"},
               {ORDEAL_VERDICT_ABORT, 0, "abort"}};
  for (const auto& one : cases) {
    LadderState state;
    state.level = one.level;
    BOOST_TEST(state.factor() == one.factor);
    BOOST_TEST(level_name(one.level) == std::string(one.name));
  }
  BOOST_TEST(level_name(77) == std::string("abort"));
}

BOOST_AUTO_TEST_CASE(nothing_said_is_ok) {
  const LadderState state = climb({}, CpuLimit(safety_of(85, 3)), true);
  BOOST_TEST(state.level == 0u);
  BOOST_TEST(state.reason.empty());
  BOOST_TEST(state.factor() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
