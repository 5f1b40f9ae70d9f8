// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hdr/series.h"

namespace ordeal::reports {

/// A .hgrm: HdrHistogram's outputPercentileDistribution with 5 ticks per half distance. `series`
/// has buckets; one printed unit is `printed_ns` nanoseconds.
std::string percentile_distribution(const Series& series, double printed_ns);

}  // namespace ordeal::reports
