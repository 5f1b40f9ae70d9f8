// SPDX-License-Identifier: Apache-2.0
#include "plugins/rule_snapshots.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal::testing;

namespace {

struct Fixture : RulePlugin {
  Fixture() : RulePlugin("threshold") {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_threshold, Fixture)

BOOST_AUTO_TEST_CASE(beyond_the_limit_is_the_verdict_with_a_reason) {
  Rule rule(*this, R"({"metric":"node_load1","limit":4})");
  BOOST_TEST(rule.sample("node_load1", "", 4, 1).judge(1).level == ok);
  const Answer answer = rule.sample("node_load1", "", 4.5, 2).judge(2);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.metric == "node_load1");
  BOOST_TEST(answer.value == 4.5);
  BOOST_TEST(answer.limit == 4);
  BOOST_TEST(answer.window_ns == 0U);
  BOOST_TEST(answer.reason == "node_load1 is 4.5, over the limit of 4, for 0 s (window 0 s)");
  BOOST_TEST(rule.sample("node_load1", "", 3.9, 3).judge(3).level == ok);
}

BOOST_AUTO_TEST_CASE(every_operator_and_verdict) {
  const struct {
    const char* op;
    double at;
    double beside;
    bool at_counts;
  } cases[] = {
      {">", 10, 11, false}, {">=", 10, 11, true}, {"<", 10, 9, false}, {"<=", 10, 9, true}};
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT(c.op) {
      Rule rule(*this,
                std::string(R"({"metric":"m","limit":10,"verdict":"abort","op":")") + c.op + "\"}");
      BOOST_TEST(rule.sample("m", "", c.at, 1).judge(1).level ==
                 (c.at_counts ? abort_campaign : ok));
      BOOST_TEST(rule.sample("m", "", c.beside, 2).judge(2).level == abort_campaign);
      BOOST_TEST(rule.sample("m", "", 20 - c.beside, 3).judge(3).level == ok);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_window_has_to_be_filled_without_a_break) {
  Rule rule(*this, R"({"metric":"m","limit":0.8,"for":"30s","verdict":"hold"})");
  for (const std::uint64_t t : {10, 20, 30}) {
    BOOST_TEST(rule.sample("m", "", 0.9, t).judge(t).level == ok);
  }
  const Answer answer = rule.sample("m", "", 0.95, 40).judge(41);
  BOOST_TEST(answer.level == hold);
  BOOST_TEST(answer.window_ns == 30 * second);
  BOOST_TEST(answer.reason == "m is 0.95, over the limit of 0.8, for 30 s (window 30 s)");
  BOOST_TEST(rule.sample("m", "", 0.7, 50).judge(50).level == ok);
  BOOST_TEST(rule.sample("m", "", 0.9, 60).judge(60).level == ok);  // from the beginning
  BOOST_TEST(rule.sample("m", "", 0.9, 80).judge(80).level == ok);
  BOOST_TEST(rule.sample("m", "", 0.9, 90).judge(90).level == hold);
}

BOOST_AUTO_TEST_CASE(looking_twice_at_one_sample_does_not_age_it) {
  Rule rule(*this, R"({"metric":"m","limit":1,"for":"30s"})");
  for (std::uint64_t t = 10; t < 80; t += 10) {
    BOOST_TEST(rule.sample("m", "", 2, 10).judge(t).level == ok);
  }
}

BOOST_AUTO_TEST_CASE(hysteresis_keeps_the_verdict_until_clear) {
  Rule rule(*this, R"({"metric":"m","limit":"85%","clear":"75%"})");
  BOOST_TEST(rule.sample("m", "", 0.8, 1).judge(1).level == ok);
  BOOST_TEST(rule.sample("m", "", 0.9, 2).judge(2).level == stop);
  const Answer between = rule.sample("m", "", 0.8, 3).judge(3);
  BOOST_TEST(between.level == stop);
  BOOST_TEST(
      between.reason ==
      "m is 0.8 and has not come back past 0.75 since it was over the limit of 0.85, for 1 s "
      "(window 0 s)");
  BOOST_TEST(rule.judge(4).level == stop);  // nothing new: still
  BOOST_TEST(rule.sample("m", "", 0.75, 5).judge(5).level == ok);
  BOOST_TEST(rule.sample("m", "", 0.8, 6).judge(6).level == ok);
}

BOOST_AUTO_TEST_CASE(every_matching_series_is_judged_by_itself) {
  Rule rule(*this,
            R"({"metric":"ordeal_disk_used_ratio","labels":"/data*","limit":0.9,"for":"10s"})");
  rule.sample("ordeal_disk_used_ratio", "/", 0.99, 1);
  rule.sample("ordeal_disk_used_ratio", "/data1", 0.95, 1);
  rule.sample("ordeal_disk_used_ratio", "/data2", 0.10, 1);
  BOOST_TEST(rule.judge(1).level == ok);
  // one is beyond at 1 s, the other at 11 s: neither for 10 s
  rule.sample("ordeal_disk_used_ratio", "/data1", 0.5, 11);
  rule.sample("ordeal_disk_used_ratio", "/data2", 0.95, 11);
  rule.sample("ordeal_disk_used_ratio", "/", 0.99, 11);
  BOOST_TEST(rule.judge(11).level == ok);
  rule.sample("ordeal_disk_used_ratio", "/data1", 0.99, 21);
  rule.sample("ordeal_disk_used_ratio", "/data2", 0.95, 21);
  const Answer answer = rule.judge(21);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.reason.find("ordeal_disk_used_ratio{/data2} is 0.95") == 0U);
}

BOOST_AUTO_TEST_CASE(patterns) {
  const struct {
    const char* pattern;
    const char* labels;
    bool matches;
  } cases[] = {{"*", "", true},        {"*", "a,b", true},         {"a,b", "a,b", true},
               {"a,b", "a,bc", false}, {"a,?", "a,b", true},       {"a,?", "a,", false},
               {"*,b", "x,y,b", true}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false},
               {"", "", true},         {"", "a", false},           {"**a", "bca", true}};
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT(c.pattern << " on " << c.labels) {
      Rule rule(*this, std::string(R"({"metric":"m","limit":1,"labels":")") + c.pattern + "\"}");
      BOOST_TEST((rule.sample("m", c.labels, 2, 1).judge(1).level == stop) == c.matches);
    }
  }
}

BOOST_AUTO_TEST_CASE(rate_of_a_counter) {
  Rule rule(*this, R"({"metric":"bytes_total","limit":100,"rate":true})");
  BOOST_TEST(rule.sample("bytes_total", "", 1e9, 10).judge(10).level == ok);  // no rate from one
  BOOST_TEST(rule.sample("bytes_total", "", 1e9 + 1000, 20).judge(20).level == ok);
  const Answer answer = rule.sample("bytes_total", "", 1e9 + 3000, 30).judge(30);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 200);
  BOOST_TEST(answer.reason.find("rate of bytes_total is 200/s, over the limit of 100/s") == 0U);
  // restarted: no rate from the step back, and none from before it
  rule.sample("bytes_total", "", 5, 40).judge(40);
  BOOST_TEST(rule.sample("bytes_total", "", 505, 50).judge(50).level == ok);
}

BOOST_AUTO_TEST_CASE(success_and_error_rate_of_the_engine) {
  Rule success(*this, R"({"metric":"success","op":"<","limit":"95%","labels":"http"})");
  success.interval("http", "get", 1, 90, 0).interval("http", "post", 1, 10, 5);
  success.interval("mcp", "call", 1, 0, 100);
  const Answer fine = success.judge(1);
  BOOST_TEST(fine.level == ok);
  BOOST_TEST(fine.value == 100.0 / 105, boost::test_tools::tolerance(1e-12));
  success.interval("http", "get", 2, 90, 10);
  const Answer bad = success.judge(2);
  BOOST_TEST(bad.level == stop);
  BOOST_TEST(bad.value == 0.9);
  BOOST_TEST(bad.reason.find("success{http} is 0.9, under the limit of 0.95") == 0U);
  // the same interval again is no new one, and an interval without attempts says nothing
  success.interval("http", "get", 2, 90, 10).interval("http", "get", 3, 0, 0);
  BOOST_TEST(success.judge(3).value == 0.9);

  Rule errors(*this, R"({"metric":"error_rate","limit":0.05})");
  // Every interval is a value of its own, the newest the last.
  errors.interval("mcp", "call", 1, 100, 0).interval("mcp", "call", 2, 80, 20);
  const Answer failed = errors.judge(2);
  BOOST_TEST(failed.value == 0.2, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(failed.level == stop);
}

BOOST_AUTO_TEST_CASE(latency_of_the_engine_in_seconds) {
  Rule rule(*this, R"({"metric":"p99","limit":"500ms","for":"5s"})");
  BOOST_TEST(rule.interval("http", "get", 1, 10, 0, 900'000'000).judge(1).level == ok);
  BOOST_TEST(rule.interval("http", "get", 5, 0, 10).judge(5).level == ok);  // no success, no p99
  const Answer answer = rule.interval("http", "get", 6, 10, 0, 700'000'000).judge(6);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 0.7);
  BOOST_TEST(answer.limit == 0.5);
}

BOOST_AUTO_TEST_CASE(one_phase_does_not_answer_for_another) {
  Rule rule(*this, R"({"metric":"error_rate","limit":0.1})");
  BOOST_TEST(rule.interval("http", "get", 1, 0, 10).judge(1, 1).level == stop);
  BOOST_TEST(rule.judge(2, no_phase).level == ok);
  BOOST_TEST(rule.interval("http", "get", 1, 0, 10).judge(3, 2).level == ok);
  BOOST_TEST(rule.interval("http", "get", 4, 0, 10).judge(4, 2).level == stop);
}

BOOST_AUTO_TEST_CASE(missing_data_is_a_warning_that_names_the_metric) {
  Rule rule(*this, R"({"metric":"m","labels":"db,*","limit":1,"for":"10s","grace":"20s"})");
  BOOST_TEST(rule.judge(100).level == ok);
  BOOST_TEST(rule.sample("m", "other,1", 5, 120).judge(130).level == ok);
  const Answer missing = rule.judge(131);
  BOOST_TEST(missing.level == warn);
  BOOST_TEST(missing.metric == "m");
  BOOST_TEST(missing.reason ==
             "no data for m{db,*} for 31 s: its limit of 1 is not being watched (window 10 s)");
  BOOST_TEST(rule.sample("m", "db,1", 0.5, 132).judge(132).level == ok);
  BOOST_TEST(rule.sample("m", "db,1", 0.5, 132).judge(160).level == ok);
  BOOST_TEST(rule.sample("m", "db,1", 0.5, 132).judge(163).level == warn);
}

BOOST_AUTO_TEST_CASE(missing_data_become_a_stop) {
  Rule rule(*this, R"({"metric":"m","limit":1,"for":"10s","grace":"20s"})");
  BOOST_TEST(rule.sample("m", "", 0.5, 100).judge(100).level == ok);
  BOOST_TEST(rule.judge(130).level == ok);
  BOOST_TEST(rule.silence(130, 1) == fails_closed, boost::test_tools::per_element());
  // The same moment again is no further judgement, and data end it at once.
  BOOST_TEST(rule.sample("m", "", 0.5, 137).judge(137).level == ok);
  BOOST_TEST(rule.judge(168).level == warn);
  for (int i = 0; i < 10; ++i) BOOST_TEST(rule.judge(168).level == warn);
  // Judged often: not before they are 2 s overdue.
  Rule often(*this, R"({"metric":"m","limit":1,"grace":"1s"})");
  often.sample("m", "", 0.5, 10).judge(10);
  for (int i = 1; i < 30; ++i) BOOST_TEST(often.judge(11 + i * 0.06).level <= throttle);
  BOOST_TEST(often.judge(13.01).level == stop);
}

BOOST_AUTO_TEST_CASE(missing_data_can_only_count_for_more) {
  Rule rule(*this, R"({"metric":"m","limit":1,"grace":"20s","missing":"hold"})");
  rule.sample("m", "", 0.5, 100).judge(100);
  const std::vector<std::uint32_t> harsher{hold, hold, hold, hold, hold, stop};
  BOOST_TEST(rule.silence(120, 1) == harsher, boost::test_tools::per_element());
  Rule worst(*this, R"({"metric":"m","limit":1,"grace":"20s","missing":"abort"})");
  worst.sample("m", "", 0.5, 100).judge(100);
  BOOST_TEST(worst.judge(121).level == abort_campaign);
}

BOOST_AUTO_TEST_CASE(no_load_is_not_missing_data) {
  Rule rule(*this, R"({"metric":"p99","limit":1,"grace":"20s"})");
  for (int t = 10; t < 200; t += 10) {
    BOOST_TEST(rule.interval("http", "", t, 0, 0).judge(t).level == ok);
  }
  BOOST_TEST(rule.judge(230).level == warn);
}

BOOST_AUTO_TEST_CASE(silence_does_not_soften_a_verdict) {
  Rule rule(*this, R"({"metric":"m","limit":1,"verdict":"hold","grace":"20s"})");
  BOOST_TEST(rule.sample("m", "", 2, 10).judge(10).level == hold);
  BOOST_TEST(rule.judge(30).level == hold);
  const Answer silent = rule.judge(31);
  BOOST_TEST(silent.level == hold);
  BOOST_TEST(silent.reason.find("no data for m for 21 s") == 0U);
  BOOST_TEST(rule.sample("m", "", 0.5, 32).judge(32).level == ok);
}

BOOST_AUTO_TEST_CASE(between_phases_intervals_are_not_missed) {
  Rule rule(*this, R"({"metric":"p99","limit":1,"grace":"20s"})");
  BOOST_TEST(rule.judge(10, no_phase).level == ok);
  BOOST_TEST(rule.judge(1000, no_phase).level == ok);
  BOOST_TEST(rule.judge(1010, 1).level == ok);
  BOOST_TEST(rule.judge(1031, 1).level == warn);
}

BOOST_AUTO_TEST_CASE(durations) {
  const struct {
    const char* text;
    std::uint64_t ns;
  } cases[] = {{"0s", 0},
               {"250ms", second / 4},
               {"1.5s", 3 * second / 2},
               {"1m30s", 90 * second},
               {"2h", 7200 * second},
               {"1d", 86400 * second},
               {"10us", 10'000},
               {"7ns", 7}};
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT(c.text) {
      Rule rule(*this, std::string(R"({"metric":"m","limit":1,"for":")") + c.text + "\"}");
      BOOST_TEST(rule.judge(1).window_ns == c.ns);
    }
  }
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused_by_name) {
  refuses({{"", "JSON"},
           {"{}", "metric"},
           {R"({"metric":"m"})", "limit"},
           {R"({"metric":1,"limit":1})", "metric"},
           {R"({"metric":"m","limit":"lots"})", "lots"},
           {R"({"metric":"m","limit":1,"op":"=>"})", ">="},
           {R"({"metric":"m","limit":1,"for":"30"})", "for"},
           {R"({"metric":"m","limit":1,"for":"-3s"})", "for"},
           {R"({"metric":"m","limit":1,"for":"s"})", "for"},
           {R"({"metric":"m","limit":1,"for":"3 s"})", "for"},
           {R"({"metric":"m","limit":1,"verdict":"explode"})", "stop_phase"},
           {R"({"metric":"m","limit":1,"clear":2})", "clear"},
           {R"({"metric":"m","limit":1,"op":"<","clear":0})", "clear"},
           {R"({"metric":"m","limit":1,"stat":"mean"})", "stat"},
           {R"({"metric":"m","limit":1,"rate":1})", "rate"},
           {R"({"metric":"m","limit":1,"grace":"61m"})", "grace"},
           {R"({"metric":"m","limit":1,"missing":"ok"})", "missing"},
           {R"({"metric":"m","limit":1,"limti":1})", "limti"}});
}

BOOST_AUTO_TEST_SUITE_END()
