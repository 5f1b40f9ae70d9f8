// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaign/documents/journal_facts.h"
#include "campaign/documents/metric_series.h"

namespace ordeal::documents {

/// The range of one figure.
struct Range {
  double min = 0;
  double max = 0;
  double avg = 0;  // of the samples
};
std::optional<Range> range_of(const std::vector<MetricPoint>& points);

/// Figures of the host over time, as ratios, from the gauges ordeal_*_ratio or else from metrics
/// with node_exporter's names. Empty where no collector gave them.
struct HostSeries {
  std::vector<MetricPoint> cpu;              // busy, all processors together
  std::vector<MetricPoint> memory;           // used: all that is not MemAvailable
  std::vector<MetricPoint> disk;             // used, of the fullest file system
  std::vector<MetricPoint> pressure_memory;  // time in which all tasks stood still for memory
};
HostSeries host_series(const std::vector<MetricSeries>& series);

/// The document's resource_impact_summary.
boost::json::object resource_summary(const std::vector<MetricSeries>& series);

/// {memory_available, memory_total, cpu_baseline, cpu_count, disk_free}: as `system_resources` of
/// the readiness says, else as sampled first in the run. Bytes and share busy.
boost::json::object system_resources(const std::vector<MetricSeries>& series,
                                     const RunFacts& facts);

/// {sensor, left_percent}: of memory, CPU and disk the one that came nearest to its limit in
/// config.safety, and the share of the way from its lowest value in the run to that limit which
/// was left. null without figures.
boost::json::value nearest_margin(const std::vector<MetricSeries>& series, const RunFacts& facts);

}  // namespace ordeal::documents
