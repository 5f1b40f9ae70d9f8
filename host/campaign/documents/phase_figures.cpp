// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/phase_figures.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "campaign/documents/json_fields.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

/// Histograms of scenarios with different units meet in the coarser one's buckets.
void add(Histogram& total, const Histogram& part) {
  if (total.unit_ns() == part.unit_ns()) {
    total.merge(part);
    return;
  }
  for (const auto& bucket : part.buckets()) {
    const std::uint64_t middle = bucket.from_ns + (bucket.to_ns - bucket.from_ns) / 2;
    total.record(std::clamp(middle, part.min(), part.max()), bucket.count);
  }
}

void add(std::optional<Histogram>& total, const Histogram& part) {
  if (total) {
    add(*total, part);
  } else {
    total = part;
  }
}

double measured_seconds(const Attempt& attempt, const std::vector<SeriesRow>& blocks) {
  const PhaseRow& row = attempt.row;
  double elapsed = 0;
  if (row.ended.wall_ns > row.started.wall_ns) {
    const bool one_boot = row.started.boot_id == row.ended.boot_id;
    elapsed = one_boot && row.ended.mono_ns > row.started.mono_ns
                  ? seconds(row.ended.mono_ns - row.started.mono_ns)
                  : seconds(row.ended.wall_ns - row.started.wall_ns);
  } else {
    for (const auto& block : blocks) {
      const std::uint64_t end = block.wall_ns + block.duration_ns;
      if (end > row.started.wall_ns) {
        elapsed = std::max(elapsed, seconds(end - row.started.wall_ns));
      }
    }
  }
  // What lies beyond the planned end is draining.
  if (attempt.plan.duration) elapsed = std::min(elapsed, *attempt.plan.duration);
  return std::max(0.0, elapsed - attempt.plan.warm_up.value_or(0));
}

Result<void> read_kinds(JournalReader& journal, const RunFacts& facts, const Attempt& attempt,
                        PhaseFigures& figures) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, OutcomeCounts> counts;
  for (const auto& block : figures.blocks) {
    auto& outcomes = counts[{block.load, block.kind}];
    for (std::size_t i = 0; i < outcome_count; ++i) outcomes[i] += block.outcomes[i];
    figures.offered += block.offered;
  }
  const std::uint64_t from_wall_ns = attempt.row.attempt > 1 ? attempt.row.started.wall_ns : 0;
  for (const auto& [key, outcomes] : counts) {
    auto latency = journal.latency(attempt.row.index, key.first, key.second, from_wall_ns);
    if (!latency) return std::move(latency.error());
    KindFigures kind;
    kind.load = key.first;
    kind.kind = key.second;
    kind.scenario = facts.scenario_name(key.first);
    kind.name = facts.kind_name(key.first, key.second);
    if (key.first < facts.loads.size()) kind.codes = facts.loads[key.first].codes;
    kind.outcomes = outcomes;
    kind.latency = std::move(*latency);
    for (std::size_t i = 0; i < outcome_count; ++i) figures.outcomes[i] += outcomes[i];
    if (figures.kinds.empty()) figures.latency = Histogram(kind.latency.unit_ns());
    add(figures.latency, kind.latency);
    figures.kinds.push_back(std::move(kind));
  }
  return {};
}

Result<void> read_histograms(JournalReader& journal, const Attempt& attempt,
                             PhaseFigures& figures) {
  // They are written at the end of a phase; one that did not end has only those of an earlier try.
  if (!attempt.ended()) return {};
  auto histograms = journal.phase_histograms(attempt.row.index);
  if (!histograms) return std::move(histograms.error());
  std::optional<Histogram> send_lag;
  std::map<std::string, std::optional<Histogram>> marks;
  for (auto& one : *histograms) {
    if (one.series == "send_lag") {
      add(send_lag, one.histogram);
      continue;
    }
    if (one.series == "service") add(figures.service, one.histogram);
    if (one.series.rfind("mark:", 0) == 0) add(marks[one.series.substr(5)], one.histogram);
    figures.parts.push_back(std::move(one));
  }
  if (send_lag && send_lag->count() > 0) {
    figures.send_lag_p99 = seconds(send_lag->value_at(99));
  }
  for (auto& [name, histogram] : marks) figures.marks.emplace_back(name, std::move(*histogram));
  return {};
}

PhaseEvidence evidence_of(const Attempt& attempt, const PhaseFigures& figures) {
  const json::value& result = *attempt.result;
  PhaseEvidence e;
  e.judge = attempt.plan.judge;
  e.ended = attempt.ended();
  e.stop_reason = text_field(result, "stop_reason");
  if (!e.stop_reason && attempt.row.state == "stopped") e.stop_reason = "before its end";
  e.open_load = attempt.plan.model() != "closed";
  e.offered = number_field(result, "offered").value_or(static_cast<double>(figures.offered));
  if (const json::value* generator = field(result, "generator")) {
    e.send_rate = number_field(*generator, "send_rate");
  }
  e.outcomes = figures.outcomes;
  e.valid = bool_field(result, "valid").value_or(true);
  e.invalid_reasons = text_list(result, "invalid_reasons");
  e.missing_share = number_field(result, "missing_share").value_or(0);
  e.assertions = figures.assertions;
  return e;
}

}  // namespace

std::optional<double> PhaseFigures::rate() const {
  if (seconds <= 0 || blocks.empty()) return std::nullopt;
  return static_cast<double>(ended_operations(outcomes)) / seconds;
}

std::vector<SeriesRow> rows_of(const Attempt& attempt, std::vector<SeriesRow> rows) {
  // The first of several attempts begins before all rows; the check is for the later ones.
  if (attempt.row.attempt > 1) {
    std::erase_if(rows, [&](const SeriesRow& row) {
      return row.wall_ns + row.duration_ns / 2 < attempt.row.started.wall_ns;
    });
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const SeriesRow& a, const SeriesRow& b) { return a.wall_ns < b.wall_ns; });
  return rows;
}

Result<PhaseFigures> phase_figures(JournalReader& journal, const RunFacts& facts,
                                   const Attempt& attempt) {
  PhaseFigures figures;
  auto blocks = journal.blocks(attempt.row.index);
  if (!blocks) return std::move(blocks.error());
  figures.blocks = rows_of(attempt, std::move(*blocks));
  figures.seconds = measured_seconds(attempt, figures.blocks);
  if (auto read = read_kinds(journal, facts, attempt, figures); !read) {
    return std::move(read.error());
  }
  if (auto read = read_histograms(journal, attempt, figures); !read) {
    return std::move(read.error());
  }
  const SloFigures measured{figures.latency, figures.outcomes, figures.seconds};
  for (const auto& slo : attempt.plan.slo) {
    figures.assertions.push_back(judge_slo(slo, measured, attempt.plan.judge));
  }
  figures.outcome = judge_phase_evidence(evidence_of(attempt, figures));
  return figures;
}

std::optional<TrendPair> trend_pair(const PhaseFigures& figures) {
  struct Point {
    std::uint64_t wall_ns;
    std::uint64_t operations;
    double p50;
  };
  std::vector<Point> points;
  for (const auto& block : figures.blocks) {
    const std::uint64_t ended = ended_operations(block.outcomes);
    if (ended > 0 && block.p50_ns > 0) {
      points.push_back({block.wall_ns, ended, seconds(block.p50_ns)});
    }
  }
  const std::size_t third = points.size() / 3;
  if (third < 3) return std::nullopt;
  const auto median = [](std::vector<Point> part) -> std::optional<double> {
    std::uint64_t operations = 0;
    for (const auto& point : part) operations += point.operations;
    if (operations < 30) return std::nullopt;
    std::sort(part.begin(), part.end(),
              [](const Point& a, const Point& b) { return a.p50 < b.p50; });
    return part[part.size() / 2].p50;
  };
  const auto count = static_cast<std::ptrdiff_t>(third);
  const auto first = median({points.begin(), points.begin() + count});
  const auto last = median({points.end() - count, points.end()});
  if (!first || !last) return std::nullopt;
  return TrendPair{*first, *last};
}

}  // namespace ordeal::documents
