// SPDX-License-Identifier: Apache-2.0
// The cells of a load: how they come up, die, come back and are given up.
#include <algorithm>
#include <boost/json.hpp>

#include "base/plain_text.h"
#include "campaign/load_run.h"

namespace ordeal {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint32_t give_up_after = 3;
constexpr std::size_t longest_kind = 64;  // of trouble

}  // namespace

void LoadRun::start_worker(Worker& worker) {
  const auto& entry = campaign_.load[worker.load];
  worker.restart_ns = 0;
  worker.begun = false;
  worker.expected_seq = 0;
  worker.metrics.clear();
  ++worker.generation;
  auto link = starter_.start(
      worker.name,
      [this, &worker](CellLink&, CellMessage type, Decoder& in) { message(worker, type, in); });
  if (!link) {
    died(worker, link.error().line());
    return;
  }
  worker.link = std::move(*link);
  if (!entry.cores.empty()) worker.link->pin(entry.cores[worker.index % entry.cores.size()]);
  worker.link->confine(worker.plugin->privileges, 0);
  worker.link->load(*worker.plugin);
  if (topics_ != nullptr)
    topics_->attach("scenario", worker.number, *worker.link, scenario_instance, worker.generation);
  worker.link->create(scenario_instance, worker.plugin->id, "scenario", entry.scenario,
                      entry.config);
  if (const FeederSource* feeder = loads_[worker.load].feeder)
    worker.link->feed(scenario_instance, feeder->spec(), feeder->file(), feeder->index());
  worker.link->keep_progress(scenario_instance, *worker.progress);
}

void LoadRun::begin_worker(Worker& worker, const LoadSpec& spec) {
  worker.begun = true;
  if (auto& merger = loads_[worker.load].merger) merger->join(worker.index);
  worker.link->begin(scenario_instance, static_cast<std::uint32_t>(worker.load), worker.index,
                     worker.generation, interval_ns_, spec);
}

void LoadRun::tick() {
  const std::uint64_t now = loop_.now();
  for (auto& worker : workers_) {
    if (worker.given_up || worker.done) continue;
    if (!worker.link) {
      if (begun_ && now >= end_ns_) {  // too late to resume
        totals_.missing_ns += end_ns_ - std::min(end_ns_, worker.silent_since_ns);
        worker.done = true;
      } else if (worker.restart_ns != 0 && now >= worker.restart_ns && !stopping_) {
        start_worker(worker);
      } else if (stopping_) {
        worker.done = true;
      }
      continue;
    }
    if (const std::string how = worker.link->death(); !how.empty()) {
      died(worker, how);
    } else if (begun_ && !worker.begun) {
      resume_worker(worker);
    }
  }
}

std::optional<LoadSpec> LoadRun::rest_of(const Worker& worker) const {
  const std::uint64_t now = loop_.now();
  LoadSpec rest = worker.spec;
  rest.operations_done = (*worker.progress)->operations;
  rest.records_done = (*worker.progress)->records;
  if (rest.max_operations > 0 && rest.operations_done >= rest.max_operations) return std::nullopt;
  rest.start_ns = now;
  rest.duration_ns = end_ns_ - now;
  rest.elapsed_ns = now - std::min(now, worker.spec.start_ns);
  // What was left of the warm-up still is.
  const std::uint64_t warm_end = worker.spec.start_ns + worker.spec.warm_up_ns;
  rest.warm_up_ns = warm_end > now ? warm_end - now : 0;
  rest.seed = worker.spec.seed + (std::uint64_t{worker.generation} << 24);
  return rest;
}

void LoadRun::resume_worker(Worker& worker) {
  const auto answer = worker.link->create_answer(scenario_instance);
  if (!answer || !answer->empty()) return;
  const std::uint64_t now = loop_.now();
  if (now >= end_ns_) return;
  const auto rest = rest_of(worker);
  if (!rest) {
    worker.done = true;
    leave(worker);
    return;
  }
  totals_.missing_ns += now - std::min(now, worker.silent_since_ns);
  begin_worker(worker, *rest);
  if (factor_ != 1) worker.link->throttle(scenario_instance, factor_);
  bulletin_.event("plugin", "cell_restarted", phase_,
                  {{"plugin", worker.plugin->id + " " + worker.plugin->version},
                   {"cell", worker.link->name()},
                   {"generation", worker.generation}},
                  "cell " + worker.link->name() + " runs again");
}

void LoadRun::trouble(const Worker& worker, std::string kind, std::uint64_t count,
                      std::string detail) {
  const PluginInfo& plugin = *worker.plugin;
  bulletin_.trouble(phase_, {plugin.id + " " + plugin.version, campaign_.load[worker.load].scenario,
                             std::move(kind), count, std::move(detail)});
}

void LoadRun::tell_overruns(const Worker& worker) {
  if (worker.link && worker.link->overruns() > 0)
    trouble(worker, "overrun", worker.link->overruns(), "it held its worker for over 100 ms");
}

void LoadRun::leave(const Worker& worker) {
  auto& merger = loads_[worker.load].merger;
  if (!merger) return;
  merger->leave(worker.index);
  merged(worker.load);
}

void LoadRun::died(Worker& worker, const std::string& how) {
  ++worker.failures;
  tell_overruns(worker);
  const std::string& name = worker.name;
  boost::json::array lines;
  if (worker.link)
    for (const auto& line : worker.link->last_log()) lines.emplace_back(line);
  const std::string plugin = worker.plugin->id + " " + worker.plugin->version;
  boost::json::object data{{"plugin", plugin},
                           {"component", campaign_.load[worker.load].scenario},
                           {"cell", name},
                           {"how", how},
                           {"restarts", worker.failures},
                           {"last_log", lines}};
  bulletin_.event("plugin", "cell_died", phase_, data,
                  "cell " + name + " (" + plugin + ") died: " + how);
  if (phase_ < 0 && refusal_.empty() && worker.link)
    refusal_ = worker.link->refusal(*worker.plugin, scenario_instance);
  if (worker.link) starter_.forget(*worker.link);
  if (topics_ != nullptr) topics_->lost("scenario", worker.number);
  worker.link.reset();
  worker.begun = false;
  leave(worker);
  if (stopping_) {
    worker.done = true;
    return;
  }
  // A baseline in which it died is none, however far it was.
  if (begun_ && phase_ >= 0 && !rest_of(worker)) {
    // What it had not handed over yet is in no figure.
    const std::uint64_t until = std::min(loop_.now(), end_ns_);
    totals_.missing_ns += until - std::min(until, worker.silent_since_ns);
    worker.done = true;
    return;
  }
  if (worker.failures > (phase_ < 0 ? 0 : give_up_after)) {
    worker.given_up = true;
    if (begun_) totals_.missing_ns += end_ns_ - std::min(end_ns_, worker.silent_since_ns);
    if (refusal_.empty() && (!begun_ || phase_ < 0))
      refusal_ = "plugin " + plugin + ": its cell died: " + how;
    bulletin_.event("plugin", "quarantined", phase_, data,
                    "cell " + name + " is quarantined after " + std::to_string(worker.failures) +
                        (worker.failures == 1 ? " failure" : " failures"));
    return;
  }
  worker.restart_ns = loop_.now() + ((100 * ms) << (worker.failures - 1));
}

void LoadRun::message(Worker& worker, CellMessage type, Decoder& in) {
  in.u32();  // the only instance
  if (topics_ != nullptr && topics_->message("scenario", worker.number, type, in)) return;
  if (type == CellMessage::trouble) {
    std::string kind = plain_text(in.text(), longest_kind);
    const std::uint64_t count = in.u64();
    trouble(worker, std::move(kind), count, plain_text(in.text()));
    return;
  }
  switch (type) {
    case CellMessage::begun:
      if (const auto problem = plain_text(in.text()); !problem.empty()) {
        refusal_ = problem;
        worker.given_up = true;
        leave(worker);
        const std::string plugin = worker.plugin->id + " " + worker.plugin->version;
        const std::string name(worker.link->name());
        bulletin_.event("plugin", "refused", phase_,
                        {{"plugin", plugin},
                         {"component", campaign_.load[worker.load].scenario},
                         {"cell", name},
                         {"reason", problem}},
                        "cell " + name + " (" + plugin + ") refused the phase: " + problem);
      }
      return;
    case CellMessage::frame:
      frame(worker, in.bytes());
      return;
    case CellMessage::metrics:
      if (const auto dropped = services_.own_metrics(
              campaign_.load[worker.load].scenario, worker.metrics, in,
              static_cast<std::uint32_t>(worker.load),
              loads_[worker.load].workers > 1 ? std::to_string(worker.index) : "");
          dropped > 0)
        trouble(worker, "series", dropped, Services::too_many_series);
      return;
    case CellMessage::finished:
      tell_overruns(worker);
      worker.done = true;
      leave(worker);
      return;
    default:
      return;
  }
}

}  // namespace ordeal
