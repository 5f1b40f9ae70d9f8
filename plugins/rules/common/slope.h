// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace rules {

struct Point {
  std::uint64_t at_ns = 0;
  double value = 0;
};

/// Change per second: the median of the slopes between all pairs of points (Theil-Sen), which a
/// quarter of wild points does not move. Nothing unless the points' order speaks for a trend with
/// three standard deviations (Mann-Kendall; seven points in strict order just do): the rest may be
/// noise around a level. More than 60 points are first put together to 60 medians of neighbours.
/// `points` in order of time.
std::optional<double> robust_slope(const std::vector<Point>& points);

}  // namespace rules
