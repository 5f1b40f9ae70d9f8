// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "plugins/rule_snapshots.h"

using namespace ordeal::testing;

namespace {

const char* const stalled = "node_pressure_memory_stalled_seconds_total";

struct Fixture : RulePlugin {
  Fixture() : RulePlugin("pressure") {}
};

/// A machine whose kernel takes pages back all the time.
struct Machine {
  Machine(RulePlugin& plugin, const std::string& config, std::string metric = stalled)
      : rule(plugin, config), metric(std::move(metric)) {}

  /// One second with that share of pressure.
  Answer second_of(double share, bool reclaims = true) {
    now += 1;
    total += share;
    if (reclaims) pages += 10;
    for (const char* counter : {"node_vmstat_pgscan_kswapd", "node_vmstat_pgscan_direct",
                                "node_vmstat_pswpin", "node_vmstat_pswpout"}) {
      rule.sample(counter, "", pages, now);
    }
    return rule.sample(metric, "", total, now).judge(now);
  }
  Answer seconds_of(int n, double share, bool reclaims = true) {
    Answer last;
    for (int i = 0; i < n; ++i) last = second_of(share, reclaims);
    return last;
  }

  Rule rule;
  std::string metric;
  double now = 1000;
  double total = 50;
  double pages = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_pressure, Fixture)

BOOST_AUTO_TEST_CASE(the_share_of_the_window_has_grades) {
  Machine machine(*this, "{}");
  BOOST_TEST(machine.seconds_of(11, 0.05).level == ok);
  // 10 s of it make 12 %: hold.
  BOOST_TEST(machine.seconds_of(9, 0.10).level == ok);
  const Answer held = machine.seconds_of(10, 0.12);
  BOOST_TEST(held.level == hold);
  BOOST_TEST(held.metric == stalled);
  BOOST_TEST(held.value == 0.12, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(held.limit == 0.10);
  BOOST_TEST(held.window_ns == 10 * second);
  BOOST_TEST(held.reason ==
             "all tasks stood still for want of memory in 12 % of the last 10 s, over the limit of "
             "10 % (window 10 s)");
  const Answer stopped = machine.seconds_of(10, 0.5);
  BOOST_TEST(stopped.level == stop);
  BOOST_TEST(stopped.limit == 0.40);
}

BOOST_AUTO_TEST_CASE(one_bad_second_is_none) {
  Machine machine(*this, "{}");
  machine.seconds_of(20, 0);
  BOOST_TEST(machine.second_of(0.9).level == ok);  // 9 % of ten seconds
  BOOST_TEST(machine.seconds_of(20, 0).level == ok);
}

BOOST_AUTO_TEST_CASE(it_clears_under_half_for_a_time) {
  Machine machine(*this, "{}");
  BOOST_TEST(machine.seconds_of(11, 0.5).level == stop);
  // Under the limits but over 5 %: no way back.
  const Answer still = machine.seconds_of(60, 0.06);
  BOOST_TEST(still.level == stop);
  BOOST_TEST(still.reason.find("has not stayed under 5 % since it was over the limit of 40 %") !=
             std::string::npos);
  // Ten seconds until the window is free of it, thirty for which it must stay so.
  BOOST_TEST(machine.seconds_of(30, 0.01).level == stop);
  BOOST_TEST(machine.seconds_of(11, 0.01).level == ok);
}

BOOST_AUTO_TEST_CASE(memory_pressure_counts_only_with_reclaim) {
  Machine calm(*this, "{}");
  calm.seconds_of(15, 0, true);
  calm.seconds_of(12, 0, false);
  BOOST_TEST(calm.seconds_of(30, 0.9, false).level == ok);
  BOOST_TEST(calm.second_of(0.9, true).level == stop);
  Machine all(*this, R"({"reclaim":false})");
  BOOST_TEST(all.seconds_of(11, 0.9, false).level == stop);
  // Counters that nobody reads excuse nothing.
  Rule blind(*this, "{}");
  for (int t = 0; t < 12; ++t) blind.sample(stalled, "", t * 0.9, 100 + t).judge(100 + t);
  BOOST_TEST(blind.sample(stalled, "", 11, 112).judge(112).level == stop);
}

BOOST_AUTO_TEST_CASE(every_resource_has_its_counter) {
  const struct {
    const char* config;
    const char* metric;
    const char* words;
  } cases[] = {{R"({"resource":"cpu"})", "node_pressure_cpu_waiting_seconds_total",
                "some task stood still for want of CPU in 90 %"},
               {R"({"resource":"io"})", "node_pressure_io_stalled_seconds_total",
                "all tasks stood still for want of I/O in 90 %"},
               {R"({"resource":"io","kind":"some"})", "node_pressure_io_waiting_seconds_total",
                "some task stood still for want of I/O in 90 %"},
               {R"({"kind":"some"})", "node_pressure_memory_waiting_seconds_total",
                "some task stood still for want of memory in 90 %"}};
  for (const auto& one : cases) {
    BOOST_TEST_CONTEXT(one.config) {
      Machine machine(*this, one.config, one.metric);
      const Answer answer = machine.seconds_of(11, 0.9);
      BOOST_TEST(answer.level == stop);
      BOOST_TEST(answer.metric == one.metric);
      BOOST_TEST(answer.reason.find(one.words) == 0U, answer.reason);
    }
  }
}

BOOST_AUTO_TEST_CASE(own_limits_and_windows) {
  Machine machine(*this,
                  R"({"window":"4s","clear":"20%","clear_for":"2s","limits":[
                      {"above":0.3,"verdict":"warn"},{"above":"60%","verdict":"abort","for":"3s"}]})");
  BOOST_TEST(machine.seconds_of(5, 0.35).level == warn);
  BOOST_TEST(machine.seconds_of(4, 0.7).level == warn);
  BOOST_TEST(machine.seconds_of(3, 0.7).level == abort_campaign);
  BOOST_TEST(machine.seconds_of(7, 0).level == ok);
}

BOOST_AUTO_TEST_CASE(readings_further_apart_than_the_window_are_one_share) {
  Rule rule(*this, R"({"reclaim":false})");
  rule.sample(stalled, "", 100, 1000).judge(1000);
  const Answer answer = rule.sample(stalled, "", 115, 1030).judge(1031);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 0.5);
}

BOOST_AUTO_TEST_CASE(a_counter_that_begins_anew_is_no_share) {
  Machine machine(*this, "{}");
  machine.seconds_of(11, 0);
  machine.total = 0;
  BOOST_TEST(machine.seconds_of(9, 0.01).level == ok);
  BOOST_TEST(machine.seconds_of(12, 0.9).level == stop);
}

BOOST_AUTO_TEST_CASE(without_the_counter_it_fails_closed) {
  Rule rule(*this, R"({"grace":"5s"})");
  rule.sample(stalled, "", 1, 100).judge(100);
  BOOST_TEST(rule.judge(115).level == ok);
  BOOST_TEST(rule.silence(115, 1) == fails_closed, boost::test_tools::per_element());
  Rule never(*this, R"({"grace":"5s"})");
  BOOST_TEST(never.judge(100).level == ok);
  const Answer answer = never.judge(116);
  BOOST_TEST(answer.level == warn);
  BOOST_TEST(answer.reason == std::string("no data for ") + stalled +
                                  " for 16 s: its limit of 10 % is not being watched");
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused_by_name) {
  refuses({{"", "JSON"},
           {R"({"resource":"gpu"})", "resource"},
           {R"({"resource":"cpu","kind":"full"})", "kind"},
           {R"({"resource":"io","reclaim":true})", "reclaim"},
           {R"({"window":"0s"})", "window"},
           {R"({"limits":7})", "limits"},
           {R"({"limits":[7]})", "limits/0"},
           {R"({"limits":[{"above":0}]})", "limits/0/above"},
           {R"({"limits":[{"verdict":"hold"}]})", "limits/0/above"},
           {R"({"limits":[{"above":1.2}]})", "limits/0/above"},
           {R"({"limits":[{"above":0.2},{"above":0.3,"verdict":"x"}]})", "limits/1/verdict"},
           {R"({"limits":[{"above":0.2,"then":1}]})", "limits/0/then"},
           {R"({"clear":"50%"})", "clear"},
           {R"({"grace":"2h"})", "grace"},
           {R"({"missing":"never"})", "missing"},
           {R"({"whindow":"1s"})", "whindow"}});
}

BOOST_AUTO_TEST_SUITE_END()
