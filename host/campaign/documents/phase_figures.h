// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/phase_result.h"
#include "analysis/trend.h"
#include "base/histogram.h"
#include "base/outcome.h"
#include "campaign/documents/journal_facts.h"

namespace ordeal::documents {

/// What one kind of operation did in a phase.
struct KindFigures {
  std::uint32_t load = 0;
  std::uint32_t kind = 0;
  std::string scenario;
  std::string name;
  std::map<std::int64_t, std::string> codes;  // what the scenario says they mean
  OutcomeCounts outcomes{};
  Histogram latency;
};

/// What an attempt measured, and what follows from it.
struct PhaseFigures {
  std::vector<KindFigures> kinds;  // by load, then kind
  OutcomeCounts outcomes{};
  Histogram latency;                                     // of all kinds
  std::optional<Histogram> service;                      // absent: not recorded
  std::vector<std::pair<std::string, Histogram>> marks;  // by name
  std::vector<PhaseHistogram> parts;                     // service and marks of each kind
  std::optional<double> send_lag_p99;                    // seconds
  std::uint64_t offered = 0;
  double seconds = 0;             // of measuring: without warm-up and drain
  std::vector<SeriesRow> blocks;  // of this attempt
  std::vector<Assertion> assertions;
  PhaseOutcome outcome;

  /// Operations that ended, or of `counts`, per second of measuring.
  [[nodiscard]] std::optional<double> rate() const;
};

/// Reads and judges one attempt.
Result<PhaseFigures> phase_figures(JournalReader& journal, const RunFacts& facts,
                                   const Attempt& attempt);

/// Rows that began during the attempt: earlier attempts have rows under the same phase number.
std::vector<SeriesRow> rows_of(const Attempt& attempt, std::vector<SeriesRow> rows);

/// The p50 of the first and of the last third of the attempt, if both have enough operations.
std::optional<TrendPair> trend_pair(const PhaseFigures& figures);

}  // namespace ordeal::documents
