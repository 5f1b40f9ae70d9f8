// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "campaign/documents/journal_facts.h"

namespace ordeal::documents {

/// Rows of one period put together: of all loads, kinds and workers.
struct OperationPoint {
  std::int32_t phase = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t duration_ns = 0;
  OutcomeCounts outcomes{};
  std::uint64_t offered = 0;
  double p50 = 0;  // seconds; weighted by operations, 0 without any
  double p99 = 0;  // the worst kind's
  double max = 0;
};

/// Rows in time order -> points. Rows that begin within half a period of one another are one point.
std::vector<OperationPoint> group_rows(const std::vector<SeriesRow>& rows);

/// The rows from the given attempts (by phase, then attempt) on: per second where the journal still
/// has all of them and they are at most 2,000, else per block.
Result<std::vector<OperationPoint>> operation_points(JournalReader& journal,
                                                     const std::vector<const Attempt*>& attempts);

/// {t, offered, ok, errors, p50, p99, max}: rates per second, times in seconds; null where no
/// operation ended. At most 2,000 points; the busiest for latency of its neighbours is kept.
boost::json::object operation_series_json(const std::vector<OperationPoint>& points,
                                          std::uint64_t origin_wall_ns);

/// {start, end, why} for every hole inside an attempt in which no worker reported.
boost::json::array operation_gaps(const std::vector<const Attempt*>& attempts,
                                  const std::vector<OperationPoint>& points,
                                  std::uint64_t origin_wall_ns);

}  // namespace ordeal::documents
