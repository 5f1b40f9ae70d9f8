// SPDX-License-Identifier: Apache-2.0
#include "campaign/facts.h"

#include <boost/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "campaign/campaign_load.h"

namespace ordeal {

namespace {

namespace json = boost::json;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

json::object plugin_object(const Registry& registry, const std::string& kind,
                           const std::string& plugin, const std::string& component) {
  json::object object{{"id", plugin},
                      {"version", nullptr},
                      {"kind", kind},
                      {"component", component},
                      {"isolation", "own"}};
  if (auto found = registry.find(kind, plugin + "/" + component))
    object["version"] = found->plugin->version;
  return object;
}

}  // namespace

json::object run_fact(const RunFact& run, const Clock& clock) {
  const std::uint64_t wall = clock.wall_ns();
  return {
      {"run_id", run.run_id},          {"campaign", run.campaign},     {"hostname", hostname()},
      {"ordeal_version", run.version}, {"started", utc_time(wall)},    {"started_wall_ns", wall},
      {"time_scale", run.time_scale},  {"fit_factor", run.fit_factor}, {"seed", run.seed},
      {"command", run.command}};
}

json::object phase_plan_fact(const PhasePlan& plan) {
  json::array slo;
  for (const auto& s : plan.slo)
    slo.push_back(
        json::object{{"metric", s.metric}, {"op", s.op}, {"limit", s.limit}, {"text", s.text}});
  const auto given = [](double number) {
    return number > 0 ? json::value(number) : json::value(nullptr);
  };
  return {{"index", plan.index},
          {"name", plan.name},
          {"duration", seconds(plan.duration)},
          {"warm_up", seconds(plan.warm_up)},
          {"connections", plan.connections},
          {"operations", given(plan.operations)},
          {"rate", given(plan.rate)},
          {"load", load_text(plan)},
          {"stress", plan.stress.empty() ? json::value(nullptr) : json::value(plan.stress)},
          {"judge", plan.judge},
          {"timeout", seconds(plan.timeout)},
          {"slo", slo}};
}

json::array plan_fact(const Campaign& campaign) {
  json::array plan;
  for (const auto& phase : campaign.phases) plan.push_back(phase_plan_fact(phase));
  return plan;
}

json::object target_fact(const Campaign& campaign) {
  json::array pids;
  if (campaign.target.pid != 0) pids.emplace_back(campaign.target.pid);
  return {{"http", campaign.target.http}, {"pid_file", campaign.target.pid_file}, {"pids", pids}};
}

json::array plugins_fact(const Campaign& campaign, const Services& services,
                         const Registry& registry) {
  json::array plugins;
  for (const auto& used : services.used())
    plugins.push_back(json::object{{"id", used.id},
                                   {"version", used.version},
                                   {"kind", used.kind},
                                   {"component", used.component},
                                   {"isolation", used.isolation}});
  for (const auto& load : campaign.load)
    plugins.push_back(plugin_object(registry, "scenario", load.plugin, load.scenario));
  for (const auto& report : campaign.report)
    plugins.push_back(plugin_object(registry, "report", report.plugin, report.report));
  return plugins;
}

json::array loads_fact(const Campaign& campaign, const Registry& registry, LoadRun& load) {
  json::array loads;
  for (std::size_t i = 0; i < campaign.load.size(); ++i) {
    const Declared& declared = load.declared(i);
    json::array kinds;
    for (const auto& kind : declared.kinds) kinds.emplace_back(kind);
    json::array marks;
    for (const auto& mark : declared.marks) marks.emplace_back(mark);
    json::object entry{{"scenario", campaign.load[i].scenario},
                       {"plugin", campaign.load[i].plugin},
                       {"version", nullptr},
                       {"kinds", kinds},
                       {"marks", marks},
                       {"unit_ns", declared.unit_ns}};
    if (auto found =
            registry.find("scenario", campaign.load[i].plugin + "/" + campaign.load[i].scenario)) {
      entry["version"] = found->plugin->version;
      if (auto codes = parse_json(found->component->codes, {})) entry["codes"] = std::move(*codes);
    }
    loads.push_back(std::move(entry));
  }
  return loads;
}

json::object interval_fact(std::int32_t phase, const SnapshotInterval& interval) {
  const auto seconds_of = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e9; };
  json::object outcomes;
  for (std::size_t i = 0; i < outcome_count; ++i) outcomes[outcome_names[i]] = interval.outcomes[i];
  return {{"topic", "interval/1"},
          {"phase", phase},
          {"scenario", interval.scenario},
          {"kind", interval.kind},
          {"start", seconds_of(interval.start_ns)},
          {"end", seconds_of(interval.end_ns)},
          {"outcomes", outcomes},
          {"p50", seconds_of(interval.p50_ns)},
          {"p99", seconds_of(interval.p99_ns)},
          {"max", seconds_of(interval.max_ns)}};
}

json::object generator_fact(const GeneratorEvidence& generator) {
  const auto secs = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e9; };
  const auto share = [](const WorkerUse* worker, double (WorkerUse::*of)() const) {
    return worker == nullptr ? 0.0 : (worker->*of)();
  };
  json::array workers;
  for (const WorkerUse& one : generator.workers) {
    const GeneratorUse& used = one.used;
    workers.push_back(json::object{{"cell", one.name},
                                   {"cpu_share", one.cpu_share()},
                                   {"cpu_seconds", secs(used.cpu_ns)},
                                   {"run_delay_share", one.run_delay_share()},
                                   {"receive_lag_share", one.receive_lag_share()},
                                   {"receive_lag_max", secs(used.longest_loop_ns)},
                                   {"descriptors_used", used.descriptors},
                                   {"descriptors_limit", used.descriptors_limit},
                                   {"without_descriptor", used.no_descriptor},
                                   {"without_port", used.no_port}});
  }
  json::object out{
      {"cpu_share", share(generator.busiest(), &WorkerUse::cpu_share)},
      {"run_delay_share", share(generator.longest_waiting(), &WorkerUse::run_delay_share)},
      {"receive_lag_share", share(generator.latest_receiving(), &WorkerUse::receive_lag_share)},
      {"throttled_share", generator.quota.throttled_share()},
      {"send_lag_p50", nullptr},
      {"send_lag_p99", nullptr},
      {"send_lag_max", nullptr},
      {"workers", std::move(workers)}};
  if (generator.open_load && generator.send_lag.count() > 0) {
    out["send_lag_p50"] = secs(generator.send_lag.value_at(50));
    out["send_lag_p99"] = secs(generator.send_lag.value_at(99));
    out["send_lag_max"] = secs(generator.send_lag.max());
  }
  return out;
}

json::array drops_fact(const std::vector<DropCount>& drops, const TopicPlan& topics) {
  json::array array;
  for (const auto& drop : drops) {
    json::object one{{"topic", drop.topic},
                     {"subscriber", drop.subscriber},
                     {"dropped", drop.dropped},
                     {"replaced", drop.replaced}};
    for (const TopicSpec& topic : topics.topics)
      if (topic.name == drop.topic)
        one["queue"] = topic.overflow == Overflow::control ? "control"
                       : topic.overflow == Overflow::state ? "state"
                                                           : "stream";
    array.push_back(std::move(one));
  }
  return array;
}

}  // namespace ordeal
