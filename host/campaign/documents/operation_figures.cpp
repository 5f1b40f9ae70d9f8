// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/operation_figures.h"

#include <algorithm>
#include <boost/json.hpp>

#include "campaign/documents/json_fields.h"
#include "engine/worker.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

json::value latency_at(const Histogram& latency, double percentile) {
  return latency.count() == 0 ? json::value(nullptr)
                              : json::value(seconds(latency.value_at(percentile)));
}

/// Failures by code; what no code accounts for, by class.
json::array errors_json(const Attempt& attempt, const PhaseFigures& figures) {
  json::array out;
  const auto codes = elements(*attempt.result, "codes");
  for (const auto& kind : figures.kinds) {
    OutcomeCounts left = kind.outcomes;
    left[static_cast<std::size_t>(Outcome::ok)] = 0;
    left[static_cast<std::size_t>(Outcome::cancelled)] = 0;
    const std::string type = kind.scenario + '.' + kind.name;
    const auto add = [&](json::value cls, json::value code, std::uint64_t count) {
      const auto meaning = code.is_int64() ? kind.codes.find(code.get_int64()) : kind.codes.end();
      json::object one;
      one["operation_type"] = type;
      one["class"] = std::move(cls);
      one["code"] = std::move(code);
      if (meaning != kind.codes.end()) {
        one["meaning"] = meaning->second;
      } else if (one["class"] == json::value("dropped") &&
                 one["code"] == json::value(no_record_code)) {
        one["meaning"] = "the feeder had no record left";
      }
      one["count"] = count;
      out.push_back(std::move(one));
    };
    const auto is_its = [&](const json::value* code) {
      return count_field(*code, "load").value_or(0) == kind.load &&
             count_field(*code, "kind").value_or(0) == kind.kind;
    };
    std::uint64_t coded = 0;
    for (const json::value* code : codes)
      if (is_its(code)) coded += count_field(*code, "count").value_or(0);
    // Timeouts have no answer, hence no code; drops may have that of a connection that could not be
    // opened. If one class can have all codes, they are its.
    std::size_t with_code = 0;
    std::size_t only = outcome_count;
    for (std::size_t i = 0; i < outcome_count; ++i) {
      const auto outcome = static_cast<Outcome>(i);
      if (left[i] == 0 || outcome == Outcome::timeout) continue;
      if (outcome == Outcome::dropped && with_code > 0 && coded <= left[only]) continue;
      ++with_code;
      only = i;
    }
    for (const json::value* code : codes) {
      if (!is_its(code)) continue;
      const json::value* number = field(*code, "code");
      const std::uint64_t count = count_field(*code, "count").value_or(0);
      std::optional<std::string> cls = text_field(*code, "class");
      if (!cls && with_code == 1) cls = std::string(outcome_names[only]);
      add(or_null(cls), number == nullptr ? json::value(nullptr) : json::value(*number), count);
      std::uint64_t unaccounted = count;
      for (std::size_t i = 0; i < outcome_count; ++i) {
        const bool fits =
            cls ? *cls == outcome_names[i] : static_cast<Outcome>(i) != Outcome::timeout;
        if (!fits) continue;
        const std::uint64_t taken = std::min(left[i], unaccounted);
        left[i] -= taken;
        unaccounted -= taken;
      }
    }
    for (std::size_t i = 0; i < outcome_count; ++i) {
      if (left[i] == 0) continue;
      const std::string name(outcome_names[i]);
      add(json::value(name), json::value(nullptr), left[i]);
    }
  }
  return out;
}

}  // namespace

json::object figures_json(const OutcomeCounts& outcomes, const Histogram& latency,
                          double measured_seconds) {
  const auto at = [&](Outcome outcome) { return outcomes[static_cast<std::size_t>(outcome)]; };
  const std::uint64_t all = counted_operations(outcomes);
  const bool timed = latency.count() > 0;
  json::object out;
  out["total_operations"] = all;
  out["successful_operations"] = at(Outcome::ok);
  out["failed_operations"] = all - at(Outcome::ok);
  out["success_rate"] =
      all == 0 ? json::value(nullptr)
               : json::value(static_cast<double>(at(Outcome::ok)) / static_cast<double>(all));
  out["operations_per_second"] =
      measured_seconds <= 0
          ? json::value(nullptr)
          : json::value(static_cast<double>(ended_operations(outcomes)) / measured_seconds);
  out["avg_response_time"] = timed ? json::value(latency.mean() / 1e9) : json::value(nullptr);
  out["min_response_time"] = timed ? json::value(seconds(latency.min())) : json::value(nullptr);
  out["max_response_time"] = timed ? json::value(seconds(latency.max())) : json::value(nullptr);
  out["p50_response_time"] = latency_at(latency, 50);
  out["p90_response_time"] = latency_at(latency, 90);
  out["p95_response_time"] = latency_at(latency, 95);
  out["p99_response_time"] = latency_at(latency, 99);
  out["p999_response_time"] = latency_at(latency, 99.9);
  out["timed_operations"] = latency.count();
  out["dropped_operations"] = at(Outcome::dropped);
  out["cancelled_operations"] = at(Outcome::cancelled);
  return out;
}

json::object test_result(const Attempt& attempt, const PhaseFigures& figures) {
  json::object out;
  out["summary"] = figures_json(figures.outcomes, figures.latency, figures.seconds);
  json::object breakdown;
  for (const auto& kind : figures.kinds) {
    json::object one = figures_json(kind.outcomes, kind.latency, figures.seconds);
    one["scenario"] = kind.scenario;
    one["kind"] = kind.name;
    std::string key = kind.scenario + '.' + kind.name;
    // Two loads may use one scenario.
    if (breakdown.contains(key)) key += '#' + std::to_string(kind.load);
    breakdown[key] = std::move(one);
  }
  out["operation_breakdown"] = std::move(breakdown);
  json::object outcomes;
  for (std::size_t i = 0; i < outcome_count; ++i) {
    outcomes[json::string_view(outcome_names[i].data(), outcome_names[i].size())] =
        figures.outcomes[i];
  }
  out["outcomes"] = std::move(outcomes);
  out["errors"] = errors_json(attempt, figures);
  return out;
}

json::object times_json(const std::optional<Histogram>& times) {
  const bool data = times && times->count() > 0;
  const auto at = [&](double percentile) {
    return data ? latency_at(*times, percentile) : json::value(nullptr);
  };
  json::object out;
  out["avg"] = data ? json::value(times->mean() / 1e9) : json::value(nullptr);
  out["p50"] = at(50);
  out["p90"] = at(90);
  out["p95"] = at(95);
  out["p99"] = at(99);
  out["p999"] = at(99.9);
  out["max"] = data ? json::value(seconds(times->max())) : json::value(nullptr);
  out["count"] = data ? times->count() : 0;
  return out;
}

json::object marks_json(const std::vector<std::pair<std::string, Histogram>>& marks) {
  json::object out;
  for (const auto& [name, histogram] : marks) out[name] = times_json(histogram);
  return out;
}

}  // namespace ordeal::documents
