// SPDX-License-Identifier: Apache-2.0
#include "analysis/health.h"

#include <algorithm>
#include <cmath>

namespace ordeal {

std::optional<double> sensor_score(const SensorReading& sensor) {
  if (!sensor.value || !std::isfinite(*sensor.value)) return std::nullopt;
  const double sign = sensor.falls ? -1 : 1;
  const double margin = sign * (sensor.stop - sensor.base);
  if (!(margin > 0)) return 0.0;
  return 100 * std::clamp(sign * (sensor.stop - *sensor.value) / margin, 0.0, 1.0);
}

HealthScore health_score(std::span<const SensorReading> sensors) {
  HealthScore health;
  double sum = 0;
  bool complete = !sensors.empty();
  for (const auto& sensor : sensors) {
    const auto score = sensor_score(sensor);
    health.scores.push_back(score);
    if (!score) {
      if (complete) health.weakest = sensor.name;
      complete = false;
      continue;
    }
    sum += *score;
    if (complete && (!health.score || *score < *health.score)) {
      health.score = score;
      health.weakest = sensor.name;
    }
  }
  if (!complete) {
    health.score.reset();
    return health;
  }
  health.mean = sum / static_cast<double>(sensors.size());
  return health;
}

std::string health_status(const std::optional<double>& score) {
  if (!score) return "NO_DATA";
  if (*score >= 90) return "EXCELLENT";
  if (*score >= 80) return "GOOD";
  if (*score >= 70) return "ACCEPTABLE";
  if (*score >= 60) return "CAUTION";
  return "NOT_READY";
}

}  // namespace ordeal
