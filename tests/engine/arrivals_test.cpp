// SPDX-License-Identifier: Apache-2.0
#include "engine/arrivals.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

using ordeal::Arrivals;
using ordeal::Random;
using ordeal::RatePiece;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t begin = 7 * second;

double length(const RatePiece& piece) { return static_cast<double>(piece.duration_ns) / 1e9; }

/// Operations that the pieces ask for in their first `seconds`.
double integral(const std::vector<RatePiece>& pieces, double seconds) {
  double sum = 0;
  for (const RatePiece& piece : pieces) {
    const double part = std::min(seconds, length(piece));
    if (part <= 0) break;
    const double rate = piece.from + (piece.to - piece.from) * part / length(piece);
    sum += (piece.from + rate) / 2 * part;
    seconds -= part;
  }
  return sum;
}

std::vector<std::uint64_t> all_of(Arrivals arrivals, std::uint64_t until) {
  std::vector<std::uint64_t> times;
  for (; arrivals.next_ns() < until; arrivals.advance()) times.push_back(arrivals.next_ns());
  return times;
}

Arrivals at_random(std::uint64_t seed, std::vector<RatePiece> pieces) {
  return {begin, std::move(pieces), 0, 0, Random(seed, Random::Stream::arrivals)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(arrivals)

BOOST_AUTO_TEST_CASE(no_drift_over_hours) {
  // A rate whose gap is no whole number of nanoseconds, for 14 hours: 151 million arrivals.
  constexpr double rate = 3000.0 / 0.999;
  Arrivals a(1'000, rate);
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 151'000'000; ++i) {
    if (i % 1'000'000 == 999'999) {
      const auto exact =
          static_cast<std::uint64_t>(static_cast<long double>(i) * 1e9L / rate) + 1'000;
      BOOST_TEST_REQUIRE(a.next_ns() + 1 >= exact);
      BOOST_TEST_REQUIRE(a.next_ns() <= exact + 1);
      BOOST_TEST_REQUIRE(a.next_ns() > last);
      last = a.next_ns();
    }
    a.advance();
  }
}

BOOST_AUTO_TEST_CASE(a_factor_scales_what_is_left_of_the_gap) {
  Arrivals a(0, 1000);  // every 1,000,000 ns
  a.advance();
  BOOST_TEST(a.next_ns() == 1'000'000u);
  a.set_factor(250'000, 0.5);  // three quarters of the gap are left, now twice as long
  BOOST_TEST(a.next_ns() == 250'000u + 1'500'000u);
  a.advance();
  BOOST_TEST(a.next_ns() == 250'000u + 3'500'000u);
  a.set_factor(1'000'000, 0);
  BOOST_TEST(a.next_ns() == Arrivals::never);
  a.set_factor(5'000'000, 1);  // after a hold the first comes a whole gap later
  BOOST_TEST(a.next_ns() == 6'000'000u);
}

BOOST_AUTO_TEST_CASE(factors_before_the_start_do_not_move_it) {
  Arrivals a(1'000'000, 1000);
  a.set_factor(10, 0);
  BOOST_TEST(a.next_ns() == Arrivals::never);
  a.set_factor(20, 0.5);
  BOOST_TEST(a.next_ns() == 1'000'000u);
  a.advance();
  BOOST_TEST(a.next_ns() == 3'000'000u);
}

BOOST_AUTO_TEST_CASE(as_many_arrive_as_the_integral_of_the_rate) {
  std::vector<std::vector<RatePiece>> schedules{
      {{50, 500, 10 * second}},
      {{0, 1000, 4 * second}},
      {{900, 0, 4 * second}},
      {{100, 100, second}, {300, 300, second}, {0, 0, second}, {77.7, 77.7, second}},
  };
  Random random(11, Random::Stream::mix);
  for (int i = 0; i < 60; ++i) {
    auto& pieces = schedules.emplace_back();
    for (std::uint64_t left = 1 + random.next() % 5; left > 0; --left) {
      const double from = random.next() % 4 == 0 ? 0 : random.unit() * 2000;
      const double to = random.next() % 3 == 0 ? from : random.unit() * 2000;
      pieces.push_back({from, to, 1 + random.next() % (3 * second)});
    }
    // Ends in a ramp, so that nothing arrives after it.
    pieces.push_back({200, 0, second});
  }
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    const auto& pieces = schedules[i];
    double lasts = 0;
    for (const RatePiece& piece : pieces) lasts += length(piece);
    const auto end = begin + static_cast<std::uint64_t>(lasts * 1e9);
    const auto times = all_of(Arrivals(begin, pieces), end);
    BOOST_TEST_CONTEXT("schedule " << i) {
      BOOST_TEST(std::is_sorted(times.begin(), times.end()));
      for (int k = 1; k <= 200; ++k) {
        const double seconds = lasts * k / 200;
        const auto moment = begin + static_cast<std::uint64_t>(seconds * 1e9);
        const auto due = std::lower_bound(times.begin(), times.end(), moment) - times.begin();
        BOOST_TEST_REQUIRE(std::abs(static_cast<double>(due) - integral(pieces, seconds)) <= 1.001);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_constant_last_piece_goes_on_and_a_ramp_does_not) {
  const std::uint64_t later = begin + 100 * second;
  BOOST_TEST(all_of(Arrivals(begin, {{10, 10, second}, {20, 20, 0}}), later).size() == 1990u);
  BOOST_TEST(all_of(Arrivals(begin, {{10, 30, second}}), later).size() == 20u);
}

BOOST_AUTO_TEST_CASE(a_ramp_taken_up_in_its_middle_is_the_rest_of_it) {
  const std::vector<RatePiece> ramp{{100, 1100, 10 * second}};
  const auto whole = all_of(Arrivals(begin, ramp), begin + 10 * second);
  const auto rest = all_of(Arrivals(begin + 4 * second, ramp, 4 * second), begin + 10 * second);
  BOOST_TEST_REQUIRE(rest.size() > 4'000u);
  const auto from = std::lower_bound(whole.begin(), whole.end(), begin + 4 * second);
  const auto n = static_cast<std::size_t>(whole.end() - from);
  BOOST_TEST_REQUIRE(std::abs(static_cast<double>(rest.size()) - static_cast<double>(n)) <= 1);
}

BOOST_AUTO_TEST_CASE(random_arrivals_have_the_mean_and_the_variance_of_poisson) {
  constexpr double per_window = 20;
  constexpr int windows = 5'000;
  constexpr std::uint64_t width = second / 10;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    std::vector<double> counts(windows);
    const auto times = all_of(at_random(seed, {{200, 200, 0}}), begin + windows * width);
    for (const std::uint64_t time : times) ++counts[(time - begin) / width];
    double sum = 0;
    double squares = 0;
    for (const double n : counts) {
      sum += n;
      squares += (n - per_window) * (n - per_window);
    }
    const double mean_error = std::sqrt(per_window / windows);
    const double variance_error = std::sqrt((per_window + 2 * per_window * per_window) / windows);
    BOOST_TEST(std::abs(sum / windows - per_window) < 5 * mean_error);
    BOOST_TEST(std::abs(squares / windows - per_window) < 5 * variance_error);
  }
}

BOOST_AUTO_TEST_CASE(random_arrivals_follow_a_ramp) {
  // 10,000 in the first half, 30,000 in the second.
  const std::uint64_t middle = begin + 20 * second;
  const auto times = all_of(at_random(5, {{0, 2000, 40 * second}}), begin + 100 * second);
  const auto early =
      static_cast<double>(std::lower_bound(times.begin(), times.end(), middle) - times.begin());
  BOOST_TEST(std::abs(early - 10'000) < 5 * std::sqrt(10'000));
  BOOST_TEST(std::abs(static_cast<double>(times.size()) - early - 30'000) < 5 * std::sqrt(30'000));
}

BOOST_AUTO_TEST_CASE(a_seed_is_one_sequence_of_arrivals) {
  const std::vector<RatePiece> pieces{{100, 900, 5 * second}};
  const auto times = all_of(at_random(42, pieces), begin + 5 * second);
  BOOST_TEST(times.size() > 1'000u);
  BOOST_TEST((times == all_of(at_random(42, pieces), begin + 5 * second)));
  BOOST_TEST((times != all_of(at_random(43, pieces), begin + 5 * second)));
}

BOOST_AUTO_TEST_SUITE_END()
