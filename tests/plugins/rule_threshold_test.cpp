// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "ordeal/abi/metrics.h"
#include "ordeal/abi/rule.h"
#include "ordeal/abi/scenario.h"
#include "ordeal/testing/instance.hpp"
#include "ordeal/testing/plugin_file.hpp"
#include "places.h"

using ordeal::abi::str;
using ordeal::abi::view;
using ordeal::testing::FakeHost;
using ordeal::testing::Instance;
using ordeal::testing::PluginFile;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint32_t no_phase = 0xffffffffU;

struct Answer {
  std::int32_t status = ORDEAL_OK;
  std::uint32_t level = 0;
  std::string metric;
  std::string reason;
  double value = 0;
  double limit = 0;
  std::uint64_t window_ns = 0;
};

/// One rule instance and the snapshots it is shown.
struct Rule {
  Rule(const ordeal_rule_factory* factory, FakeHost& host, const std::string& config)
      : instance(factory, host, "threshold", config) {}

  Rule& sample(const char* metric, const char* labels, double value, std::uint64_t at_s) {
    ordeal_sample sample{};
    sample.struct_size = sizeof sample;
    sample.metric = str(metric);
    sample.labels = str(labels);
    sample.value = value;
    sample.mono_ns = at_s * second;
    samples.push_back(sample);
    return *this;
  }
  Rule& interval(const char* scenario, const char* kind, std::uint64_t end_s, std::uint64_t ok,
                 std::uint64_t failed, std::uint64_t p99_ns = 1) {
    ordeal_interval interval{};
    interval.struct_size = sizeof interval;
    interval.scenario = str(scenario);
    interval.kind = str(kind);
    interval.start_ns = (end_s - 1) * second;
    interval.end_ns = end_s * second;
    interval.outcomes[ORDEAL_OUTCOME_OK] = ok;
    interval.outcomes[ORDEAL_OUTCOME_FAIL] = failed;
    interval.outcomes[ORDEAL_OUTCOME_DROPPED] = 1000;  // must not count
    interval.p99_ns = ok == 0 ? 0 : p99_ns;
    intervals.push_back(interval);
    return *this;
  }
  Answer judge(std::uint64_t now_s, std::uint32_t phase = 1) {
    ordeal_snapshot snapshot{};
    snapshot.struct_size = sizeof snapshot;
    snapshot.phase = phase;
    snapshot.now_ns = now_s * second;
    snapshot.samples = samples.data();
    snapshot.n_samples = static_cast<std::uint32_t>(samples.size());
    snapshot.sample_stride = sizeof(ordeal_sample);
    snapshot.intervals = intervals.data();
    snapshot.n_intervals = static_cast<std::uint32_t>(intervals.size());
    snapshot.interval_stride = sizeof(ordeal_interval);
    ordeal_verdict verdict{};
    verdict.struct_size = sizeof verdict;
    Answer out;
    out.status = instance->evaluate(instance.get(), &snapshot, &verdict);
    out.level = verdict.level;
    out.metric = std::string(view(verdict.metric));
    out.reason = std::string(view(verdict.reason));
    out.value = verdict.value;
    out.limit = verdict.limit;
    out.window_ns = verdict.window_ns;
    samples.clear();
    intervals.clear();
    return out;
  }

  Instance<ordeal_rule_factory> instance;
  std::vector<ordeal_sample> samples;
  std::vector<ordeal_interval> intervals;
};

struct Fixture {
  Fixture()
      : plugin(std::string(ORDEAL_BUILT_PLUGINS) + "/org.ordeal.threshold.so"),
        factory(plugin.factory<ordeal_rule_factory>(ORDEAL_RULE)) {}
  PluginFile plugin;
  const ordeal_rule_factory* factory;
  FakeHost host;
};

constexpr std::uint32_t ok = ORDEAL_VERDICT_OK;
constexpr std::uint32_t warn = ORDEAL_VERDICT_WARN;
constexpr std::uint32_t hold = ORDEAL_VERDICT_HOLD;
constexpr std::uint32_t stop = ORDEAL_VERDICT_STOP_PHASE;
constexpr std::uint32_t abort_campaign = ORDEAL_VERDICT_ABORT;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_threshold, Fixture)

BOOST_AUTO_TEST_CASE(beyond_the_limit_is_the_verdict_with_a_reason) {
  Rule rule(factory, host, R"({"metric":"node_load1","limit":4})");
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
      Rule rule(factory, host,
                std::string(R"({"metric":"m","limit":10,"verdict":"abort","op":")") + c.op + "\"}");
      BOOST_TEST(rule.sample("m", "", c.at, 1).judge(1).level ==
                 (c.at_counts ? abort_campaign : ok));
      BOOST_TEST(rule.sample("m", "", c.beside, 2).judge(2).level == abort_campaign);
      BOOST_TEST(rule.sample("m", "", 20 - c.beside, 3).judge(3).level == ok);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_window_has_to_be_filled_without_a_break) {
  Rule rule(factory, host, R"({"metric":"m","limit":0.8,"for":"30s","verdict":"hold"})");
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
  Rule rule(factory, host, R"({"metric":"m","limit":1,"for":"30s"})");
  for (std::uint64_t t = 10; t < 80; t += 10) {
    BOOST_TEST(rule.sample("m", "", 2, 10).judge(t).level == ok);
  }
}

BOOST_AUTO_TEST_CASE(hysteresis_keeps_the_verdict_until_clear) {
  Rule rule(factory, host, R"({"metric":"m","limit":"85%","clear":"75%"})");
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
  Rule rule(factory, host,
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
      Rule rule(factory, host,
                std::string(R"({"metric":"m","limit":1,"labels":")") + c.pattern + "\"}");
      BOOST_TEST((rule.sample("m", c.labels, 2, 1).judge(1).level == stop) == c.matches);
    }
  }
}

BOOST_AUTO_TEST_CASE(rate_of_a_counter) {
  Rule rule(factory, host, R"({"metric":"bytes_total","limit":100,"rate":true})");
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
  Rule success(factory, host, R"({"metric":"success","op":"<","limit":"95%","labels":"http"})");
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

  Rule errors(factory, host, R"({"metric":"error_rate","limit":0.05})");
  errors.interval("mcp", "call", 1, 80, 20).interval("mcp", "call", 2, 100, 0);
  BOOST_TEST(errors.judge(2).value == 0.1, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(latency_of_the_engine_in_seconds) {
  Rule rule(factory, host, R"({"metric":"p99","limit":"500ms","for":"5s"})");
  BOOST_TEST(rule.interval("http", "get", 1, 10, 0, 900'000'000).judge(1).level == ok);
  BOOST_TEST(rule.interval("http", "get", 5, 0, 10).judge(5).level == ok);  // no success, no p99
  const Answer answer = rule.interval("http", "get", 6, 10, 0, 700'000'000).judge(6);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 0.7);
  BOOST_TEST(answer.limit == 0.5);
}

BOOST_AUTO_TEST_CASE(one_phase_does_not_answer_for_another) {
  Rule rule(factory, host, R"({"metric":"error_rate","limit":0.1})");
  BOOST_TEST(rule.interval("http", "get", 1, 0, 10).judge(1, 1).level == stop);
  BOOST_TEST(rule.judge(2, no_phase).level == ok);
  BOOST_TEST(rule.interval("http", "get", 1, 0, 10).judge(3, 2).level == ok);
  BOOST_TEST(rule.interval("http", "get", 4, 0, 10).judge(4, 2).level == stop);
}

BOOST_AUTO_TEST_CASE(missing_data_is_a_warning_that_names_the_metric) {
  Rule rule(factory, host, R"({"metric":"m","labels":"db,*","limit":1,"for":"10s","grace":"20s"})");
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

BOOST_AUTO_TEST_CASE(a_verdict_outlives_a_short_silence_only) {
  Rule rule(factory, host, R"({"metric":"m","limit":1,"verdict":"hold","grace":"20s"})");
  BOOST_TEST(rule.sample("m", "", 2, 10).judge(10).level == hold);
  BOOST_TEST(rule.judge(30).level == hold);
  BOOST_TEST(rule.judge(31).level == warn);
}

BOOST_AUTO_TEST_CASE(between_phases_intervals_are_not_missed) {
  Rule rule(factory, host, R"({"metric":"p99","limit":1,"grace":"20s"})");
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
      Rule rule(factory, host, std::string(R"({"metric":"m","limit":1,"for":")") + c.text + "\"}");
      BOOST_TEST(rule.judge(1).window_ns == c.ns);
    }
  }
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused_by_name) {
  const struct {
    const char* config;
    const char* names;
  } cases[] = {{"", "JSON"},
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
               {R"({"metric":"m","limit":1,"limti":1})", "limti"}};
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT(c.config) {
      void* instance = nullptr;
      BOOST_TEST(factory->create(host.handle(), str("threshold"), str(c.config), &instance) ==
                 ORDEAL_E_INVALID);
      const std::string error = host.take_error();
      BOOST_TEST_CONTEXT(error) { BOOST_TEST(error.find(c.names) != std::string::npos); }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
