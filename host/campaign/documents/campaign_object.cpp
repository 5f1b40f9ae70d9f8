// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/campaign_object.h"

#include <algorithm>
#include <boost/json.hpp>

#include "analysis/recommendations.h"
#include "base/files.h"
#include "campaign/documents/event_list.h"
#include "campaign/documents/json_fields.h"
#include "campaign/documents/phase_object.h"
#include "campaign/documents/plugin_trouble.h"
#include "campaign/documents/resources.h"
#include "campaign/documents/setup_objects.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

/// The last thing the journal knows of, in wall time.
std::uint64_t end_wall_ns(const RunFacts& facts) {
  if (const auto end = count_field(*facts.end, "wall_ns")) return *end;
  std::uint64_t last = 0;
  for (const auto& attempt : facts.attempts) {
    last = std::max({last, attempt.row.started.wall_ns, attempt.row.ended.wall_ns});
  }
  for (const auto& event : facts.events) last = std::max(last, event.at.wall_ns);
  return last;
}

double time_scale(const RunFacts& facts) {
  return number_field(*facts.run, "time_scale").value_or(1);
}

std::string headline(const CampaignParts& parts) {
  const RunFacts& facts = parts.facts;
  std::string text = text_field(*facts.run, "campaign").value_or("campaign");
  if (const auto host = text_field(*facts.run, "hostname")) text += " on " + *host;
  text += ": " + parts.verdict.sentence;
  if (const double scale = time_scale(facts); scale != 1) {
    text += " [time scale " + json::serialize(json::value(scale)) +
            ": phases lasted that share of their planned time]";
  }
  return text;
}

json::object campaign_info(const CampaignParts& parts) {
  const RunFacts& facts = parts.facts;
  const json::value& run = *facts.run;
  const std::uint64_t start = facts.origin_wall_ns();
  const std::uint64_t end = end_wall_ns(facts);
  json::object out;
  for (const char* key : {"run_id", "campaign", "hostname", "ordeal_version"}) {
    out[key] = or_null(text_field(run, key));
  }
  out["start_time"] = start == 0 ? json::value(nullptr) : json::value(utc_time(start));
  out["end_time"] = end == 0 ? json::value(nullptr) : json::value(utc_time(end));
  out["duration_hours"] =
      start == 0 || end < start ? json::value(nullptr) : json::value(seconds(end - start) / 3600);
  out["time_scale"] = or_null(number_field(run, "time_scale"));
  out["fit_factor"] = or_null(number_field(run, "fit_factor"));
  out["seed"] = or_null(count_field(run, "seed"));
  out["config"] = *facts.config;
  std::optional<double> health;
  if (const json::value* found = field(*facts.baseline, "health")) {
    health = number_field(*found, "score");
  }
  out["baseline_health_score"] = or_null(health);
  const auto reason = parts.evidence.end_reason;
  out["complete"] = reason && *reason == "finished";
  out["ended_by"] = or_null(reason);
  out["containment"] =
      pick(*facts.containment, {"load_tier", "service_tier", "drill_ns", "reserved"});
  out["target"] = *facts.target;
  return out;
}

json::object verdict_json(const CampaignVerdict& verdict) {
  json::object out;
  out["verdict"] = verdict.verdict;
  out["exit_code"] = static_cast<int>(verdict.exit_code);
  out["sentence"] = verdict.sentence;
  json::array reasons;
  for (const auto& reason : verdict.reasons) {
    json::object one;
    one["text"] = reason.text;
    one["evidence"] = nullptr;
    if (reason.has_evidence) {
      json::object evidence;
      evidence["phase"] = reason.phase.empty() ? json::value(nullptr) : json::value(reason.phase);
      evidence["metric"] = reason.metric;
      evidence["measured"] = or_null(reason.measured);
      evidence["limit"] = or_null(reason.limit);
      evidence["samples"] = reason.samples;
      one["evidence"] = std::move(evidence);
    }
    reasons.push_back(std::move(one));
  }
  out["reasons"] = std::move(reasons);
  return out;
}

bool stopped_for_safety(const Attempt& attempt) {
  const auto reason = text_field(*attempt.result, "stop_reason");
  return reason && (reason->rfind("safety", 0) == 0 || *reason == "guardian");
}

json::object summary(const CampaignParts& parts) {
  const RunFacts& facts = parts.facts;
  std::uint64_t attempted = 0, passed = 0, failed = 0, all = 0, ok = 0, stops = 0;
  std::uint64_t consecutive = 0;
  std::vector<TrendPair> pairs;
  for (const auto& phase : parts.evidence.phases) {
    if (!phase.attempted) continue;
    ++attempted;
    all += phase.operations;
    ok += phase.successful;
    const PhaseResult result = phase.outcome.result;
    const bool bad = result == PhaseResult::failed || result == PhaseResult::stopped;
    passed += phase.outcome.success ? 1 : 0;
    failed += bad ? 1 : 0;
    if (bad) ++consecutive;
    if (phase.outcome.success) consecutive = 0;
    const auto pair = trend_pair(parts.figures.at(phase.index));
    if (pair && result != PhaseResult::invalid) pairs.push_back(*pair);
  }
  for (const auto& attempt : facts.attempts) stops += stopped_for_safety(attempt) ? 1 : 0;
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? json::value(nullptr)
                      : json::value(static_cast<double>(part) / static_cast<double>(whole));
  };
  json::object out;
  out["planned_phases"] = parts.evidence.phases.size();
  out["total_phases_attempted"] = attempted;
  out["successful_phases"] = passed;
  out["failed_phases"] = failed;
  out["phase_success_rate"] = share(passed, attempted);
  out["total_operations"] = all;
  out["total_successful_operations"] = ok;
  out["overall_success_rate"] = share(ok, all);
  out["performance_trend"] = performance_trend(pairs);
  out["emergency_stops"] = stops;
  out["consecutive_failures"] = consecutive;
  return out;
}

/// Everything sent: of all attempts, counted or not, and by the baseline.
json::object wire(const RunFacts& facts) {
  WireSums sums;
  bool any = false;
  for (const auto& attempt : facts.attempts) {
    const json::value* counts = field(*attempt.result, "wire");
    any = any || counts != nullptr;
    sums.add(counts);
  }
  if (const json::value* counts = field(*facts.baseline, "wire")) {
    any = true;
    sums.add(counts);
  } else {
    for (const json::value* probe : elements(*facts.baseline, "probe")) {
      any = true;
      sums.probe += count_field(*probe, "samples").value_or(0);
    }
  }
  return wire_json(sums, any);
}

json::object measurement(const CampaignParts& parts) {
  json::array reasons;
  for (const auto& phase : parts.evidence.phases) {
    for (const auto& text : phase.outcome.validity) {
      reasons.push_back(json::value(json::string("phase " + phase.name + ": " + text)));
    }
  }
  if (parts.evidence.control_events_lost > 0) {
    reasons.push_back(json::value("control events were lost on the bus"));
  }
  json::object out;
  out["valid"] = reasons.empty();
  out["reasons"] = std::move(reasons);
  json::array drops;
  for (const json::value* drop : elements(*parts.facts.bus_drops)) {
    if (drop->is_object())
      drops.push_back(pick(*drop, {"topic", "subscriber", "dropped", "replaced"}));
  }
  out["bus_drops"] = std::move(drops);
  return out;
}

/// The command as one would type it again.
json::value reproduce(const RunFacts& facts) {
  const json::value* command = field(*facts.run, "command");
  if (command == nullptr) return json::value(nullptr);
  if (command->is_string()) return *command;
  std::string text;
  for (const auto& word : text_list(*facts.run, "command")) {
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_-./:=,@%+") == std::string::npos;
    std::string quoted = word;
    if (!plain) {
      quoted = "'";
      for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
      quoted += '\'';
    }
    text += (text.empty() ? "" : " ") + quoted;
  }
  return text.empty() ? json::value(nullptr) : json::value(text);
}

Result<json::array> recommendations(const CampaignParts& parts) {
  std::vector<AdviceFacts> phases;
  for (const auto& [index, figures] : parts.figures) {
    phases.push_back(advice_facts(*parts.facts.last_attempt(index), figures));
  }
  HostFacts host;
  const HostSeries series = host_series(parts.metrics);
  if (const auto range = range_of(series.cpu)) host.cpu_max = 100 * range->max;
  if (const auto range = range_of(series.memory)) host.memory_max = 100 * range->max;
  if (const json::value* health = field(*parts.facts.baseline, "health")) {
    host.health = number_field(*health, "score");
    host.weakest_sensor = text_field(*health, "weakest").value_or("unknown");
  }
  for (const auto& event : parts.facts.events) {
    if (event.topic != "plugin" || event.type != "quarantined") continue;
    auto data = parse_fact(event.data, "event " + std::to_string(event.seq));
    if (!data) return std::move(data.error());
    host.quarantined.push_back(text_field(**data, "plugin").value_or("(unnamed)"));
  }
  return text_array(campaign_recommendations(phases, host));
}

}  // namespace

Result<json::object> campaign_object(const CampaignParts& parts) {
  const RunFacts& facts = parts.facts;
  const std::uint64_t origin = facts.origin_wall_ns();
  const auto of_topic = [&](const char* topic) {
    return event_list(facts, origin,
                      [topic](const JournalEvent& event) { return event.topic == topic; });
  };
  auto safety_events = of_topic("safety");
  if (!safety_events) return std::move(safety_events.error());
  auto evidence = of_topic("guardian");
  if (!evidence) return std::move(evidence.error());
  auto plugin_events = of_topic("plugin");
  if (!plugin_events) return std::move(plugin_events.error());
  auto trouble = plugin_trouble(facts);
  if (!trouble) return std::move(trouble.error());
  auto advice = recommendations(parts);
  if (!advice) return std::move(advice.error());

  json::object out;
  out["document"] = "campaign";
  out["version"] = 1;
  out["headline"] = headline(parts);
  out["campaign_info"] = campaign_info(parts);
  out["verdict"] = verdict_json(parts.verdict);
  json::array assertions;
  json::array results;
  for (const auto& [index, figures] : parts.figures) {
    const Attempt& attempt = *facts.last_attempt(index);
    for (const auto& a : figures.assertions) {
      assertions.push_back(assertion_json(a, attempt.plan));
    }
    auto phase = phase_object(facts, attempt, figures);
    if (!phase) return std::move(phase.error());
    results.push_back(std::move(*phase));
  }
  out["assertions"] = std::move(assertions);
  out["campaign_summary"] = summary(parts);
  out["readiness_check"] = facts.readiness->is_null()
                               ? json::value(nullptr)
                               : json::value(readiness_object(facts, parts.metrics));
  out["phase_results"] = std::move(results);
  out["resource_impact_summary"] = resource_summary(parts.metrics);
  json::object safety;
  safety["events"] = std::move(*safety_events);
  safety["evidence"] = std::move(*evidence);
  safety["nearest_margin"] = nearest_margin(parts.metrics, facts);
  out["safety"] = std::move(safety);
  out["measurement"] = measurement(parts);
  json::object plugins;
  json::array used;
  for (const json::value* plugin : elements(*facts.plugins)) {
    if (plugin->is_object()) {
      used.push_back(pick(*plugin, {"id", "version", "kind", "component", "isolation"}));
    }
  }
  plugins["used"] = std::move(used);
  plugins["trouble"] = std::move(*trouble);
  plugins["events"] = std::move(*plugin_events);
  out["plugins"] = std::move(plugins);
  out["wire"] = wire(facts);
  out["recommendations"] = std::move(*advice);
  out["reproduce"] = reproduce(facts);
  return out;
}

}  // namespace ordeal::documents
