// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/setup_objects.h"

#include <boost/json.hpp>

#include "analysis/health.h"
#include "base/files.h"
#include "campaign/documents/json_fields.h"
#include "campaign/documents/resources.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

json::value moment(const json::value& fact) {
  const auto wall_ns = count_field(fact, "wall_ns");
  return wall_ns ? json::value(utc_time(*wall_ns)) : json::value(nullptr);
}

const json::value& health_of(const RunFacts& facts) {
  static const json::value none(nullptr);
  const json::value* health = field(*facts.baseline, "health");
  return health == nullptr ? none : *health;
}

/// What the baseline document and the readiness document share.
json::object baseline_core(const RunFacts& facts, const std::vector<MetricSeries>& series) {
  const json::value& baseline = *facts.baseline;
  const auto score = number_field(health_of(facts), "score");
  json::object out;
  out["collection_timestamp"] = moment(baseline);
  out["baseline_version"] = "1";
  json::object collector;
  collector["ordeal_version"] = or_null(text_field(*facts.run, "ordeal_version"));
  collector["hostname"] = or_null(text_field(*facts.run, "hostname"));
  out["collector_info"] = std::move(collector);
  out["duration_seconds"] = or_null(number_field(baseline, "duration"));
  out["system_baseline"] = system_resources(series, facts);
  out["calibrations"] =
      pick_all(baseline, "calibrations", {"name", "unit", "median", "mad", "cv", "samples"});
  out["target_probe"] =
      pick_all(baseline, "probe", {"load", "kind", "samples", "ok", "p50", "p99"});
  out["sensors"] =
      pick_all(baseline, "sensors", {"name", "group", "metric", "base", "stop", "value", "score"});
  json::object health;
  health["score"] = or_null(score);
  health["weakest"] = or_null(text_field(health_of(facts), "weakest"));
  health["mean"] = or_null(number_field(health_of(facts), "mean"));
  health["status"] = health_status(score);
  out["health_score"] = std::move(health);
  return out;
}

}  // namespace

json::object baseline_object(const RunFacts& facts, const std::vector<MetricSeries>& series) {
  json::object out;
  out["document"] = "baseline";
  out["version"] = 1;
  for (auto& member : baseline_core(facts, series)) out[member.key()] = std::move(member.value());
  return out;
}

json::object readiness_object(const RunFacts& facts, const std::vector<MetricSeries>& series) {
  const json::value& readiness = *facts.readiness;
  const auto ready = bool_field(readiness, "ready");
  std::optional<double> required;
  if (const json::value* baseline = field(*facts.config, "baseline")) {
    required = number_field(*baseline, "required_health");
  }
  json::object out;
  out["document"] = "readiness";
  out["version"] = 1;
  out["timestamp"] = moment(readiness);
  out["baseline_health_score"] = or_null(number_field(health_of(facts), "score"));
  out["meets_minimum_requirement"] = or_null(ready);
  out["required_health"] = or_null(required);
  out["baseline_report"] =
      facts.baseline->is_null() ? json::value(nullptr) : json::value(baseline_core(facts, series));
  out["system_resources"] = system_resources(series, facts);
  out["checks"] =
      pick_all(readiness, "checks", {"name", "ok", "value", "limit", "detail", "remedy"});
  json::array phases;
  if (ready.value_or(false)) {
    for (const auto& phase : facts.plan) phases.push_back(json::value(json::string(phase.name)));
  }
  out["recommended_phases"] = std::move(phases);
  return out;
}

}  // namespace ordeal::documents
