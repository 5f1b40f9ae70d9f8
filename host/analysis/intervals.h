// SPDX-License-Identifier: Apache-2.0
// 95 % confidence intervals, two-sided. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/histogram.h"

namespace ordeal {

/// A two-sided 95 % confidence interval.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Ranks (from 1) of the order statistics that enclose a quantile with 97.5 % confidence on either
/// side; a side that `n` samples cannot give is absent. Binomial order statistics: David &
/// Nagaraja, Order Statistics, 7.1. Both sides exist from n = 368 for p99 and 3,688 for p99.9 on.
struct QuantileRanks {
  std::optional<std::uint64_t> low;
  std::optional<std::uint64_t> high;
};
QuantileRanks quantile_ranks(std::uint64_t n, double quantile);

/// The least n for which both ranks exist.
std::uint64_t samples_needed(double quantile);

/// The value of rank `rank` (from 1) in nanoseconds, to bucket precision. 0 for an empty histogram.
std::uint64_t order_statistic(const Histogram& histogram, std::uint64_t rank);

/// Wilson score interval of a share. n = 0: nothing.
std::optional<Interval> wilson(std::uint64_t successes, std::uint64_t n);

/// Exact interval of a Poisson count (Garwood, 1936).
Interval poisson(std::uint64_t count);

/// Normal interval of a mean; nothing below n = 30, where the approximation is not to be trusted.
std::optional<Interval> normal_mean(double mean, double stddev, std::uint64_t n);

}  // namespace ordeal
