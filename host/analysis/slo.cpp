// SPDX-License-Identifier: Apache-2.0
#include "analysis/slo.h"

#include <cstdlib>
#include <numeric>

#include "analysis/wording.h"

namespace ordeal {
namespace {

constexpr std::uint64_t enough = 10;
constexpr std::uint64_t enough_for_a_miss = 3;
constexpr double second_ns = 1e9;

std::uint64_t count_of(const OutcomeCounts& outcomes, Outcome outcome) {
  return outcomes[static_cast<std::size_t>(outcome)];
}

bool holds(double value, const SloLimit& slo) {
  if (slo.op == "<") return value < slo.limit;
  if (slo.op == "<=") return value <= slo.limit;
  if (slo.op == ">") return value > slo.limit;
  if (slo.op == ">=") return value >= slo.limit;
  return false;
}

/// 0.99 for "p99", 0.999 for "p99.9".
std::optional<double> quantile_of(const std::string& metric) {
  if (metric.size() < 2 || metric[0] != 'p') return std::nullopt;
  char* end = nullptr;
  const double percent = std::strtod(metric.c_str() + 1, &end);
  if (*end != '\0' || !(percent > 0 && percent < 100)) return std::nullopt;
  return percent / 100;
}

/// Measured value, interval, and the range of values that too few samples still vouch for.
struct Measurement {
  std::optional<double> value;
  std::optional<Interval> interval;
  std::optional<double> least;  // the true value is hardly below
  std::optional<double> most;   // nor above
  std::uint64_t samples = 0;
  std::uint64_t needed = enough;
};

Measurement measure_share(std::uint64_t part, std::uint64_t all) {
  Measurement m;
  m.samples = all;
  if (all == 0) return m;
  m.value = static_cast<double>(part) / static_cast<double>(all);
  m.interval = wilson(part, all);
  m.least = m.interval->low;
  m.most = m.interval->high;
  return m;
}

Measurement measure_rate(const SloFigures& figures) {
  Measurement m;
  m.samples = counted_operations(figures.outcomes);
  if (m.samples == 0 || figures.seconds <= 0) return m;
  const std::uint64_t ok = count_of(figures.outcomes, Outcome::ok);
  const Interval count = poisson(ok);
  m.value = static_cast<double>(ok) / figures.seconds;
  m.interval = Interval{count.low / figures.seconds, count.high / figures.seconds};
  m.least = m.interval->low;
  m.most = m.interval->high;
  return m;
}

Measurement measure_quantile(const Histogram& latency, double quantile) {
  Measurement m;
  m.samples = latency.count();
  m.needed = samples_needed(quantile);
  if (m.samples == 0) return m;
  m.value = static_cast<double>(latency.value_at(quantile * 100)) / second_ns;
  const QuantileRanks ranks = quantile_ranks(m.samples, quantile);
  if (ranks.low) m.least = static_cast<double>(order_statistic(latency, *ranks.low)) / second_ns;
  if (ranks.high) m.most = static_cast<double>(order_statistic(latency, *ranks.high)) / second_ns;
  if (m.least && m.most) m.interval = Interval{*m.least, *m.most};
  return m;
}

Measurement measure_extreme(const std::string& metric, const Histogram& latency) {
  Measurement m;
  m.samples = latency.count();
  if (m.samples == 0) return m;
  const double low = static_cast<double>(latency.min()) / second_ns;
  const double high = static_cast<double>(latency.max()) / second_ns;
  if (metric == "avg") {
    m.value = latency.mean() / second_ns;
    m.interval = normal_mean(*m.value, latency.stddev() / second_ns, m.samples);
    m.least = low;
    m.most = high;
  } else {
    m.value = metric == "min" ? low : high;
    // One sample above is a maximum above; one below says nothing good about a maximum.
    if (metric == "min") m.most = low;
    if (metric == "max") m.least = high;
  }
  return m;
}

std::string limit_text(const SloLimit& slo, const std::string& unit) {
  return say_figure(slo.limit, unit);
}

std::string describe(const Assertion& a) {
  const std::string limit = "limit " + limit_text(a.slo, a.unit);
  const std::string n = "n=" + std::to_string(a.samples);
  if (!a.measured) return a.slo.metric + " not estimable: no operations, " + limit + ", n=0";
  const std::string was = a.slo.metric + " was " + say_figure(*a.measured, a.unit);
  if (a.result == SloResult::not_estimable) {
    return was + ", but not estimable: " + say_count(a.samples, "operation") + ", " +
           std::to_string(a.samples_needed) + " needed, " + limit + ", " + n;
  }
  return was + ", " + limit + ", " + n;
}

}  // namespace

std::string_view slo_result_name(SloResult result) {
  switch (result) {
    case SloResult::met:
      return "met";
    case SloResult::missed:
      return "missed";
    case SloResult::not_judged:
      return "not_judged";
    case SloResult::not_estimable:
      break;
  }
  return "not_estimable";
}

std::uint64_t counted_operations(const OutcomeCounts& outcomes) {
  return std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0}) -
         count_of(outcomes, Outcome::cancelled);
}

std::uint64_t ended_operations(const OutcomeCounts& outcomes) {
  return counted_operations(outcomes) - count_of(outcomes, Outcome::dropped);
}

Assertion judge_slo(const SloLimit& slo, const SloFigures& figures, bool judge) {
  Assertion a;
  a.slo = slo;
  const std::string written =
      slo.text.compare(0, slo.op.size(), slo.op) == 0 ? slo.text.substr(slo.op.size()) : slo.text;
  a.name = slo.metric + ' ' + slo.op + ' ' + written;
  a.unit = "s";

  const std::uint64_t all = counted_operations(figures.outcomes);
  const std::uint64_t ok = count_of(figures.outcomes, Outcome::ok);
  Measurement m;
  if (slo.metric == "success" || slo.metric == "errors") {
    a.unit = "ratio";
    m = measure_share(slo.metric == "success" ? ok : all - ok, all);
  } else if (slo.metric == "rate") {
    a.unit = "1/s";
    m = measure_rate(figures);
  } else if (slo.metric == "avg" || slo.metric == "min" || slo.metric == "max") {
    m = measure_extreme(slo.metric, figures.latency);
  } else if (const auto quantile = quantile_of(slo.metric)) {
    m = measure_quantile(figures.latency, *quantile);
  }
  a.measured = m.value;
  a.interval = m.interval;
  a.samples = m.samples;
  a.samples_needed = m.needed;

  if (!judge) {
    a.result = SloResult::not_judged;
  } else if (!m.value) {
    a.result = SloResult::not_estimable;
  } else if (m.samples >= m.needed) {
    a.result = holds(*m.value, slo) ? SloResult::met : SloResult::missed;
  } else {
    const bool below = slo.op == "<" || slo.op == "<=";
    const auto& best = below ? m.least : m.most;  // the kindest value the samples allow
    const bool clear_miss = m.samples >= enough_for_a_miss && best && !holds(*best, slo);
    a.result = clear_miss ? SloResult::missed : SloResult::not_estimable;
  }
  a.text = describe(a);
  return a;
}

}  // namespace ordeal
