// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ordeal {

/// One sensor before load: where it rests, where it would stop the run, where it is.
struct SensorReading {
  std::string name;    // "memory"
  std::string group;   // "memory", "cpu", "disk", "network", "descriptors", "target", "measurement"
  std::string metric;  // what was read
  double base = 0;     // median of the baseline
  double stop = 0;     // the highest threshold that does not yet kill
  std::optional<double> value;  // pessimistic: p95 of the last minute; absent: it gave nothing
  bool falls = false;           // true: danger lies at small values (bytes available)
};

struct HealthScore {
  std::optional<double> score;  // 0-100: the weakest sensor's; absent without data
  std::string weakest;          // its name; without a score the sensor that gave no value
  std::optional<double> mean;   // shown, never judged by
  std::vector<std::optional<double>> scores;  // by sensor
};

/// Share of the safety margin left, 0-100: 100 * clamp((stop - x)/(stop - base), 0, 1). A base at
/// or beyond stop leaves nothing: 0.
std::optional<double> sensor_score(const SensorReading& sensor);

/// The score of a machine: its weakest sensor. One sensor without a value, or none at all, and
/// there is no score; so leave out what the machine does not have.
HealthScore health_score(std::span<const SensorReading> sensors);

/// EXCELLENT from 90 on, GOOD 80, ACCEPTABLE 70, CAUTION 60, else NOT_READY; NO_DATA without a
/// score.
std::string health_status(const std::optional<double>& score);

}  // namespace ordeal
