// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "analysis/intervals.h"
#include "base/histogram.h"
#include "base/outcome.h"

namespace ordeal {

/// A limit such as "success >= 95 %" or "p99 < 500ms".
struct SloLimit {
  std::string metric;  // success, errors, avg, min, max, p50, p90, p95, p99, p99.9, rate
  std::string op;      // "<", "<=", ">", ">="
  double limit = 0;    // ratio (0-1) for success and errors, seconds for times, 1/s for rate
  std::string text;    // as written: ">=95%"
};

/// What a phase measured. Latencies are of all operations that ended by themselves, failed ones
/// too.
struct SloFigures {
  const Histogram& latency;  // from the intended start
  OutcomeCounts outcomes{};
  double seconds = 0;  // of measuring, without warm-up
};

enum class SloResult { met, missed, not_estimable, not_judged };
/// "met", "missed", "not_estimable", "not_judged".
std::string_view slo_result_name(SloResult result);

/// A limit with what came of it.
struct Assertion {
  SloLimit slo;
  std::string name;  // "p99 < 500ms"
  std::string unit;  // "s", "ratio" or "1/s"
  std::optional<double> measured;
  std::optional<Interval> interval;  // 95 %
  std::uint64_t samples = 0;         // what `measured` rests on
  std::uint64_t samples_needed = 0;  // for a judgement, when there were too few
  SloResult result = SloResult::not_estimable;
  std::string text;  // "p99 was 812 ms, limit 500 ms, n=3120"
};

/// Operations that count: all but the cancelled ones. Dropped ones count, as not successful.
std::uint64_t counted_operations(const OutcomeCounts& outcomes);
/// Operations that ended by themselves: neither dropped nor cancelled.
std::uint64_t ended_operations(const OutcomeCounts& outcomes);

/// Judges one limit by the measured value, never by hope:
///  - no samples: not estimable;
///  - success, errors, rate, avg, min, max: from 10 samples on, by the measured value;
///  - percentiles: once the two-sided 95 % interval exists (p50: 6, p90: 36, p95: 72, p99: 368,
///    p99.9: 3,688 samples), by the measured value;
///  - with fewer samples, but 3 at least: missed if the interval (for avg, min and max: every
///  single
///    sample) lies beyond the limit, otherwise not estimable.
/// `judge` false: the figures without a judgement. rate counts successful operations only.
Assertion judge_slo(const SloLimit& slo, const SloFigures& figures, bool judge = true);

}  // namespace ordeal
