// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "plugins/rule_snapshots.h"

using namespace ordeal::testing;

namespace {

struct Fixture : RulePlugin {
  Fixture() : RulePlugin("consecutive-failures") {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_consecutive_failures, Fixture)

BOOST_AUTO_TEST_CASE(intervals_without_a_success_in_a_row) {
  Rule rule(*this, "{}");
  for (int t = 1; t <= 4; ++t)
    BOOST_TEST(rule.interval("http", "get", t, 0, 7).judge(t).level == ok);
  BOOST_TEST(rule.interval("http", "get", 5, 0, 7).judge(5).level == warn);
  for (int t = 6; t <= 9; ++t)
    BOOST_TEST(rule.interval("http", "get", t, 0, 7).judge(t).level == warn);
  const Answer answer = rule.interval("http", "get", 10, 0, 7).judge(10);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 10);
  BOOST_TEST(answer.limit == 10);
  BOOST_TEST(answer.metric == "failed intervals in a row");
  BOOST_TEST(answer.reason ==
             "http: 10 intervals in a row without a success, the limit is 10 (window 10 s)");
  BOOST_TEST(rule.interval("http", "get", 11, 1, 7).judge(11).level == ok);
  BOOST_TEST(rule.interval("http", "get", 12, 0, 7).judge(12).value == 1);
}

BOOST_AUTO_TEST_CASE(all_intervals_of_a_judgement_count) {
  Rule rule(*this, "{}");
  for (int t = 1; t <= 30; ++t) rule.interval("http", "get", t, t == 15 ? 1 : 0, 3);
  BOOST_TEST(rule.judge(30).value == 15);
  // The same ones again are no new ones.
  for (int t = 20; t <= 30; ++t) rule.interval("http", "get", t, 0, 3);
  BOOST_TEST(rule.judge(30).value == 15);
}

BOOST_AUTO_TEST_CASE(kinds_of_one_interval_are_one_and_idle_ones_none) {
  Rule rule(*this, R"({"limits":[{"after":3}]})");
  for (int t = 1; t <= 2; ++t) {
    rule.interval("http", "get", t, 0, 5).interval("http", "post", t, 0, 5);
    BOOST_TEST(rule.judge(t).value == t);
  }
  // Nothing was tried: the row neither grows nor ends.
  for (int t = 3; t <= 40; ++t)
    BOOST_TEST(rule.interval("http", "get", t, 0, 0).judge(t).level == ok);
  BOOST_TEST(rule.interval("http", "get", 41, 0, 1).judge(41).level == stop);
  // One kind that succeeds is a success.
  rule.interval("http", "get", 42, 0, 5).interval("http", "post", 42, 1, 0);
  BOOST_TEST(rule.judge(42).level == ok);
}

BOOST_AUTO_TEST_CASE(operations_and_shares_of_errors) {
  Rule rule(*this,
            R"({"count":"operations","errors":"50%","limits":[{"after":100,"verdict":"hold"}]})");
  BOOST_TEST(rule.interval("http", "get", 1, 20, 20).judge(1).value == 40);
  BOOST_TEST(rule.interval("http", "get", 2, 20, 30).judge(2).level == ok);
  const Answer answer = rule.interval("http", "get", 3, 5, 5).judge(3);
  BOOST_TEST(answer.level == hold);
  BOOST_TEST(
      answer.reason ==
      "http: 100 operations in a row with 50 % errors or more, the limit is 100 (window 3 s)");
  BOOST_TEST(rule.interval("http", "get", 4, 21, 20).judge(4).level == ok);
}

BOOST_AUTO_TEST_CASE(each_scenario_by_itself_and_those_asked_for) {
  Rule rule(*this, R"({"scenario":"h*","limits":[{"after":2,"verdict":"abort"}]})");
  for (int t = 1; t <= 3; ++t) {
    rule.interval("mcp", "call", t, 0, 9).interval("http", "get", t, 1, 0);
    BOOST_TEST(rule.judge(t).level == ok);
  }
  rule.interval("http", "get", 4, 0, 1).interval("http", "get", 5, 0, 1);
  BOOST_TEST(rule.judge(5).level == abort_campaign);
}

BOOST_AUTO_TEST_CASE(one_phase_does_not_answer_for_another) {
  Rule rule(*this, R"({"limits":[{"after":2}]})");
  BOOST_TEST(rule.interval("http", "get", 1, 0, 1).judge(1, 0).value == 1);
  BOOST_TEST(rule.interval("http", "get", 2, 0, 1).judge(2, 1).value == 1);
  BOOST_TEST(rule.judge(3, no_phase).value == 0);
}

BOOST_AUTO_TEST_CASE(no_intervals_at_all_fail_closed) {
  Rule rule(*this, R"({"grace":"10s"})");
  rule.interval("http", "get", 100, 1, 0).judge(100);
  BOOST_TEST(rule.judge(110).level == ok);
  BOOST_TEST(rule.silence(110, 1) == fails_closed, boost::test_tools::per_element());
  BOOST_TEST(rule.judge(500, no_phase).level == ok);
  BOOST_TEST(rule.judge(1000, no_phase).level == ok);
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused_by_name) {
  refuses({{"x", "JSON"},
           {R"({"count":"days"})", "count"},
           {R"({"errors":0})", "errors"},
           {R"({"errors":"101%"})", "errors"},
           {R"({"limits":[{"after":0}]})", "limits/0/after"},
           {R"({"limits":[{"verdict":"warn"}]})", "limits/0/after"},
           {R"({"limits":[{"after":2,"verdict":"no"}]})", "limits/0/verdict"},
           {R"({"limit":3})", "limit"}});
}

BOOST_AUTO_TEST_SUITE_END()
