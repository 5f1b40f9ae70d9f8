// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "plugins/rule_snapshots.h"

using namespace ordeal::testing;

namespace {

const char* const memory = "node_memory_MemAvailable_bytes";
const char* const disk = "node_filesystem_avail_bytes";
constexpr double gib = 1073741824.0;

struct Fixture : RulePlugin {
  Fixture() : RulePlugin("rate-of-change") {}
  /// A made-up but repeatable number from -1 to 1.
  double noise() {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 33) / 1073741824.0 - 1;
  }
  std::uint64_t state = 7;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_rate_of_change, Fixture)

BOOST_AUTO_TEST_CASE(the_time_left_is_told) {
  Rule rule(*this, "{}");
  // 8 GiB at 10 MiB/s: 819 s left at first, under 600 s after about 220 s.
  Answer answer;
  double t = 0;
  for (; t <= 150; t += 10) answer = rule.sample(memory, "", 8 * gib - t * gib / 100, t).judge(t);
  BOOST_TEST(answer.level == ok);
  BOOST_TEST(answer.value == 650, boost::test_tools::tolerance(1e-6));
  for (; t <= 230; t += 10) answer = rule.sample(memory, "", 8 * gib - t * gib / 100, t).judge(t);
  BOOST_TEST(answer.level == ok);  // less than 600 s, but not for 30 s
  answer = rule.sample(memory, "", 8 * gib - t * gib / 100, t).judge(t);
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 560, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(answer.limit == 600);
  BOOST_TEST(answer.metric == memory);
  BOOST_TEST(answer.reason ==
             "node_memory_MemAvailable_bytes is 5.6 GiB and changes by -10.24 MiB/s: it will be at "
             "0 B in 560 s, under the limit of 600 s (window 120 s)");
}

BOOST_AUTO_TEST_CASE(two_noisy_readings_are_no_trend) {
  Rule rule(*this, "{}");
  rule.sample(memory, "", 8 * gib, 0).judge(0);
  BOOST_TEST(rule.sample(memory, "", 1 * gib, 10).judge(10).level == ok);  // 1.4 s left, if so
  // Many in a short time are none either: they do not span half of the window.
  Rule quick(*this, "{}");
  for (int i = 0; i < 59; ++i) {
    BOOST_TEST(quick.sample(memory, "", 8 * gib - i * gib / 10, i).judge(i).level == ok);
  }
}

BOOST_AUTO_TEST_CASE(noise_around_a_level_is_no_trend) {
  Rule rule(*this, "{}");
  for (int i = 0; i < 2000; ++i) {
    const Answer answer = rule.sample(memory, "", gib + noise() * gib / 2, i * 10).judge(i * 10);
    BOOST_TEST(answer.level == ok);
  }
}

BOOST_AUTO_TEST_CASE(wild_readings_do_not_hide_a_trend_nor_make_one) {
  Rule falling(*this, R"({"limits":[{"within":"10m"}]})");
  Answer answer;
  for (int t = 0; t <= 200; t += 5) {
    const bool wild = t % 25 == 0;
    answer = falling.sample(memory, "", wild ? 20 * gib : 4 * gib - t * gib / 100, t).judge(t);
    if (!wild && t > 150) break;
  }
  BOOST_TEST(answer.level == stop);
  Rule flat(*this, "{}");
  for (int t = 0; t <= 600; t += 5) {
    BOOST_TEST(flat.sample(memory, "", t % 25 == 0 ? gib / 10 : 4 * gib, t).judge(t).level == ok);
  }
}

BOOST_AUTO_TEST_CASE(a_burst_ends_by_itself) {
  // A log grows by 3 GiB in 20 s, with 20 GiB free, and is rotated away.
  Rule rule(*this, R"({"resource":"disk"})");
  for (int t = 0; t <= 600; t += 10) {
    const double used = t < 300 ? 0 : t < 320 ? (t - 300) * 0.15 : t < 360 ? 3.0 : 0;
    BOOST_TEST(rule.sample(disk, "/", (20 - used) * gib, t).judge(t).level == ok);
  }
}

BOOST_AUTO_TEST_CASE(each_disk_is_judged_by_itself) {
  Rule rule(*this, R"({"resource":"disk","labels":"/d*"})");
  Answer answer;
  for (int t = 0; t <= 120; t += 10) {
    rule.sample(disk, "/", 2 * gib - t * gib / 100, t);  // does not match
    rule.sample(disk, "/data", 9 * gib, t);
    answer = rule.sample(disk, "/dump", 4 * gib - t * gib / 100, t).judge(t);
  }
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.reason.find("node_filesystem_avail_bytes{/dump} is 2.8 GiB") == 0U,
             answer.reason);
}

BOOST_AUTO_TEST_CASE(descriptors_rise_to_the_most_there_may_be) {
  Rule rule(*this, R"({"resource":"descriptors"})");
  Answer answer;
  for (int t = 0; t <= 120; t += 10) {
    rule.sample("node_filefd_maximum", "", 10000, t);
    answer = rule.sample("node_filefd_allocated", "", 1000 + t * 50, t).judge(t);
  }
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 60, boost::test_tools::tolerance(1e-6));
  // Without the maximum there is nothing to compare with, and that is no good news.
  Rule blind(*this, R"({"resource":"descriptors","grace":"0s"})");
  for (int t = 1000; t <= 1130; t += 10) {
    answer = blind.sample("node_filefd_allocated", "", 1000, t).judge(t);
  }
  BOOST_TEST(answer.level == warn);
}

BOOST_AUTO_TEST_CASE(any_metric_in_both_directions) {
  const std::string more = R"("window":"20s","limits":[{"within":"10m"}],)";
  Rule up(*this, "{" + more + R"("metric":"process_open_fds","end":1024,"labels":"db,*"})");
  Rule down(*this, "{" + more + R"("metric":"pool_free","end":5,"direction":"down"})");
  Answer rising;
  Answer falling;
  for (int t = 0; t <= 20; t += 2) {
    rising = up.sample("process_open_fds", "db,7", 100 + t * 10, t).judge(t);
    falling = down.sample("pool_free", "", 105 - t, t).judge(t);
  }
  BOOST_TEST(rising.level == stop);
  BOOST_TEST(rising.value == 72.4, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(falling.value == 80, boost::test_tools::tolerance(1e-6));
  // Away from the end, and beyond it.
  Rule away(*this, "{" + more + R"("metric":"pool_free","end":5})");
  Rule past(*this, "{" + more + R"("metric":"m","end":50})");
  for (int t = 0; t <= 20; t += 2) {
    rising = past.sample("m", "", 60, t).judge(t);
    BOOST_TEST(away.sample("pool_free", "", 4 - t, t).judge(t).level == ok);
  }
  BOOST_TEST(rising.level == stop);
  BOOST_TEST(rising.value == 0);
}

BOOST_AUTO_TEST_CASE(it_clears_at_twice_the_time_for_a_time) {
  Rule rule(*this,
            R"({"window":"20s","limits":[{"within":"60s","verdict":"hold"}],"clear_for":"10s"})");
  Answer answer;
  double left = 2 * gib;
  int t = 0;
  const auto go = [&](int steps, double per_second) {
    for (int i = 0; i < steps; ++i, t += 2) {
      left -= 2 * per_second;
      answer = rule.sample(memory, "", left, t).judge(t);
    }
  };
  go(12, gib / 30);
  BOOST_TEST(answer.level == hold);
  go(5, gib / 500);
  BOOST_TEST(answer.level == hold);
  go(20, gib / 500);
  BOOST_TEST(answer.level == ok);
}

BOOST_AUTO_TEST_CASE(rare_readings_make_a_trend_all_the_same) {
  Rule rule(*this, R"({"window":"1m","limits":[{"within":"10m"}]})");
  Answer answer;
  for (int t = 0; t <= 360; t += 60) {
    BOOST_TEST(answer.level == ok);
    answer = rule.sample(memory, "", 4 * gib - t * gib / 100, t).judge(t);
  }
  BOOST_TEST(answer.level == stop);
}

BOOST_AUTO_TEST_CASE(a_thousand_points_and_more_are_bearable) {
  Rule rule(*this, R"({"window":"10m","limits":[{"within":"3h"}]})");
  Answer answer;
  for (int i = 0; i <= 6000; ++i) {
    answer = rule.sample(memory, "", 8 * gib - i * gib / 10000 + noise() * gib / 100, i * 0.1)
                 .judge(i * 0.1);
  }
  BOOST_TEST(answer.level == stop);
  BOOST_TEST(answer.value == 7400, boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(missing_data_fail_closed) {
  Rule rule(*this, R"({"window":"10s","grace":"10s"})");
  rule.sample(memory, "", gib, 100).judge(100);
  BOOST_TEST(rule.judge(120).level == ok);
  BOOST_TEST(rule.silence(120, 1) == fails_closed, boost::test_tools::per_element());
  // What asked for a hold does so still.
  Rule held(*this, R"({"window":"10s","grace":"10s","limits":[{"within":"1h","verdict":"hold"}]})");
  for (int t = 0; t <= 10; ++t) held.sample(memory, "", gib - t * gib / 100, t).judge(t);
  BOOST_TEST(held.judge(31).level == hold);
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused_by_name) {
  refuses({{"[]", "JSON"},
           {R"({"resource":"luck"})", "resource"},
           {R"({"metric":"m"})", "end"},
           {R"({"metric":"","end":1})", "metric"},
           {R"({"end":1})", "end"},
           {R"({"direction":"up"})", "direction"},
           {R"({"metric":"m","end":1,"resource":"disk"})", "resource"},
           {R"({"metric":"m","end":1,"direction":"sideways"})", "direction"},
           {R"({"window":"0s"})", "window"},
           {R"({"min_points":2})", "min_points"},
           {R"({"min_points":"6"})", "min_points"},
           {R"({"limits":[{"verdict":"hold"}]})", "limits/0/within"},
           {R"({"limits":[{"within":"0s"}]})", "limits/0/within"},
           {R"({"clear":"1m"})", "clear"},
           {R"({"speed":1})", "speed"}});
}

BOOST_AUTO_TEST_SUITE_END()
