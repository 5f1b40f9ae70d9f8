// SPDX-License-Identifier: Apache-2.0
#include "analysis/trend.h"

#include <algorithm>
#include <vector>

namespace ordeal {

std::string performance_trend(std::span<const TrendPair> pairs) {
  std::vector<double> ratios;
  for (const auto& pair : pairs) {
    if (pair.earlier > 0 && pair.later > 0) ratios.push_back(pair.later / pair.earlier);
  }
  if (ratios.empty()) return "UNKNOWN";
  std::sort(ratios.begin(), ratios.end());
  if (ratios.back() > 1.5) return "DEGRADING";
  return ratios[ratios.size() / 2] < 0.8 ? "IMPROVING" : "STABLE";
}

std::string performance_rating(bool data, double success_rate, double avg_seconds) {
  if (!data) return "NO_DATA";
  if (success_rate >= 0.95 && avg_seconds <= 1) return "EXCELLENT";
  if (success_rate >= 0.90 && avg_seconds <= 2) return "GOOD";
  if (success_rate >= 0.80 && avg_seconds <= 5) return "ACCEPTABLE";
  return "POOR";
}

}  // namespace ordeal
