// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "plugins/rule_snapshots.h"

using namespace ordeal::testing;

namespace {

constexpr double mib = 1048576;

struct Fixture : RulePlugin {
  Fixture() : RulePlugin("process-limits") {}
};

Rule& counts(Rule& rule, double load, double started, double at) {
  rule.sample("ordeal_run_processes", "control", 4, at);
  rule.sample("ordeal_run_processes", "service", 1, at);
  rule.sample("ordeal_run_processes", "load", load, at);
  return rule.sample("ordeal_run_processes", "started", started, at);
}

Rule& process(Rule& rule, const char* labels, double megabytes, double age, double at) {
  rule.sample("ordeal_run_process_resident_bytes", labels, megabytes * mib, at);
  return rule.sample("ordeal_run_process_age_seconds", labels, age, at);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_process_limits, Fixture)

BOOST_AUTO_TEST_CASE(load_and_what_it_started_are_counted) {
  Rule rule(*this, R"({"count":10})");
  BOOST_TEST(counts(rule, 8, 2, 10).judge(10).level == ok);
  const Answer answer = counts(rule, 8, 3, 20).judge(20);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.metric == "ordeal_run_processes");
  BOOST_TEST(answer.value == 11);
  BOOST_TEST(answer.limit == 10);
  BOOST_TEST(answer.reason ==
             "the load and what it started are 11 processes, over the limit of 10 processes, for "
             "0 s (window 0 s)");
  BOOST_TEST(rule.judge(21).level == stop);
  BOOST_TEST(counts(rule, 8, 0, 30).judge(30).level == ok);
}

BOOST_AUTO_TEST_CASE(the_largest_process_is_named) {
  Rule rule(*this, R"({"memory_mb":1024,"verdict":"abort"})");
  counts(rule, 1, 0, 10);
  process(rule, "load,load-0-http,41", 900, 5, 10);
  BOOST_TEST(process(rule, "service,service,40", 1024, 5, 10).judge(10).level == ok);
  counts(rule, 1, 0, 20);
  process(rule, "service,service,40", 300, 15, 20);
  const Answer answer = process(rule, "load,load-0-http,41", 1100, 15, 20).judge(20);
  BOOST_TEST(answer.level == abort_campaign);
  BOOST_TEST(answer.reason ==
             "process 41 (load-0-http) holds 1.074 GiB, over the limit of 1 GiB, for 0 s (window "
             "0 s)");
  // It has ended: what it held is nobody's any more.
  counts(rule, 1, 0, 30);
  process(rule, "load,load-0-http,41", 1100, 15, 20);  // as a snapshot keeps old values
  BOOST_TEST(process(rule, "load,load-0-http,43", 100, 1, 30).judge(30).level == ok);
}

BOOST_AUTO_TEST_CASE(only_what_plugins_started_grows_too_old) {
  Rule rule(*this, R"({"age":"30m"})");
  counts(rule, 1, 1, 10);
  process(rule, "load,load-0-http,41", 100, 9000, 10);
  BOOST_TEST(process(rule, "started,helper,50", 100, 1800, 10).judge(10).level == ok);
  counts(rule, 1, 1, 20);
  const Answer answer = process(rule, "started,my,helper,50", 100, 1801, 20).judge(20);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.metric == "ordeal_run_process_age_seconds");
  BOOST_TEST(
      answer.reason ==
      "process 50 (my,helper) was started by a plugin and has run for 1801 s, over the limit "
      "of 1800 s, for 0 s (window 0 s)");
}

BOOST_AUTO_TEST_CASE(the_window_has_to_be_filled) {
  Rule rule(*this, R"({"count":1,"for":"20s","verdict":"warn"})");
  BOOST_TEST(counts(rule, 2, 0, 10).judge(10).level == ok);
  BOOST_TEST(counts(rule, 1, 0, 20).judge(20).level == ok);
  BOOST_TEST(counts(rule, 2, 0, 30).judge(30).level == ok);
  BOOST_TEST(counts(rule, 2, 0, 40).judge(40).level == ok);
  BOOST_TEST(counts(rule, 2, 0, 50).judge(50).level == warn);
}

BOOST_AUTO_TEST_CASE(a_storm_of_processes_is_too_many_whatever_else_is_limited) {
  Rule rule(*this, R"({"memory_mb":1024})");
  BOOST_TEST(counts(rule, 1, 999, 10).judge(10).level == ok);
  BOOST_TEST(counts(rule, 1, 1000, 20).judge(20).level == stop);
}

BOOST_AUTO_TEST_CASE(unread_processes_fail_closed) {
  Rule rule(*this, R"({"count":10,"grace":"10s"})");
  counts(rule, 1, 0, 100).judge(100);
  BOOST_TEST(rule.judge(110).level == ok);
  const Answer answer = rule.judge(111);
  BOOST_TEST(answer.level == warn);
  BOOST_TEST(
      answer.reason ==
      "no data for the processes of the run for 11 s: its limit of 10 processes is not being "
      "watched (is the collector 'run-processes' in the campaign's list?)");
  counts(rule, 1, 0, 120).judge(120);
  BOOST_TEST(rule.silence(130, 1) == fails_closed, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused_by_name) {
  refuses({{"null", "JSON"},
           {R"({"count":0})", "count"},
           {R"({"memory_mb":0})", "memory_mb"},
           {R"({"memory_mb":"much"})", "memory_mb"},
           {R"({"age":"0s"})", "age"},
           {R"({"count":1,"verdict":"kill"})", "verdict"},
           {R"({"count":1,"rss":1})", "rss"}});
}

BOOST_AUTO_TEST_SUITE_END()
