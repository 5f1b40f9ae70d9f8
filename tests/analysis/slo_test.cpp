// SPDX-License-Identifier: Apache-2.0
#include "analysis/slo.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;

/// `ok` good and `bad` failed operations of `latency_ns` each.
struct Measured {
  Histogram latency;
  OutcomeCounts outcomes{};
  double seconds = 10;

  Measured(std::uint64_t ok, std::uint64_t bad, std::uint64_t latency_ns = 2 * ms) {
    latency.record(latency_ns, ok + bad);
    outcomes[static_cast<std::size_t>(Outcome::ok)] = ok;
    outcomes[static_cast<std::size_t>(Outcome::fail)] = bad;
  }
  Measured& count(Outcome outcome, std::uint64_t n) {
    outcomes[static_cast<std::size_t>(outcome)] = n;
    return *this;
  }
  [[nodiscard]] Assertion judge(const SloLimit& slo, bool yes = true) const {
    return judge_slo(slo, {latency, outcomes, seconds}, yes);
  }
};

const SloLimit success{"success", ">=", 0.95, ">=95%"};
const SloLimit p99{"p99", "<", 0.5, "<500ms"};
const SloLimit avg{"avg", "<", 2, "<2s"};

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(SloResult)

BOOST_AUTO_TEST_SUITE(slo)

BOOST_AUTO_TEST_CASE(no_data_is_never_met) {
  for (const char* metric :
       {"success", "errors", "avg", "min", "max", "p50", "p90", "p95", "p99", "p99.9", "rate"}) {
    for (const char* op : {"<", "<=", ">", ">="}) {
      const auto a = Measured(0, 0).judge({metric, op, 0, ""});
      BOOST_TEST_INFO(metric << ' ' << op);
      BOOST_TEST(a.result == SloResult::not_estimable);
      BOOST_TEST(!a.measured.has_value());
      BOOST_TEST(!a.interval.has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(success_is_of_all_but_cancelled_and_dropped_is_not_ok) {
  auto measured = Measured(95, 0);
  measured.count(Outcome::cancelled, 1000);
  BOOST_TEST(measured.judge(success).measured.value() == 1.0);
  measured.count(Outcome::dropped, 5);
  const auto a = measured.judge(success);
  BOOST_TEST(a.measured.value() == 0.95);
  BOOST_TEST(a.samples == 100u);
  BOOST_TEST(a.result == SloResult::met);
  measured.count(Outcome::throttled, 1);
  BOOST_TEST(measured.judge(success).result == SloResult::missed);
  const SloLimit errors{"errors", "<", 0.05, "<5%"};
  BOOST_TEST(measured.judge(errors).measured.value() == 6.0 / 101);
}

BOOST_AUTO_TEST_CASE(a_pass_needs_ten_a_clear_miss_three) {
  BOOST_TEST(Measured(9, 0).judge(success).result == SloResult::not_estimable);
  BOOST_TEST(Measured(9, 0).judge(success).measured.value() == 1.0);
  BOOST_TEST(Measured(10, 0).judge(success).result == SloResult::met);
  BOOST_TEST(Measured(0, 2).judge(success).result == SloResult::not_estimable);
  BOOST_TEST(Measured(0, 3).judge(success).result == SloResult::missed);
  BOOST_TEST(Measured(8, 1).judge(success).result == SloResult::not_estimable);  // could be 98 %
  BOOST_TEST(Measured(9, 0).judge(avg).result == SloResult::not_estimable);
  BOOST_TEST(Measured(10, 0).judge(avg).result == SloResult::met);
  BOOST_TEST(Measured(2, 0, 3000 * ms).judge(avg).result == SloResult::not_estimable);
  BOOST_TEST(Measured(3, 0, 3000 * ms).judge(avg).result == SloResult::missed);
}

BOOST_AUTO_TEST_CASE(percentiles_need_their_interval) {
  BOOST_TEST(Measured(367, 0).judge(p99).result == SloResult::not_estimable);
  const auto met = Measured(368, 0).judge(p99);
  BOOST_TEST(met.result == SloResult::met);
  BOOST_TEST(met.interval.has_value());
  const SloLimit p999{"p99.9", "<", 0.5, "<500ms"};
  BOOST_TEST(Measured(3687, 0).judge(p999).result == SloResult::not_estimable);
  BOOST_TEST(Measured(3688, 0).judge(p999).result == SloResult::met);
  // A hundred slow ones leave no doubt that p99 is slow.
  BOOST_TEST(Measured(100, 0, 900 * ms).judge(p99).result == SloResult::missed);
}

BOOST_AUTO_TEST_CASE(failed_operations_have_a_latency_too) {
  auto measured = Measured(990, 0);
  measured.latency.record(900 * ms, 20);
  measured.count(Outcome::timeout, 20);
  BOOST_TEST(measured.judge(p99).result == SloResult::missed);
}

BOOST_AUTO_TEST_CASE(only_dropped_operations_give_no_latency_but_no_success_either) {
  auto measured = Measured(0, 0);
  measured.count(Outcome::dropped, 1000);
  BOOST_TEST(measured.judge(p99).result == SloResult::not_estimable);
  BOOST_TEST(measured.judge(success).result == SloResult::missed);
}

BOOST_AUTO_TEST_CASE(rate_is_of_successful_operations) {
  const SloLimit rate{"rate", ">=", 90, ">=90/s"};
  BOOST_TEST(Measured(1000, 0).judge(rate).result == SloResult::met);
  const auto a = Measured(100, 900).judge(rate);
  BOOST_TEST(a.measured.value() == 10.0);
  BOOST_TEST(a.result == SloResult::missed);
  BOOST_TEST(a.unit == "1/s");
  BOOST_TEST(a.interval->low < 10.0);
  BOOST_TEST(a.interval->high > 10.0);
  auto unmeasured = Measured(100, 0);
  unmeasured.seconds = 0;
  BOOST_TEST(unmeasured.judge(rate).result == SloResult::not_estimable);
}

BOOST_AUTO_TEST_CASE(operators_tell_the_edge_apart) {
  const auto measured = Measured(95, 5);
  BOOST_TEST(measured.judge({"success", ">=", 0.95, ""}).result == SloResult::met);
  BOOST_TEST(measured.judge({"success", ">", 0.95, ""}).result == SloResult::missed);
  BOOST_TEST(measured.judge({"success", "<=", 0.95, ""}).result == SloResult::met);
  BOOST_TEST(measured.judge({"success", "<", 0.95, ""}).result == SloResult::missed);
}

BOOST_AUTO_TEST_CASE(min_and_max_are_exact) {
  auto measured = Measured(20, 0);
  measured.latency.record(700 * ms);
  BOOST_TEST(measured.judge({"max", "<", 0.5, "<500ms"}).measured.value() == 0.7);
  BOOST_TEST(measured.judge({"max", "<", 0.5, "<500ms"}).result == SloResult::missed);
  BOOST_TEST(measured.judge({"min", "<", 0.5, "<500ms"}).result == SloResult::met);
  BOOST_TEST(Measured(4, 0, 700 * ms).judge({"max", "<", 0.5, ""}).result == SloResult::missed);
  BOOST_TEST(Measured(4, 0).judge({"max", "<", 0.5, ""}).result == SloResult::not_estimable);
}

BOOST_AUTO_TEST_CASE(unjudged_figures_are_still_figures) {
  const auto a = Measured(0, 1000).judge(success, false);
  BOOST_TEST(a.result == SloResult::not_judged);
  BOOST_TEST(a.measured.value() == 0.0);
}

BOOST_AUTO_TEST_CASE(an_unknown_metric_is_not_met) {
  BOOST_TEST(Measured(1000, 0).judge({"p0", "<", 1, ""}).result == SloResult::not_estimable);
  BOOST_TEST(Measured(1000, 0).judge({"pace", "<", 1, ""}).result == SloResult::not_estimable);
}

BOOST_AUTO_TEST_CASE(sentences_name_value_limit_and_samples) {
  const auto a = Measured(3120, 0, 812 * ms).judge(p99);
  BOOST_TEST(a.name == "p99 < 500ms");
  BOOST_TEST(a.text == "p99 was 812 ms, limit 500 ms, n=3120");
  const auto few = Measured(12, 0).judge(p99);
  BOOST_TEST(few.text.find("12 operations, 368 needed") != std::string::npos);
  BOOST_TEST(Measured(0, 0).judge(p99).text.find("no operations") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
