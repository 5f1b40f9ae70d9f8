// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "analysis/health.h"
#include "base/log.h"
#include "campaign/calibration.h"
#include "campaign/campaign_load.h"
#include "campaign/controller.h"
#include "campaign/documents/documents.h"
#include "campaign/facts.h"
#include "campaign/readiness.h"
#include "ordeal/abi/report.h"

namespace ordeal {

namespace {

namespace json = boost::json;
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t probe_operations = 20;
constexpr std::size_t feeder_slice = std::size_t{16} << 20;

/// A sensor's values while nothing was asked of the machine.
using IdleValues = std::map<std::string, std::vector<double>>;

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// p95 where there are enough values to speak of one (20), else the median.
double pessimistic(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.size() >= 20 ? values[values.size() * 95 / 100] : values[values.size() / 2];
}

/// `limit` is where the campaign would begin to act.
void add_sensor(std::vector<SensorReading>& sensors, const IdleValues& idle, const char* name,
                const char* group, const char* metric, double limit) {
  SensorReading sensor;
  sensor.name = name;
  sensor.group = group;
  sensor.metric = metric;
  sensor.stop = limit;
  if (const auto found = idle.find(metric); found != idle.end() && !found->second.empty()) {
    sensor.base = middle(found->second);
    sensor.value = pessimistic(found->second);
  }
  sensors.push_back(sensor);
}

json::value or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::array sensors_json(const std::vector<SensorReading>& sensors, const HealthScore& health) {
  json::array array;
  for (std::size_t i = 0; i < sensors.size(); ++i)
    array.push_back(json::object{{"name", sensors[i].name},
                                 {"group", sensors[i].group},
                                 {"metric", sensors[i].metric},
                                 {"base", sensors[i].base},
                                 {"stop", sensors[i].stop},
                                 {"value", or_null(sensors[i].value)},
                                 {"score", or_null(health.scores[i])}});
  return array;
}

json::array calibrate(Loop& loop, const std::string& folder) {
  json::array array;
  const auto add = [&](const Calibration& c) {
    array.push_back(json::object{{"name", c.name},
                                 {"unit", c.unit},
                                 {"median", c.samples > 0 ? json::value(c.median) : nullptr},
                                 {"mad", c.samples > 0 ? json::value(c.mad) : nullptr},
                                 {"cv", c.samples > 0 ? json::value(c.cv) : nullptr},
                                 {"samples", c.samples}});
    // Each takes a third of a second: the heartbeat goes on between them.
    loop.run_until([] { return false; }, loop.now() + 60'000'000);
  };
  add(calibrate_cpu(loop.clock()));
  add(calibrate_timer(loop.clock()));
  add(calibrate_fsync(loop.clock(), folder));
  add(calibrate_loopback(loop.clock()));
  return array;
}

}  // namespace

void Controller::record_loads(LoadRun& load) {
  if (loads_recorded_) return;
  loads_recorded_ = true;
  for (std::size_t i = 0; i < campaign_.load.size(); ++i)
    recorder_->describe_load(static_cast<std::uint32_t>(i),
                             {load.declared(i).marks, load.declared(i).unit_ns});
  bulletin_->set("loads", loads_fact(campaign_, registry_, load));
}

bool Controller::open_feeders() {
  for (const LoadEntry& entry : campaign_.load) {
    auto& feeder = feeders_.emplace_back();
    if (!entry.feeder) continue;
    const auto refuse = [this](const Error& error) {
      end_with("preflight", error.line(), ExitCode::preflight);
      return false;
    };
    auto opened = FeederSource::open(*entry.feeder);
    if (!opened) return refuse(opened.error());
    feeder = std::move(*opened);
    for (;;) {
      const auto whole = feeder->check(feeder_slice);
      if (!whole) return refuse(whole.error());
      if (*whole) break;
      // A large one takes seconds: the heartbeat goes on meanwhile.
      loop_.run_until([] { return false; }, loop_.now() + 1'000'000);
      if (interrupted()) return false;
    }
    if (auto made = feeder->publish(); !made) return refuse(made.error());
  }
  return true;
}

bool Controller::baseline() {
  set_state("readiness");
  const Readiness readiness = check_readiness(campaign_, options_.dir.path);
  json::object ready = readiness_json(readiness);
  ready["wall_ns"] = clock_.wall_ns();
  bulletin_->set("readiness", ready);
  if (!readiness.ready()) {
    end_with("preflight", readiness.problem(), ExitCode::preflight);
    return false;
  }

  if (!open_feeders()) return false;

  set_state("baseline");
  bulletin_->event("phase", "baseline_started", -1, {}, "baseline");
  const std::uint64_t started = loop_.now();
  const auto half = static_cast<std::uint64_t>(campaign_.baseline_duration.count()) / 2;
  IdleValues idle;
  services_->on_samples([&](const std::string& metric, const std::string&, double value,
                            std::uint64_t) { idle[metric].push_back(value); });
  services_->hurry(std::clamp<std::uint64_t>(half / 10, 100'000'000, 10 * second_ns));
  loop_.run_until([this] { return interrupted(); }, started + half);
  services_->on_samples({});
  services_->hurry(0);
  if (interrupted()) return false;
  const json::array calibrations = calibrate(loop_, options_.dir.path);

  auto containment = desk_->make_containment(ContainmentKind::load);
  if (!containment) {
    // A stop that came meanwhile is why nothing new was started.
    if (!interrupted()) end_with("controller_error", containment.error().line());
    return false;
  }
  json::array probes;
  OutcomeCounts outcomes{};
  json::object wire;
  {
    LoadRun load(loop_, **containment, registry_, campaign_, *bulletin_, *services_, -1,
                 topics_.get());
    LoadSpec spec;
    spec.probe = true;
    spec.sessions = 1;
    spec.max_operations = probe_operations;
    std::vector<LoadSpec> specs(campaign_.load.size(), spec);
    load.feed(feeders_);
    if (auto begun = load.start(specs); !begun) {
      end_with("preflight", begun.error().line(), begun.error().code);
      return false;
    }
    loop_.run_until([&] { return load.created() || !load.refusal().empty() || interrupted(); },
                    loop_.now() + 15 * second_ns);
    if (!load.created() || !load.refusal().empty()) {
      if (!interrupted())
        end_with("preflight",
                 load.refusal().empty() ? "a scenario did not come up within 15 s" : load.refusal(),
                 ExitCode::plugin_rejected);
      return false;
    }
    record_loads(load);
    for (std::size_t i = 0; i < campaign_.load.size(); ++i)
      if (auto known = check_kinds(campaign_, campaign_.load[i], load.declared(i).kinds); !known) {
        end_with("preflight", known.error().line(), ExitCode::invalid_config);
        return false;
      }
    spec.start_ns = loop_.now();
    spec.duration_ns = std::max(half, second_ns);
    spec.timeout_ns = std::min<std::uint64_t>(spec.duration_ns, 10 * second_ns);
    spec.seed = campaign_.seed;
    specs.assign(campaign_.load.size(), spec);
    for (std::size_t i = 0; i < specs.size(); ++i) specs[i].mix = campaign_.load[i].mix;
    load.begin(specs, static_cast<std::uint64_t>(campaign_.interval.count()));
    loop_.run_until([&] { return load.finished() || interrupted(); },
                    spec.start_ns + spec.duration_ns + spec.timeout_ns + second_ns);
    if (!load.finished()) load.stop(0);
    loop_.run_until([&] { return load.finished(); }, loop_.now() + second_ns);
    if (!load.refusal().empty()) {
      // Only the scenario knows its kinds of operations: a mix is judged here, before any load. One
      // that does not survive a probe is not given any.
      end_with("preflight", load.refusal(),
               load.died() ? ExitCode::plugin_rejected : ExitCode::invalid_config);
      return false;
    }
    const LoadTotals& totals = load.totals();
    outcomes = totals.outcomes;
    std::uint64_t all = 0;
    for (const auto n : outcomes) all += n;
    probes.push_back(json::object{{"load", campaign_.load.front().scenario},
                                  {"kind", "all"},
                                  {"samples", all},
                                  {"ok", outcomes[0]},
                                  {"p50", static_cast<double>(totals.latency.value_at(50)) / 1e9},
                                  {"p99", static_cast<double>(totals.latency.value_at(99)) / 1e9}});
    wire = json::object{{"probe", totals.wire.probe},
                        {"warm_up", totals.wire.warm_up},
                        {"measured", totals.wire.measured},
                        {"retried", totals.wire.retried},
                        {"cancelled", totals.wire.cancelled}};
  }
  desk_->end_containment(*containment);
  load_began_ = true;
  if (interrupted()) return false;

  std::vector<SensorReading> sensors;
  add_sensor(sensors, idle, "cpu", "cpu", "ordeal_cpu_busy_ratio",
             campaign_.safety.cpu_percent / 100);
  add_sensor(sensors, idle, "memory", "memory", "ordeal_memory_used_ratio",
             campaign_.safety.memory_percent / 100);
  add_sensor(sensors, idle, "disk", "disk", "ordeal_disk_used_ratio",
             campaign_.safety.disk_percent / 100);
  SensorReading target;
  target.name = "target";
  target.group = "target";
  target.metric = "probe failures";
  target.stop = 1;
  std::uint64_t all = 0;
  for (const auto n : outcomes) all += n;
  if (all > 0)
    target.value = 1 - static_cast<double>(outcomes[0]) / static_cast<double>(all);
  else
    target.value = 1;  // a target that ends no probe at all is as good as dead
  sensors.push_back(target);
  const HealthScore health = health_score(sensors);
  health_ = health.score.value_or(0);
  bulletin_->set("baseline",
                 json::object{{"wall_ns", clock_.wall_ns()},
                              {"duration", static_cast<double>(loop_.now() - started) / 1e9},
                              {"calibrations", calibrations},
                              {"probe", probes},
                              {"wire", wire},
                              {"sensors", sensors_json(sensors, health)},
                              {"health", json::object{{"score", or_null(health.score)},
                                                      {"weakest", health.weakest},
                                                      {"mean", or_null(health.mean)}}}});
  const std::string score =
      health.score ? std::to_string(std::lround(*health.score)) : std::string("unknown");
  const std::string required = std::to_string(std::lround(campaign_.required_health));
  bulletin_->event("phase", "baseline_ended", -1,
                   {{"score", or_null(health.score)}, {"weakest", health.weakest}},
                   "baseline done: health " + score + " of 100, weakest " + health.weakest);
  wait_durable();
  if (auto journal = read_journal()) {
    report(ORDEAL_STAGE_READINESS, readiness_document(**journal));
    report(ORDEAL_STAGE_BASELINE, baseline_document(**journal));
  }
  if (!health.score || *health.score < campaign_.required_health) {
    std::string detail = "health score " + score + " is below the required " + required + ":";
    for (std::size_t i = 0; i < sensors.size(); ++i)
      if (!health.scores[i] || *health.scores[i] < campaign_.required_health)
        detail += " " + sensors[i].name + " " +
                  (health.scores[i] ? std::to_string(std::lround(*health.scores[i]))
                                    : std::string("without data"));
    end_with("preflight", detail + "; lower baseline.required_health to run all the same",
             ExitCode::preflight);
    return false;
  }
  return !interrupted();
}

}  // namespace ordeal
