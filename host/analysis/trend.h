// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

namespace ordeal {

/// The same figure (a latency) under the same load, earlier and later. Never of different loads.
struct TrendPair {
  double earlier = 0;
  double later = 0;
};

/// DEGRADING when the later is more than 1.5 times the earlier in any pair; otherwise IMPROVING
/// when it is below 0.8 times in the median pair; otherwise STABLE. UNKNOWN without a comparable
/// pair.
std::string performance_trend(std::span<const TrendPair> pairs);

/// EXCELLENT (success >= 95 %, avg <= 1 s), GOOD (90 %, 2 s), ACCEPTABLE (80 %, 5 s), else POOR;
/// NO_DATA without operations.
std::string performance_rating(bool data, double success_rate, double avg_seconds);

}  // namespace ordeal
