// SPDX-License-Identifier: Apache-2.0
#include "slope.h"

#include <algorithm>
#include <cmath>

namespace rules {

namespace {

constexpr std::size_t most_blocks = 60;

double middle(std::vector<double>& values, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

std::vector<Point> blocks_of(const std::vector<Point>& points) {
  if (points.size() <= most_blocks) return points;
  std::vector<Point> blocks;
  std::vector<double> values;
  for (std::size_t block = 0; block < most_blocks; ++block) {
    const std::size_t from = block * points.size() / most_blocks;
    const std::size_t to = (block + 1) * points.size() / most_blocks;
    values.clear();
    for (std::size_t i = from; i < to; ++i) values.push_back(points[i].value);
    blocks.push_back({points[(from + to - 1) / 2].at_ns, middle(values, 0.5)});
  }
  return blocks;
}

}  // namespace

std::optional<double> robust_slope(const std::vector<Point>& all) {
  const std::vector<Point> points = blocks_of(all);
  std::vector<double> slopes;
  double order = 0;  // pairs that rise less pairs that fall
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      if (points[j].at_ns <= points[i].at_ns) continue;
      const double apart = static_cast<double>(points[j].at_ns - points[i].at_ns) / 1e9;
      const double change = points[j].value - points[i].value;
      slopes.push_back(change / apart);
      order += change > 0 ? 1 : change < 0 ? -1 : 0;
    }
  }
  if (slopes.empty()) return std::nullopt;
  const auto n = static_cast<double>(points.size());
  const double deviation = std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  if (std::fabs(order) - 1 < 3 * deviation) return std::nullopt;
  return middle(slopes, 0.5);
}

}  // namespace rules
