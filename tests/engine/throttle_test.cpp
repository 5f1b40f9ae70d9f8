// SPDX-License-Identifier: Apache-2.0
// The safety ladder's rate factor while the rate changes, and while arrivals are random.
#include <algorithm>
#include <cmath>

#include "engine/arrivals.h"
#include "engine/fake_scenario.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t ms = FakeScenario::ms;
constexpr std::uint64_t begin = 3 * second;

/// How many arrive before `at_s` seconds after the beginning.
double until(Arrivals& arrivals, double at_s) {
  double passed = 0;
  const auto at = begin + static_cast<std::uint64_t>(at_s * 1e9);
  for (; arrivals.next_ns() < at; arrivals.advance()) ++passed;
  return passed;
}

void set_factor(Arrivals& arrivals, double at_s, double factor) {
  arrivals.set_factor(begin + static_cast<std::uint64_t>(at_s * 1e9), factor);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(throttle)

BOOST_AUTO_TEST_CASE(a_throttled_ramp_goes_on_rising) {
  // 100 t per second for 10 s: half of that from 4 s to 6 s, none until 7 s, then all of it.
  Arrivals arrivals(begin, {{0, 1'000, 10 * second}});
  BOOST_TEST(std::abs(until(arrivals, 4) - 800) <= 1);
  set_factor(arrivals, 4, 0.5);
  BOOST_TEST(std::abs(until(arrivals, 6) - 500) <= 1);
  set_factor(arrivals, 6, 0);
  BOOST_TEST(arrivals.next_ns() == Arrivals::never);
  set_factor(arrivals, 7, 1);
  BOOST_TEST(std::abs(until(arrivals, 10) - 2'550) <= 2);
  BOOST_TEST(arrivals.next_ns() == Arrivals::never);
}

BOOST_AUTO_TEST_CASE(a_throttle_outlasts_the_step_it_began_in) {
  Arrivals arrivals(begin, {{100, 100, 2 * second}, {400, 400, 2 * second}, {50, 50, 0}});
  BOOST_TEST(std::abs(until(arrivals, 1) - 100) <= 1);
  set_factor(arrivals, 1, 0.1);
  BOOST_TEST(std::abs(until(arrivals, 2) - 10) <= 1);
  BOOST_TEST(std::abs(until(arrivals, 4) - 80) <= 1);
  BOOST_TEST(std::abs(until(arrivals, 5) - 5) <= 1);
  set_factor(arrivals, 5, 1);
  BOOST_TEST(std::abs(until(arrivals, 7) - 100) <= 1);
}

BOOST_AUTO_TEST_CASE(throttled_random_arrivals_stay_random) {
  constexpr double rate = 2'000;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Arrivals arrivals(begin, {{rate, rate, 0}}, 0, 0, Random(seed, Random::Stream::arrivals));
      const auto near = [](double count, double mean) {
        return std::abs(count - mean) < 5 * std::sqrt(mean);
      };
      BOOST_TEST(near(until(arrivals, 4), 4 * rate));
      set_factor(arrivals, 4, 0.25);
      // The variance of what comes in a tenth of a second is still its mean.
      constexpr int windows = 400;
      const double mean = rate / 40;
      double sum = 0;
      double squares = 0;
      for (int i = 1; i <= windows; ++i) {
        const double n = until(arrivals, 4 + i * 0.1);
        sum += n;
        squares += (n - mean) * (n - mean);
      }
      BOOST_TEST(near(sum, windows * mean));
      const double error = std::sqrt((mean + 2 * mean * mean) / windows);
      BOOST_TEST(std::abs(squares / windows - mean) < 5 * error);
      set_factor(arrivals, 44, 0);
      BOOST_TEST(arrivals.next_ns() == Arrivals::never);
      set_factor(arrivals, 50, 1);
      BOOST_TEST(near(until(arrivals, 54), 4 * rate));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_random_ramp_is_throttled_in_proportion) {
  Arrivals arrivals(begin, {{0, 4'000, 10 * second}}, 0, 0, Random(9, Random::Stream::arrivals));
  const auto near = [](double count, double mean) {
    return std::abs(count - mean) < 5 * std::sqrt(mean);
  };
  BOOST_TEST(near(until(arrivals, 5), 5'000));
  set_factor(arrivals, 5, 0.5);
  BOOST_TEST(near(until(arrivals, 10), 7'500));
  BOOST_TEST(arrivals.next_ns() == Arrivals::never);
}

BOOST_AUTO_TEST_CASE(a_worker_sends_what_the_throttled_schedule_says) {
  for (const bool random : {false, true}) {
    BOOST_TEST_CONTEXT((random ? "random" : "ramp")) {
      FakeScenario fake;
      fake.on_issue = [&](const ordeal_op& op) { fake.complete(op.id); };
      LoadSpec spec = open_load(16, 0, 600 * ms);
      spec.start_ns = FakeScenario::now() + ms;
      // 6,000 a second, or 20,000 t: then 10,000 t^2 by t seconds.
      if (random) {
        spec.arrivals = LoadSpec::Arrivals::poisson;
        spec.rate = 6'000;
      } else {
        spec.rates = {{0, 12'000, 600 * ms}};
      }
      const std::uint64_t end = spec.start_ns + spec.duration_ns;
      const auto due = [&](std::uint64_t at) {
        const std::uint64_t within = std::clamp(at, spec.start_ns, end) - spec.start_ns;
        const double t = static_cast<double>(within) / 1e9;
        return random ? 6'000 * t : 10'000 * t * t;
      };
      // As far as can be told: the factor is set somewhere between the two readings.
      const auto throttled = [&](double factor) {
        const std::uint64_t before = FakeScenario::now();
        fake.worker().throttle(factor);
        return std::pair(before, FakeScenario::now());
      };
      fake.begin(spec);
      fake.turn_for(200 * ms);
      const auto quarter = throttled(0.25);
      fake.turn_for(150 * ms);
      const auto hold = throttled(0);
      const IntervalFrame held = fake.worker().swap();
      const std::uint64_t at_hold = held.offered;
      fake.turn_for(50 * ms);
      BOOST_TEST(fake.worker().swap().offered == 0u);
      const auto full = throttled(1);
      BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
      const std::uint64_t after = fake.worker().swap().offered;
      const double first = due(quarter.first) + (due(hold.first) - due(quarter.second)) / 4;
      const double first_most = due(quarter.second) + (due(hold.second) - due(quarter.first)) / 4;
      const double second_most = due(end) - due(full.first);
      const double second_least = due(end) - due(full.second);
      const auto slack = [&](double mean) { return random ? 5 * std::sqrt(mean) : 3; };
      const auto n = static_cast<double>(at_hold);
      BOOST_TEST(n >= first - slack(first));
      BOOST_TEST(n <= first_most + slack(first_most));
      BOOST_TEST(static_cast<double>(after) >= second_least - slack(second_least));
      BOOST_TEST(static_cast<double>(after) <= second_most + slack(second_most));
      // A hold cancels what still waits for a session.
      BOOST_TEST(fake.issued.size() + count(held, Outcome::cancelled) == at_hold + after);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
