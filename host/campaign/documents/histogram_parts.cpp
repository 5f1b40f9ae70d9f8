// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/histogram_parts.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <utility>

#include "campaign/documents/json_fields.h"
#include "registry/crypto.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

/// A day of blocks of 10 s has 8,640. Some 4 KiB each make a document of a megabyte per kind.
constexpr std::size_t intervals_max = 360;

using Key = std::pair<std::uint32_t, std::uint32_t>;  // load, kind

/// Blocks that are written as one interval.
struct Gathered {
  std::uint64_t start_wall_ns = 0;
  std::uint64_t end_wall_ns = 0;
  std::size_t blocks = 0;
  Histogram histogram;
};

struct Series {
  json::array intervals;
  Histogram whole;
  Gathered open;
  std::size_t blocks_each = 1;
};

json::object interval_json(std::uint64_t start_wall_ns, std::uint64_t end_wall_ns,
                           const Histogram& histogram) {
  const auto bytes = histogram.encode_v2_compressed();
  json::object out;
  out["start"] = seconds(start_wall_ns);
  out["seconds"] = end_wall_ns > start_wall_ns ? seconds(end_wall_ns - start_wall_ns) : 0.0;
  out["max"] = seconds(histogram.max());
  out["compressed"] = to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return out;
}

void end_interval(Series& series) {
  if (series.open.blocks == 0) return;
  const Gathered& open = series.open;
  series.intervals.push_back(interval_json(open.start_wall_ns, open.end_wall_ns, open.histogram));
  series.whole.merge(open.histogram);
  series.open = {};
}

json::array buckets_json(const Histogram& histogram) {
  json::array out;
  const std::uint64_t unit = histogram.unit_ns();
  for (const auto& bucket : histogram.buckets()) {
    json::array one;
    one.push_back(bucket.from_ns / unit);
    one.push_back(bucket.to_ns / unit);
    one.push_back(bucket.count);
    out.push_back(std::move(one));
  }
  return out;
}

json::object histogram_json(const RunFacts& facts, const KindFigures& kind, std::string series,
                            json::array intervals, const Histogram& whole) {
  json::object out;
  out["load"] = facts.load_name(kind.load);
  out["kind"] = kind.name;
  out["series"] = std::move(series);
  out["unit_ns"] = whole.unit_ns();
  out["count"] = whole.count();
  out["intervals"] = std::move(intervals);
  out["buckets"] = buckets_json(whole);
  return out;
}

Result<std::map<Key, Series>> read_latencies(JournalReader& journal, const Attempt& attempt,
                                             const PhaseFigures& figures) {
  std::map<Key, std::size_t> blocks;
  for (const auto& block : figures.blocks) ++blocks[{block.load, block.kind}];
  std::map<Key, Series> all;
  for (const auto& [key, n] : blocks)
    all[key].blocks_each = (n + intervals_max - 1) / intervals_max;
  auto read = journal.block_latencies(
      attempt.row.index, [&](const SeriesRow& row, const Histogram& latency) -> Result<void> {
        if (latency.count() == 0 || rows_of(attempt, {row}).empty()) return {};
        Series& series = all[{row.load, row.kind}];
        Gathered& open = series.open;
        if (open.blocks == 0) open.start_wall_ns = row.wall_ns;
        open.end_wall_ns = std::max(open.end_wall_ns, row.wall_ns + row.duration_ns);
        open.histogram.merge(latency);
        if (++open.blocks >= series.blocks_each) end_interval(series);
        return {};
      });
  if (!read) return std::move(read.error());
  for (auto& [key, series] : all) end_interval(series);
  return all;
}

}  // namespace

Result<json::array> histograms_json(JournalReader& journal, const RunFacts& facts,
                                    const Attempt& attempt, const PhaseFigures& figures) {
  auto latencies = read_latencies(journal, attempt, figures);
  if (!latencies) return std::move(latencies.error());
  json::array out;
  for (const auto& kind : figures.kinds) {
    Series& latency = (*latencies)[{kind.load, kind.kind}];
    if (latency.whole.count() == 0) continue;
    out.push_back(
        histogram_json(facts, kind, "latency", std::move(latency.intervals), latency.whole));
    for (const auto& part : figures.parts) {
      if (part.load != kind.load || part.kind != kind.kind || part.histogram.count() == 0) continue;
      // Only their sum over the phase is kept.
      json::array once;
      once.push_back(
          interval_json(attempt.row.started.wall_ns, attempt.row.ended.wall_ns, part.histogram));
      out.push_back(histogram_json(facts, kind, part.series, std::move(once), part.histogram));
    }
  }
  return out;
}

}  // namespace ordeal::documents
