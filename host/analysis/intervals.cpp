// SPDX-License-Identifier: Apache-2.0
#include "analysis/intervals.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

namespace ordeal {
namespace {

constexpr double z = 1.959963984540054;  // 97.5 % of the standard normal distribution
constexpr double tail = 0.025;

}  // namespace

QuantileRanks quantile_ranks(std::uint64_t n, double quantile) {
  QuantileRanks ranks;
  if (n == 0 || quantile <= 0 || quantile >= 1) return ranks;
  const boost::math::binomial_distribution<double> below(static_cast<double>(n), quantile);
  const auto cdf_at = [&](std::uint64_t k) {
    return boost::math::cdf(below, static_cast<double>(k));
  };
  // Both conditions are monotonic in the rank, so bisection finds their edge.
  std::uint64_t from = 0;  // greatest rank known to satisfy cdf(rank - 1) <= tail, 0: none
  std::uint64_t to = n + 1;
  while (to - from > 1) {
    const std::uint64_t middle = from + (to - from) / 2;
    (cdf_at(middle - 1) <= tail ? from : to) = middle;
  }
  if (from >= 1) ranks.low = from;
  from = 0;
  to = n + 1;  // least rank known to satisfy cdf(rank - 1) >= 1 - tail, n + 1: none
  while (to - from > 1) {
    const std::uint64_t middle = from + (to - from) / 2;
    (cdf_at(middle - 1) >= 1 - tail ? to : from) = middle;
  }
  if (to <= n) ranks.high = to;
  return ranks;
}

std::uint64_t samples_needed(double quantile) {
  if (quantile <= 0 || quantile >= 1) return 1;
  // The highest sample is above the quantile with probability 1 - q^n, the lowest below with 1 -
  // (1-q)^n.
  const double rarer = std::max(quantile, 1 - quantile);
  return static_cast<std::uint64_t>(std::ceil(std::log(tail) / std::log(rarer)));
}

std::uint64_t order_statistic(const Histogram& histogram, std::uint64_t rank) {
  std::uint64_t seen = 0;
  for (const auto& bucket : histogram.buckets()) {
    seen += bucket.count;
    if (seen >= rank) return std::min(bucket.to_ns, histogram.max());
  }
  return histogram.max();
}

std::optional<Interval> wilson(std::uint64_t successes, std::uint64_t n) {
  if (n == 0) return std::nullopt;
  const auto count = static_cast<double>(n);
  const double share = static_cast<double>(successes) / count;
  const double middle = (share + z * z / (2 * count)) / (1 + z * z / count);
  const double half = z / (1 + z * z / count) *
                      std::sqrt(share * (1 - share) / count + z * z / (4 * count * count));
  return Interval{std::clamp(middle - half, 0.0, share), std::clamp(middle + half, share, 1.0)};
}

Interval poisson(std::uint64_t count) {
  const auto k = static_cast<double>(count);
  Interval interval;
  if (count > 0) {
    interval.low = boost::math::quantile(boost::math::chi_squared(2 * k), tail) / 2;
  }
  interval.high = boost::math::quantile(boost::math::chi_squared(2 * k + 2), 1 - tail) / 2;
  return interval;
}

std::optional<Interval> normal_mean(double mean, double stddev, std::uint64_t n) {
  if (n < 30) return std::nullopt;
  const double half = z * stddev / std::sqrt(static_cast<double>(n));
  return Interval{std::max(0.0, mean - half), mean + half};
}

}  // namespace ordeal
