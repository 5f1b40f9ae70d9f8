// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "journal/journal.h"

namespace ordeal::documents {

struct MetricPoint {
  std::uint64_t wall_ns = 0;
  double value = 0;
};

/// The values of one metric with one set of labels, in time order.
struct MetricSeries {
  MetricRow metric;
  std::map<std::string, std::string> labels;  // name -> value
  std::vector<MetricPoint> points;
};

/// All series with points in [from_wall_ns, to_wall_ns].
Result<std::vector<MetricSeries>> read_metric_series(JournalReader& journal,
                                                     std::uint64_t from_wall_ns,
                                                     std::uint64_t to_wall_ns);

/// Label names and values, both comma-separated (a comma inside a value is %2C), put together.
std::map<std::string, std::string> parse_labels(const std::string& names,
                                                const std::string& values);

/// Indices of at most `most` of `values`: every bucket of neighbours is stood for by its largest.
std::vector<std::size_t> thin_keeping_max(const std::vector<double>& values, std::size_t most);

/// [{name, labels, unit, type, collector, t, v}] with t in seconds since `origin_wall_ns`.
boost::json::array metric_series_json(const std::vector<MetricSeries>& series,
                                      std::uint64_t origin_wall_ns);

}  // namespace ordeal::documents
