// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "plugins/rule_snapshots.h"

using namespace ordeal::testing;

namespace {

const char* const quick =
    R"("window":"10s","min_operations":20,"open_for":"10s","half_open_for":"5s")";

struct Fixture : RulePlugin {
  Fixture() : RulePlugin("circuit-breaker") {}
};

/// Seconds of a load of 100 operations each, unless the breaker holds it back.
struct Target {
  Target(RulePlugin& plugin, const std::string& config) : rule(plugin, config) {}

  Answer second_of(double errors, std::uint64_t p99_ns = 2'000'000,
                   std::uint64_t p50_ns = 1'000'000) {
    ++now;
    const double factor = last.level >= hold ? 0 : last.level == throttle ? 0.25 : 1;
    const auto all = static_cast<std::uint64_t>(operations * factor);
    const auto failed = static_cast<std::uint64_t>(static_cast<double>(all) * errors);
    rule.interval("http", "get", now, all - failed, failed, p99_ns, p50_ns);
    return last = rule.judge(now);
  }
  Answer seconds_of(int n, double errors) {
    for (int i = 0; i < n; ++i) second_of(errors);
    return last;
  }
  /// How many seconds the verdict stays what it is, the second at hand included.
  int stays(double errors) {
    const std::uint32_t level = last.level;
    int seconds = 1;
    while (seconds < 10'000 && second_of(errors).level == level) ++seconds;
    return seconds;
  }

  Rule rule;
  double operations = 100;
  double now = 1000;
  Answer last;
};

std::string config(const std::string& more) { return std::string("{") + quick + more + "}"; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_circuit_breaker, Fixture)

BOOST_AUTO_TEST_CASE(it_opens_probes_and_closes) {
  Target target(*this, config(""));
  BOOST_TEST(target.seconds_of(20, 0.1).level == ok);
  // Half of a window with 100 % and half with 10 % make over 50 %.
  BOOST_TEST(target.seconds_of(4, 1).level == ok);
  const Answer open = target.second_of(1);
  BOOST_TEST(open.level == hold);
  BOOST_TEST(open.metric == "error rate");
  BOOST_TEST(open.limit == 0.5);
  BOOST_TEST(open.window_ns == 10 * second);
  BOOST_TEST(
      open.reason ==
      "http: open, opening 1 of 3: errors were 50.91 %, the limit is 50 %, of 1100 operations "
      "(window 10 s)");
  BOOST_TEST(target.stays(0) == 10);
  BOOST_TEST(target.last.level == throttle);
  BOOST_TEST(target.last.reason.find(
                 "http: half open, the load is a probe, after opening 1 of 3: ") == 0U);
  BOOST_TEST(target.stays(0) == 5);
  BOOST_TEST(target.last.level == ok);
  BOOST_TEST(target.last.reason == "");
}

BOOST_AUTO_TEST_CASE(each_opening_is_twice_as_long_and_the_third_the_last) {
  Target target(*this, config(R"(,"openings":4,"longest":"25s")"));
  target.second_of(1);
  BOOST_TEST(target.last.level == hold);
  int lengths[3];
  for (int& length : lengths) {
    length = target.stays(1);
    BOOST_TEST(target.last.level == throttle);
    while (target.last.level == throttle) target.second_of(1);
  }
  BOOST_TEST(lengths[0] == 10);
  BOOST_TEST(lengths[1] == 20);
  BOOST_TEST(lengths[2] == 25);
  BOOST_TEST(target.last.level == abort_campaign);
  BOOST_TEST(target.last.reason.find("http: opened for the 4. time and is not tried again: ") ==
             0U);
  BOOST_TEST(target.seconds_of(100, 0).level == abort_campaign);

  Target milder(*this, config(R"(,"openings":1,"final":"stop_phase")"));
  BOOST_TEST(milder.second_of(1).level == stop);
}

BOOST_AUTO_TEST_CASE(little_says_nothing) {
  Target target(*this, config(""));
  target.operations = 1;
  BOOST_TEST(target.seconds_of(60, 1).level == ok);  // 11 in the window
  target.operations = 100;
  BOOST_TEST(target.second_of(1).level == hold);
  // A probe of 20 operations takes longer than its time when they are few.
  target.stays(0);
  BOOST_TEST(target.last.level == throttle);
  target.operations = 8;  // 2 of them in a throttled second: 22 in the window
  BOOST_TEST(target.stays(0) == 10);
  BOOST_TEST(target.last.level == ok);
}

BOOST_AUTO_TEST_CASE(what_was_before_the_probe_does_not_judge_it) {
  Target target(*this, config(R"(,"window":"60s")"));
  target.seconds_of(30, 1);
  target.stays(0);
  while (target.last.level == hold) target.second_of(0);
  BOOST_TEST(target.last.level == throttle);
  BOOST_TEST(target.stays(0) == 5);
  BOOST_TEST(target.last.level == ok);
}

BOOST_AUTO_TEST_CASE(latency_trips_it) {
  Target absolute(*this, config(R"(,"p99":"500ms")"));
  absolute.seconds_of(10, 1);  // errors are not asked about
  BOOST_TEST(absolute.last.level == ok);
  BOOST_TEST(absolute.second_of(0, 500'000'000).level == ok);
  const Answer slow = absolute.second_of(0, 700'000'000);
  BOOST_TEST(slow.level == hold);
  BOOST_TEST(slow.metric == "latency");
  BOOST_TEST(slow.value == 0.7);
  BOOST_TEST(slow.reason.find("p99 was 0.7 s, over the limit of 0.5 s, of 1100 operations") !=
                 std::string::npos,
             slow.reason);
  Target relative(*this, config(R"(,"p99_over_p50":10)"));
  BOOST_TEST(relative.second_of(0, 10'000'000, 1'000'000).level == ok);
  const Answer skewed = relative.second_of(0, 20'000'000, 1'000'000);
  BOOST_TEST(skewed.level == hold);
  BOOST_TEST(skewed.reason.find("p99 was 20 times p50, over the limit of 10") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(phases_begin_closed) {
  Target target(*this, config(""));
  BOOST_TEST(target.second_of(1).level == hold);
  BOOST_TEST(target.rule.judge(target.now + 0.1, no_phase).level == ok);
  BOOST_TEST(target.rule.judge(target.now + 0.2, 2).level == ok);
}

BOOST_AUTO_TEST_CASE(only_the_snapshots_clock_counts) {
  Target target(*this, config(""));
  target.second_of(1);
  for (int i = 0; i < 100; ++i) BOOST_TEST(target.rule.judge(target.now).level == hold);
  BOOST_TEST(target.rule.judge(target.now + 10).level == throttle);
}

BOOST_AUTO_TEST_CASE(an_open_breaker_without_any_interval_fails_closed) {
  Rule rule(*this, config(R"(,"grace":"10s","open_for":"1h","longest":"1h")"));
  rule.interval("http", "get", 100, 0, 100);
  BOOST_TEST(rule.judge(100).level == hold);
  BOOST_TEST(rule.judge(120).level == hold);
  const std::vector<std::uint32_t> levels{hold, hold, hold, hold, hold, stop};
  BOOST_TEST(rule.silence(120, 1) == levels, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused_by_name) {
  refuses({{"7", "JSON"},
           {R"({"errors":0})", "errors"},
           {R"({"errors":"200%"})", "errors"},
           {R"({"p99":"0s"})", "p99"},
           {R"({"p99":5})", "p99"},
           {R"({"p99_over_p50":1})", "p99_over_p50"},
           {R"({"window":"0s"})", "window"},
           {R"({"min_operations":0})", "min_operations"},
           {R"({"open_for":"0s"})", "open_for"},
           {R"({"open_for":"31m"})", "longest"},
           {R"({"half_open_for":"0s"})", "half_open_for"},
           {R"({"openings":0})", "openings"},
           {R"({"final":"hold"})", "final"},
           {R"({"probe":1})", "probe"}});
}

BOOST_AUTO_TEST_SUITE_END()
