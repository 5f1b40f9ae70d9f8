// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "plugins/rule_snapshots.h"

using namespace ordeal::testing;

namespace {

struct Fixture : RulePlugin {
  Fixture() : RulePlugin("target-alive") {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_target_alive, Fixture)

BOOST_AUTO_TEST_CASE(no_success_for_a_window) {
  Rule rule(*this, "{}");
  BOOST_TEST(rule.interval("http", "get", 1, 5, 0).judge(1).level == ok);
  for (int t = 2; t <= 10; ++t)
    BOOST_TEST(rule.interval("http", "get", t, 0, 1).judge(t).level == ok);
  const Answer answer = rule.interval("http", "get", 11, 0, 1).judge(11);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 10);
  BOOST_TEST(answer.limit == 10);
  BOOST_TEST(answer.metric == "seconds without a success");
  BOOST_TEST(answer.reason ==
             "the target does not answer: http had no success in 10 operations for 10 s, the limit "
             "is 10 s (window 10 s)");
  BOOST_TEST(rule.interval("http", "get", 12, 1, 5).judge(12).level == ok);
}

BOOST_AUTO_TEST_CASE(a_closed_port_is_told_apart) {
  Rule rule(*this, R"({"window":"3s","verdict":"abort"})");
  for (int t = 101; t <= 103; ++t)
    rule.interval("http", "get", t, 0, 4, 0, 0, ORDEAL_OUTCOME_REFUSED);
  const Answer answer = rule.judge(103);
  BOOST_TEST(answer.level == abort_campaign);
  BOOST_TEST(answer.reason ==
             "the target's port is closed: http had no success in 12 operations for 3 s, all were "
             "refused, the limit is 3 s (window 3 s)");
}

BOOST_AUTO_TEST_CASE(rare_operations_need_some_more) {
  Rule rule(*this, R"({"window":"3s","min_operations":3})");
  BOOST_TEST(rule.interval("http", "get", 1, 0, 1).judge(1).level == ok);
  BOOST_TEST(rule.interval("http", "get", 30, 0, 1).judge(30).level == ok);
  BOOST_TEST(rule.interval("http", "get", 60, 0, 1).judge(60).level == stop);
}

BOOST_AUTO_TEST_CASE(a_process_that_has_gone) {
  Rule rule(*this, R"({"operations":false,"window":"5s"})");
  const char* const up = "ordeal_process_up";
  // Not read yet: with 'auto' nothing to say.
  BOOST_TEST(rule.judge(1000).level == ok);
  BOOST_TEST(rule.sample(up, "db,7", 1, 1001).judge(1001).level == ok);
  BOOST_TEST(rule.sample(up, "db,7", 0, 1002).judge(1002).level == ok);
  BOOST_TEST(rule.sample(up, "db,7", 0, 1006).judge(1006).level == ok);
  const Answer answer = rule.sample(up, "db,7", 0, 1007).judge(1007);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.metric == up);
  BOOST_TEST(answer.reason ==
             "the target's process (db,7) has been gone for 5 s, the limit is 5 s (window 5 s)");
  // Restarted under another number; what the old one said stays in the snapshot.
  rule.sample(up, "db,7", 0, 1007).sample(up, "db,8", 1, 1012);
  BOOST_TEST(rule.judge(1012).level == ok);
  // One of two is enough.
  rule.sample(up, "db,8", 0, 1013).sample(up, "db,9", 1, 1013).judge(1013);
  rule.sample(up, "db,8", 0, 1020).sample(up, "db,9", 1, 1020);
  BOOST_TEST(rule.judge(1020).level == ok);
}

BOOST_AUTO_TEST_CASE(missing_data_fail_closed) {
  Rule load(*this, R"({"process":"off","grace":"10s"})");
  load.interval("http", "get", 100, 1, 0).judge(100);
  BOOST_TEST(load.judge(120).level == ok);
  BOOST_TEST(load.silence(120, 1) == fails_closed, boost::test_tools::per_element());
  BOOST_TEST(load.judge(500, no_phase).level == ok);

  Rule seen(*this, R"({"operations":false,"grace":"10s"})");
  seen.sample("ordeal_process_up", "db,7", 1, 100).judge(100);
  BOOST_TEST(seen.judge(120).level == ok);
  BOOST_TEST(seen.silence(120, 1) == fails_closed, boost::test_tools::per_element());

  Rule required(*this, R"({"operations":false,"process":"required","grace":"10s"})");
  BOOST_TEST(required.judge(100).level == ok);
  BOOST_TEST(required.judge(121).reason ==
             "no data for the target's process for 21 s: its limit of 10 s is not being watched "
             "(target.pid or target.pid_file says which it is)");
}

BOOST_AUTO_TEST_CASE(phases_begin_anew) {
  Rule rule(*this, R"({"window":"2s","min_operations":1})");
  rule.interval("http", "get", 2, 0, 1).interval("http", "get", 3, 0, 1);
  BOOST_TEST(rule.judge(3, 0).level == stop);
  BOOST_TEST(rule.judge(3, no_phase).level == ok);
  BOOST_TEST(rule.interval("http", "get", 5, 0, 1).judge(5, 1).level == ok);
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused_by_name) {
  refuses({{"1", "JSON"},
           {R"({"process":"maybe"})", "process"},
           {R"({"process":"off","operations":false})", "operations"},
           {R"({"verdict":"warn"})", "verdict"},
           {R"({"window":10})", "window"},
           {R"({"min_operations":0})", "min_operations"},
           {R"({"port":80})", "port"}});
}

BOOST_AUTO_TEST_SUITE_END()
