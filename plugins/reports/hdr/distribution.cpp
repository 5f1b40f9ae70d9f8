// SPDX-License-Identifier: Apache-2.0
#include "hdr/distribution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <utility>

namespace ordeal::reports {
namespace {

constexpr double ticks_per_half_distance = 5;
constexpr double sub_buckets = 2048;  // of 3 significant digits
constexpr double hour_ns = 3.6e12;
constexpr double percent_digits = 1e12;  // rounded half up, as Java and JavaScript do

template <typename... Values>
void print(std::string& out, const char* format, Values... values) {
  std::array<char, 512> line{};
  const int n = std::snprintf(line.data(), line.size(), format, values...);
  if (n > 0) out.append(line.data(), std::min(static_cast<std::size_t>(n), line.size() - 1));
}

/// The middle of the values a bucket stands for.
double middle(const Bucket& bucket) {
  return bucket.from + std::floor((bucket.to - bucket.from + 1) / 2);
}

std::pair<double, double> mean_and_deviation(const std::vector<Bucket>& buckets, double count) {
  double sum = 0;
  for (const Bucket& bucket : buckets) sum += middle(bucket) * bucket.count;
  const double mean = sum / count;
  double squares = 0;
  for (const Bucket& bucket : buckets) {
    const double away = middle(bucket) - mean;
    squares += away * away * bucket.count;
  }
  return {mean, std::sqrt(squares / count)};
}

/// How often the range of values doubles up to an hour.
int bucket_count(double unit_ns) {
  int n = 1;
  for (double reach = sub_buckets; reach <= std::floor(hour_ns / unit_ns); reach *= 2) ++n;
  return n;
}

}  // namespace

// The steps are HdrHistogram's PercentileIterator's: 5 equal ones to half of what is left to 100 %,
// again and again, so that a reader may compare the lines with what its own tool prints.
std::string percentile_distribution(const Series& series, double printed_ns) {
  const std::vector<Bucket>& buckets = series.buckets;
  const double scale = printed_ns / series.unit_ns;
  double count = 0;
  for (const Bucket& bucket : buckets) count += bucket.count;

  std::string out;
  print(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
  double seen = 0;
  double level = 0;
  for (const Bucket& bucket : buckets) {
    seen += bucket.count;
    while (level < 100 && 100 * seen / count >= level) {
      const auto share = static_cast<unsigned long long>(level / 100 * percent_digits + 0.5);
      print(out, "%12.3f 0.%012llu %10.0f %14.2f\n", bucket.to / scale, share, seen,
            1 / (1 - level / 100));
      level += 100 / (ticks_per_half_distance *
                      std::exp2(std::floor(std::log2(100 / (100 - level))) + 1));
      if (seen >= count) break;
    }
  }
  print(out, "%12.3f 1.000000000000 %10.0f\n", buckets.back().to / scale, count);
  const auto [mean, deviation] = mean_and_deviation(buckets, count);
  print(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean / scale, deviation / scale);
  print(out, "#[Max     = %12.3f, Total count    = %12.0f]\n", buckets.back().to / scale, count);
  print(out, "#[Buckets = %12d, SubBuckets     = %12.0f]\n", bucket_count(series.unit_ns),
        sub_buckets);
  return out;
}

}  // namespace ordeal::reports
