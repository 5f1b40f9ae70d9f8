// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/operation_series.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "analysis/slo.h"
#include "campaign/documents/json_fields.h"
#include "campaign/documents/metric_series.h"
#include "campaign/documents/phase_figures.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

constexpr std::size_t most_points = 2000;

double since(std::uint64_t wall_ns, std::uint64_t origin_wall_ns) {
  return wall_ns >= origin_wall_ns ? seconds(wall_ns - origin_wall_ns)
                                   : -seconds(origin_wall_ns - wall_ns);
}

void add(OperationPoint& point, const SeriesRow& row) {
  const auto before = static_cast<double>(ended_operations(point.outcomes));
  const auto more = static_cast<double>(ended_operations(row.outcomes));
  for (std::size_t i = 0; i < outcome_count; ++i) point.outcomes[i] += row.outcomes[i];
  if (more > 0) {
    point.p50 = (point.p50 * before + seconds(row.p50_ns) * more) / (before + more);
  }
  point.offered += row.offered;
  point.duration_ns = std::max(point.duration_ns, row.duration_ns);
  point.p99 = std::max(point.p99, seconds(row.p99_ns));
  point.max = std::max(point.max, seconds(row.max_ns));
}

}  // namespace

std::vector<OperationPoint> group_rows(const std::vector<SeriesRow>& rows) {
  std::vector<OperationPoint> points;
  for (const auto& row : rows) {
    const bool same = !points.empty() && points.back().phase == row.phase &&
                      row.wall_ns < points.back().wall_ns + points.back().duration_ns / 2;
    if (!same) {
      points.emplace_back();
      points.back().phase = row.phase;
      points.back().wall_ns = row.wall_ns;
    }
    add(points.back(), row);
  }
  return points;
}

Result<std::vector<OperationPoint>> operation_points(JournalReader& journal,
                                                     const std::vector<const Attempt*>& attempts) {
  std::vector<OperationPoint> by_block;
  std::vector<OperationPoint> by_second;
  bool seconds_complete = true;
  std::int32_t done = -1;
  for (const Attempt* attempt : attempts) {
    // The rows of a phase come once, however many attempts at it are asked for.
    if (attempt->row.index == done) continue;
    done = attempt->row.index;
    auto blocks = journal.blocks(attempt->row.index);
    if (!blocks) return std::move(blocks.error());
    auto second_rows = journal.seconds(attempt->row.index);
    if (!second_rows) return std::move(second_rows.error());
    const auto coarse = rows_of(*attempt, std::move(*blocks));
    const auto fine = rows_of(*attempt, std::move(*second_rows));
    if (!coarse.empty() &&
        (fine.empty() || fine.front().wall_ns > coarse.front().wall_ns + 1'000'000'000)) {
      seconds_complete = false;  // older than the hour that is kept
    }
    auto points = group_rows(coarse);
    std::move(points.begin(), points.end(), std::back_inserter(by_block));
    points = group_rows(fine);
    std::move(points.begin(), points.end(), std::back_inserter(by_second));
  }
  const bool fine = seconds_complete && by_second.size() <= most_points;
  return fine ? std::move(by_second) : std::move(by_block);
}

json::object operation_series_json(const std::vector<OperationPoint>& points,
                                   std::uint64_t origin_wall_ns) {
  json::array t, offered, ok, errors, p50, p99, max;
  std::vector<double> worst;
  for (const auto& point : points) worst.push_back(point.max);
  for (const std::size_t i : thin_keeping_max(worst, most_points)) {
    const OperationPoint& point = points[i];
    const double length = seconds(point.duration_ns);
    const auto rate = [&](std::uint64_t count) {
      return length > 0 ? json::value(static_cast<double>(count) / length) : json::value(nullptr);
    };
    const bool data = ended_operations(point.outcomes) > 0;
    const auto time = [&](double value) {
      return data ? json::value(value) : json::value(nullptr);
    };
    const std::uint64_t good = point.outcomes[static_cast<std::size_t>(Outcome::ok)];
    t.push_back(since(point.wall_ns, origin_wall_ns));
    offered.push_back(rate(point.offered));
    ok.push_back(rate(good));
    errors.push_back(rate(counted_operations(point.outcomes) - good));
    p50.push_back(time(point.p50));
    p99.push_back(time(point.p99));
    max.push_back(time(point.max));
  }
  json::object out;
  out["t"] = std::move(t);
  out["offered"] = std::move(offered);
  out["ok"] = std::move(ok);
  out["errors"] = std::move(errors);
  out["p50"] = std::move(p50);
  out["p99"] = std::move(p99);
  out["max"] = std::move(max);
  return out;
}

json::array operation_gaps(const std::vector<const Attempt*>& attempts,
                           const std::vector<OperationPoint>& points,
                           std::uint64_t origin_wall_ns) {
  json::array gaps;
  const auto add_gap = [&](std::uint64_t from, std::uint64_t to, const std::string& why) {
    json::object gap;
    gap["start"] = since(from, origin_wall_ns);
    gap["end"] = since(to, origin_wall_ns);
    gap["why"] = why;
    gaps.push_back(std::move(gap));
  };
  for (std::size_t i = 1; i < points.size(); ++i) {
    const OperationPoint& before = points[i - 1];
    const OperationPoint& after = points[i];
    const std::uint64_t end = before.wall_ns + before.duration_ns;
    const std::uint64_t period = std::max(before.duration_ns, after.duration_ns);
    if (before.phase != after.phase || after.wall_ns <= end + period) continue;
    add_gap(end, after.wall_ns, "no worker reported");
  }
  for (std::size_t i = 1; i < attempts.size(); ++i) {
    const PhaseRow& before = attempts[i - 1]->row;
    const PhaseRow& after = attempts[i]->row;
    if (before.index != after.index || before.state != "running") continue;
    std::uint64_t end = before.started.wall_ns;
    for (const auto& point : points) {
      const std::uint64_t reach = point.wall_ns + point.duration_ns;
      if (point.phase == before.index && reach <= after.started.wall_ns) end = std::max(end, reach);
    }
    add_gap(end, after.started.wall_ns, "interrupted and resumed");
  }
  return gaps;
}

}  // namespace ordeal::documents
