// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/phase_object.h"

#include <algorithm>
#include <boost/json.hpp>

#include "analysis/trend.h"
#include "base/files.h"
#include "base/generator_limits.h"
#include "campaign/documents/event_list.h"
#include "campaign/documents/json_fields.h"
#include "campaign/documents/operation_figures.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

json::value moment_json(const Moment& moment) {
  return moment.wall_ns == 0 ? json::value(nullptr) : json::value(utc_time(moment.wall_ns));
}

json::value duration_json(const PhaseRow& row) {
  if (row.ended.wall_ns < row.started.wall_ns || row.ended.wall_ns == 0)
    return json::value(nullptr);
  const bool one_boot =
      row.started.boot_id == row.ended.boot_id && row.ended.mono_ns >= row.started.mono_ns;
  return json::value(one_boot ? seconds(row.ended.mono_ns - row.started.mono_ns)
                              : seconds(row.ended.wall_ns - row.started.wall_ns));
}

/// null for what the plan does not ask for.
json::value if_positive(const std::optional<double>& value) {
  return value && *value > 0 ? json::value(*value) : json::value(nullptr);
}

json::object phase_info(const Attempt& attempt) {
  const PlannedPhase& plan = attempt.plan;
  json::object out;
  out["index"] = plan.index;
  out["name"] = plan.name;
  out["duration_minutes"] = plan.duration ? json::value(*plan.duration / 60) : json::value(nullptr);
  out["max_concurrent_connections"] = or_null(plan.connections);
  out["operations_per_connection"] = if_positive(plan.operations);
  out["rate"] = if_positive(plan.rate);
  out["stress_level"] =
      plan.stress && !plan.stress->empty() ? json::value(*plan.stress) : json::value(nullptr);
  out["judge"] = plan.judge;
  out["model"] = plan.model();
  out["attempt"] = attempt.row.attempt;
  return out;
}

json::value load_model(const RunFacts& facts, const Attempt& attempt) {
  if (!attempt.load_model->is_object()) return nullptr;
  json::value out =
      pick(*attempt.load_model, {"text", "arrivals", "rates", "recorded", "think", "renewed_after",
                                 "max_operations", "timeout", "warm_up"});
  json::array entries = pick_all(*attempt.load_model, "entries",
                                 {"text", "connections", "rate", "workers", "cores", "mix",
                                  "timeouts", "retry", "feeder", "seed"});
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].is_object())
      entries[i].get_object()["load"] = facts.load_name(static_cast<std::uint32_t>(i));
  }
  out.get_object()["entries"] = std::move(entries);
  return out;
}

json::value requirement(const PhaseFigures& figures, bool times) {
  std::optional<bool> met;
  for (const auto& a : figures.assertions) {
    const bool about_times = a.unit == "s";
    const bool about_success = a.slo.metric == "success" || a.slo.metric == "errors";
    if (times ? !about_times : !about_success) continue;
    if (a.result == SloResult::missed) met = false;
    if (a.result == SloResult::met && !met) met = true;
    if (a.result == SloResult::not_estimable && !met) return json::value(nullptr);
  }
  return or_null(met);
}

json::object criteria(const PlannedPhase& plan) {
  json::object out;
  out["min_success_rate"] = nullptr;
  out["max_avg_response_time"] = nullptr;
  json::array all;
  for (const auto& slo : plan.slo) {
    if (slo.metric == "success") out["min_success_rate"] = slo.limit;
    if (slo.metric == "avg") out["max_avg_response_time"] = slo.limit;
    json::object one;
    one["metric"] = slo.metric;
    one["op"] = slo.op;
    one["limit"] = slo.limit;
    one["text"] = slo.text;
    all.push_back(std::move(one));
  }
  out["slo"] = std::move(all);
  return out;
}

json::object phase_analysis(const Attempt& attempt, const PhaseFigures& figures) {
  const json::object summary = figures_json(figures.outcomes, figures.latency, figures.seconds);
  const std::uint64_t all = counted_operations(figures.outcomes);
  const double success =
      all == 0 ? 0
               : static_cast<double>(figures.outcomes[static_cast<std::size_t>(Outcome::ok)]) /
                     static_cast<double>(all);
  json::object out;
  out["phase_successful"] = figures.outcome.success;
  // Without a latency nothing ended, so nothing was fast.
  out["performance_rating"] =
      all > 0 && figures.latency.count() == 0
          ? "POOR"
          : performance_rating(all > 0, success, figures.latency.mean() / 1e9);
  out["success_rate"] = summary.at("success_rate");
  out["avg_response_time"] = summary.at("avg_response_time");
  out["operations_per_second"] = summary.at("operations_per_second");
  out["meets_success_rate_requirement"] = requirement(figures, false);
  out["meets_response_time_requirement"] = requirement(figures, true);
  out["criteria_used"] = criteria(attempt.plan);
  json::array assertions;
  for (const auto& a : figures.assertions) assertions.push_back(assertion_json(a, attempt.plan));
  out["assertions"] = std::move(assertions);
  out["result"] = std::string(phase_result_name(figures.outcome.result));
  out["reasons"] = text_array(figures.outcome.reasons);
  out["recommendations"] = text_array(phase_recommendations(advice_facts(attempt, figures)));
  return out;
}

json::object measurement(const Attempt& attempt, const PhaseFigures& figures) {
  const json::value& result = *attempt.result;
  static const json::value none(nullptr);
  const json::value* generator = field(result, "generator");
  const json::value& g = generator == nullptr ? none : *generator;
  const auto& problems = figures.outcome.validity;
  json::object out;
  // Of a phase that was cut off nobody can say whether it was measured well.
  out["valid"] = attempt.ended() ? json::value(problems.empty()) : json::value(nullptr);
  out["reasons"] = text_array(problems);
  out["send_rate"] = or_null(number_field(g, "send_rate"));
  out["send_lag_p50"] = or_null(number_field(g, "send_lag_p50"));
  const auto lag = number_field(g, "send_lag_p99");
  out["send_lag_p99"] = or_null(lag ? lag : figures.send_lag_p99);
  out["send_lag_max"] = or_null(number_field(g, "send_lag_max"));
  out["generator_cpu_share"] = or_null(number_field(g, "cpu_share"));
  out["run_delay_share"] = or_null(number_field(g, "run_delay_share"));
  out["receive_lag_share"] = or_null(number_field(g, "receive_lag_share"));
  out["throttled_share"] = or_null(number_field(g, "throttled_share"));
  out["limits"] = json::object{{"send_lag_p99", generator_limits::send_lag_p99},
                               {"generator_cpu_share", generator_limits::cpu_share},
                               {"run_delay_share", generator_limits::run_delay_share},
                               {"receive_lag_share", generator_limits::receive_lag_share},
                               {"throttled_share", generator_limits::throttled_share}};
  out["workers"] = json::array();
  if (const json::value* workers = field(g, "workers")) out["workers"] = *workers;
  out["missing_share"] = or_null(number_field(result, "missing_share"));
  out["misbehaviour"] = or_null(count_field(result, "misbehaviour"));
  out["late_completions"] = or_null(count_field(result, "late"));
  return out;
}

json::object connections(const Attempt& attempt) {
  static const json::value none(nullptr);
  const json::value* sessions = field(*attempt.result, "sessions");
  const json::value& counts = sessions == nullptr ? none : *sessions;
  json::object out;
  for (const char* key : {"opened", "failed", "renewed"})
    out[key] = or_null(count_field(counts, key));
  return out;
}

json::array attempts_json(const RunFacts& facts, const Attempt& last) {
  json::array out;
  for (const auto& attempt : facts.attempts) {
    if (attempt.row.index != last.row.index) continue;
    json::object one;
    one["attempt"] = attempt.row.attempt;
    one["state"] = attempt.state();
    one["start_time"] = moment_json(attempt.row.started);
    one["end_time"] = moment_json(attempt.row.ended);
    one["duration_seconds"] = duration_json(attempt.row);
    one["counted"] = attempt.row.attempt == last.row.attempt;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

void WireSums::add(const json::value* wire) {
  if (wire == nullptr || !wire->is_object()) {
    complete = false;
    return;
  }
  probe += count_field(*wire, "probe").value_or(0);
  warm_up += count_field(*wire, "warm_up").value_or(0);
  measured += count_field(*wire, "measured").value_or(0);
  retried += count_field(*wire, "retried").value_or(0);
  cancelled += count_field(*wire, "cancelled").value_or(0);
}

json::object wire_json(const WireSums& sums, bool any) {
  const auto known = [&](std::uint64_t count) {
    return any ? json::value(count) : json::value(nullptr);
  };
  json::object sent;
  sent["total"] = known(sums.probe + sums.warm_up + sums.measured + sums.retried + sums.cancelled);
  sent["probe"] = known(sums.probe);
  sent["warm_up"] = known(sums.warm_up);
  sent["measured"] = known(sums.measured);
  sent["retried"] = known(sums.retried);
  sent["cancelled"] = known(sums.cancelled);
  json::object out;
  out["requests_sent"] = std::move(sent);
  out["complete"] = any && sums.complete;
  return out;
}

json::object assertion_json(const Assertion& a, const PlannedPhase& phase) {
  json::object out;
  out["phase"] = phase.index;
  out["phase_name"] = phase.name;
  out["assertion"] = a.name;
  out["metric"] = a.slo.metric;
  out["measured"] = or_null(a.measured);
  out["limit"] = a.slo.limit;
  out["unit"] = a.unit;
  out["interval"] = nullptr;
  if (a.interval) {
    json::array interval;
    interval.push_back(a.interval->low);
    interval.push_back(a.interval->high);
    out["interval"] = std::move(interval);
  }
  out["samples"] = a.samples;
  out["result"] = std::string(slo_result_name(a.result));
  out["text"] = a.text;
  return out;
}

AdviceFacts advice_facts(const Attempt& attempt, const PhaseFigures& figures) {
  AdviceFacts facts;
  facts.name = attempt.plan.name;
  facts.outcome = figures.outcome;
  facts.assertions = figures.assertions;
  facts.outcomes = figures.outcomes;
  facts.seconds = figures.seconds;
  facts.rate = figures.rate().value_or(0);
  if (figures.latency.count() > 0) {
    facts.avg = figures.latency.mean() / 1e9;
    facts.p99 = seconds(figures.latency.value_at(99));
  }
  if (figures.service && figures.service->count() > 0) {
    facts.service_p99 = seconds(figures.service->value_at(99));
  }
  facts.connections = static_cast<std::uint32_t>(attempt.plan.connections.value_or(0));
  return facts;
}

Result<json::object> phase_object(const RunFacts& facts, const Attempt& attempt,
                                  const PhaseFigures& figures) {
  const std::uint64_t origin = facts.origin_wall_ns();
  const auto of_topic = [&](const char* topic) {
    return event_list(facts, origin, [&, topic](const JournalEvent& event) {
      return event.topic == topic && belongs_to(event, attempt);
    });
  };
  auto safety = of_topic("safety");
  if (!safety) return std::move(safety.error());
  auto plugin = of_topic("plugin");
  if (!plugin) return std::move(plugin.error());

  json::object out;
  out["document"] = "phase";
  out["version"] = 1;
  out["run_id"] = or_null(text_field(*facts.run, "run_id"));
  out["campaign"] = or_null(text_field(*facts.run, "campaign"));
  out["phase_info"] = phase_info(attempt);
  out["load_model"] = load_model(facts, attempt);
  out["start_time"] = moment_json(attempt.row.started);
  out["end_time"] = moment_json(attempt.row.ended);
  out["duration_seconds"] = duration_json(attempt.row);
  out["state"] = attempt.state();
  out["attempts"] = attempts_json(facts, attempt);
  out["test_result"] = test_result(attempt, figures);
  out["service_time"] = times_json(figures.service);
  out["marks"] = marks_json(figures.marks);
  out["phase_analysis"] = phase_analysis(attempt, figures);
  WireSums wire;
  const json::value* counts = field(*attempt.result, "wire");
  wire.add(counts);
  out["wire"] = wire_json(wire, counts != nullptr);
  out["connections"] = connections(attempt);
  out["measurement"] = measurement(attempt, figures);
  out["safety_events"] = std::move(*safety);
  out["plugin_events"] = std::move(*plugin);
  out["success"] = figures.outcome.success;
  return out;
}

}  // namespace ordeal::documents
