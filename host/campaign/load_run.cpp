// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_run.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "base/plain_text.h"
#include "campaign/load_split.h"
#include "ordeal/abi/scenario.h"

namespace ordeal {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint32_t give_up_after = 3;
constexpr std::uint32_t scenario_instance = 1;  // a load cell holds one component
constexpr std::size_t longest_kind = 64;        // of trouble
constexpr std::uint64_t clock_slack_ns = 1'000 * ms;

}  // namespace

WorkerUse& LoadTotals::worker_use(std::uint32_t load, std::uint32_t worker) {
  const auto found = std::find_if(workers.begin(), workers.end(), [&](const WorkerUse& one) {
    return one.load == load && one.worker == worker;
  });
  if (found != workers.end()) return *found;
  WorkerUse& use = workers.emplace_back();
  use.load = load;
  use.worker = worker;
  return use;
}

LoadRun::LoadRun(Loop& loop, CellStarter& starter, const Registry& registry,
                 const Campaign& campaign, Bulletin& bulletin, Services& services,
                 std::int32_t phase, TopicHub* topics)
    : loop_(loop),
      starter_(starter),
      registry_(registry),
      campaign_(campaign),
      bulletin_(bulletin),
      services_(services),
      phase_(phase),
      topics_(topics) {}

LoadRun::~LoadRun() {
  loop_.remove(ticker_);
  for (auto& worker : workers_) {
    if (topics_ != nullptr) topics_->gone("scenario", worker.number);
    if (!worker.link) continue;
    worker.link->shutdown();
    starter_.forget(*worker.link);
  }
}

Result<void> LoadRun::start(const std::vector<LoadSpec>& specs) {
  loads_.resize(campaign_.load.size());
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    const auto& entry = campaign_.load[i];
    auto found = registry_.find("scenario", entry.plugin + "/" + entry.scenario);
    if (!found) return std::move(found).error();
    Load& load = loads_[i];
    load.first = workers_.size();
    if (feeders_ != nullptr) load.feeder = (*feeders_)[i].get();
    load.workers = workers_used(specs[i], entry.workers);
    if (load.workers < entry.workers && phase_ >= 0)
      log(Severity::info, "load",
          "load " + std::to_string(i) + " (" + entry.scenario + ") has work for " +
              std::to_string(load.workers) + " of its " + std::to_string(entry.workers) +
              " workers: there are no more connections");
    for (std::uint32_t index = 0; index < load.workers; ++index) {
      Worker& worker = workers_.emplace_back();
      worker.load = i;
      worker.index = index;
      worker.number = worker_number(campaign_, i, index);
      worker.plugin = found->plugin;
      worker.name = "load-" + std::to_string(i) + "-" + entry.scenario;
      if (entry.workers > 1) worker.name += "-" + std::to_string(index);
    }
  }
  for (auto& worker : workers_) start_worker(worker);
  ticker_ = loop_.every(20 * ms, [this] { tick(); });
  return {};
}

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
}

bool LoadRun::created() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.link && worker.link->create_answer(scenario_instance).has_value();
  });
}

std::string LoadRun::refusal() const {
  if (!refusal_.empty()) return refusal_;
  for (const auto& worker : workers_) {
    if (!worker.link) continue;
    // In a phase a cell that dies is started again; its plugin has worked before.
    if (phase_ >= 0 && worker.link->ended()) continue;
    if (auto why = worker.link->refusal(*worker.plugin, scenario_instance); !why.empty())
      return why;
  }
  return "";
}

const Declared& LoadRun::declared(std::size_t load) {
  Load& entry = loads_[load];
  // Kept: all say the same, and at any time any of them may be dead.
  for (std::uint32_t i = 0; i < entry.workers && !entry.declared; ++i) {
    const auto& link = workers_[entry.first + i].link;
    if (!link || link->create_answer(scenario_instance) != "") continue;
    entry.declared = link->declared(scenario_instance);
  }
  static const Declared nothing;
  return entry.declared ? *entry.declared : nothing;
}

void LoadRun::begin(const std::vector<LoadSpec>& specs, std::uint64_t interval_ns) {
  interval_ns_ = interval_ns;
  begun_ = true;
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    Load& load = loads_[i];
    std::vector<LoadSpec> parts = split_load(specs[i], load.workers);
    end_ns_ = std::max(end_ns_, specs[i].start_ns + specs[i].duration_ns);
    if (load.workers > 1)
      load.merger = std::make_unique<FrameMerger>(specs[i].start_ns, interval_ns_, load.workers);
    for (std::uint32_t index = 0; index < load.workers; ++index) {
      Worker& worker = workers_[load.first + index];
      worker.spec = std::move(parts[index]);
      worker.silent_since_ns = worker.spec.start_ns;
      totals_.worker_ns += worker.spec.duration_ns;
      // It may have died meanwhile, and will be resumed.
      if (worker.link) begin_worker(worker, worker.spec);
    }
  }
}

void LoadRun::begin_worker(Worker& worker, const LoadSpec& spec) {
  worker.begun = true;
  if (auto& merger = loads_[worker.load].merger) merger->join(worker.index);
  worker.link->begin(scenario_instance, static_cast<std::uint32_t>(worker.load), worker.index,
                     worker.generation, interval_ns_, spec);
}

void LoadRun::throttle(double factor) {
  factor_ = factor;
  for (auto& worker : workers_)
    if (worker.link && worker.begun) worker.link->throttle(scenario_instance, factor);
}

void LoadRun::stop(std::uint64_t drain_ns) {
  stopping_ = true;
  for (auto& worker : workers_) {
    if (worker.link && worker.begun && !worker.done)
      worker.link->stop(scenario_instance, drain_ns);
    else
      worker.done = true;
  }
}

bool LoadRun::finished() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const Worker& worker) { return worker.done || worker.given_up; });
}

bool LoadRun::gave_up() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const Worker& worker) { return worker.given_up; });
}

bool LoadRun::died() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const Worker& worker) { return worker.failures > 0; });
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

void LoadRun::resume_worker(Worker& worker) {
  const auto answer = worker.link->create_answer(scenario_instance);
  if (!answer || !answer->empty()) return;
  const std::uint64_t now = loop_.now();
  if (now >= end_ns_) return;
  LoadSpec rest = worker.spec;
  rest.start_ns = now;
  rest.duration_ns = end_ns_ - now;
  rest.elapsed_ns = now - std::min(now, worker.spec.start_ns);
  // What was left of the warm-up still is.
  const std::uint64_t warm_end = worker.spec.start_ns + worker.spec.warm_up_ns;
  rest.warm_up_ns = warm_end > now ? warm_end - now : 0;
  rest.seed = worker.spec.seed + worker.generation;
  totals_.missing_ns += now - std::min(now, worker.silent_since_ns);
  begin_worker(worker, rest);
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

/// A plugin shares its process with the one who measures, and could write to the channel itself.
bool LoadRun::is_its_own(const IntervalFrame& frame, const Worker& worker) {
  const std::size_t kinds = declared(worker.load).kinds.size();
  return worker.begun && frame.load == worker.load && frame.worker == worker.index &&
         frame.generation == worker.generation && frame.start_ns <= frame.end_ns &&
         frame.end_ns <= loop_.now() + clock_slack_ns &&
         std::all_of(frame.kinds.begin(), frame.kinds.end(),
                     [&](const KindInterval& kind) { return kind.kind < kinds; });
}

void LoadRun::frame(Worker& worker, std::span<const std::byte> bytes) {
  auto decoded = decode_interval(bytes);
  if (!decoded || !is_its_own(*decoded, worker)) {
    trouble(worker, "forged", 1, "it sent an interval that its cell did not measure");
    return;
  }
  worker.silent_since_ns = decoded->end_ns;
  add_up(worker, *decoded);
  look_at_feeder(worker.load);
  if (auto& merger = loads_[worker.load].merger) {
    merger->add(worker.index, *decoded);
    merged(worker.load);
  } else {
    publish(*decoded, bytes);
  }
}

void LoadRun::merged(std::size_t load) {
  while (const auto frame = loads_[load].merger->next()) publish(*frame, encode(*frame));
}

void LoadRun::look_at_feeder(std::size_t number) {
  Load& load = loads_[number];
  if (load.feeder == nullptr || load.feeder_told) return;
  const FeederSource& feeder = *load.feeder;
  const std::string who = "of load " + std::to_string(number) + " (" +
                          campaign_.load[number].scenario + "): " + feeder.spec().file;
  const auto tell = [&](const char* type, const std::string& what) {
    load.feeder_told = true;
    bulletin_.event("phase", type, phase_,
                    {{"load", number}, {"file", feeder.spec().file}, {"text", who + " " + what}},
                    "feeder " + who + " " + what);
  };
  if (feeder.spec().order == FeederSpec::Order::unique && feeder.used() == feeder.records())
    tell("feeder_used_up", "has no more of its " + std::to_string(feeder.records()) +
                               " records, each of which is used once; further operations are "
                               "dropped");
  else if (feeder.changed())
    tell("feeder_changed", "was written to during the run; what was read from it may be wrong");
}

void LoadRun::add_up(const Worker& worker, const IntervalFrame& frame) {
  totals_.offered += frame.offered;
  totals_.sessions_opened += frame.sessions_opened;
  totals_.sessions_failed += frame.sessions_failed;
  totals_.misbehaviour += frame.misbehaviour;
  if (frame.misbehaviour > 0)
    trouble(worker, "misbehaviour", frame.misbehaviour,
            "it completed operations twice, or ones that it was not given");
  totals_.late += frame.late;
  WorkerUse& use = totals_.worker_use(frame.load, frame.worker);
  use.name = worker.name;
  use.add(frame, worker.spec.start_ns + worker.spec.duration_ns);
  totals_.wire.probe += frame.wire.probe;
  totals_.wire.warm_up += frame.wire.warm_up;
  totals_.wire.measured += frame.wire.measured;
  totals_.wire.retried += frame.wire.retried;
  totals_.wire.cancelled += frame.wire.cancelled;
  totals_.send_lag.merge(frame.send_lag);
  for (const auto& kind : frame.kinds) {
    for (std::size_t i = 0; i < outcome_count; ++i) totals_.outcomes[i] += kind.outcomes[i];
    for (const auto& [code, n] : kind.codes) totals_.codes[{frame.load, kind.kind, code}] += n;
    if (kind.latency.unit_ns() == totals_.latency.unit_ns()) totals_.latency.merge(kind.latency);
  }
}

void LoadRun::publish(const IntervalFrame& frame, std::span<const std::byte> bytes) {
  bulletin_.interval(phase_, bytes, frame.load, frame.generation);
  Histogram latency;
  std::uint64_t all = 0;
  std::uint64_t ok = 0;
  for (const auto& kind : frame.kinds) {
    for (const auto n : kind.outcomes) all += n;
    ok += kind.outcomes[ORDEAL_OUTCOME_OK];
    if (kind.latency.unit_ns() == latency.unit_ns()) latency.merge(kind.latency);
    SnapshotInterval interval;
    interval.scenario = campaign_.load[frame.load].scenario;
    const auto& kinds = declared(frame.load).kinds;
    interval.kind = kind.kind < kinds.size() ? kinds[kind.kind] : std::to_string(kind.kind);
    interval.start_ns = frame.start_ns;
    interval.end_ns = frame.end_ns;
    interval.outcomes = kind.outcomes;
    interval.p50_ns = kind.latency.value_at(50);
    interval.p99_ns = kind.latency.value_at(99);
    interval.max_ns = kind.latency.max();
    if (on_interval_) on_interval_(interval);
    services_.set_interval(frame.load, std::move(interval));
  }
  const double seconds = static_cast<double>(frame.end_ns - frame.start_ns) / 1e9;
  if (seconds <= 0.001) return;  // the last sliver of a phase says nothing about the rate
  LoadNow& now = loads_[frame.load].now;
  now.rate = static_cast<double>(all) / seconds;
  now.errors = static_cast<double>(all - ok) / seconds;
  now.p50 = static_cast<double>(latency.value_at(50)) / 1e9;
  now.p99 = static_cast<double>(latency.value_at(99)) / 1e9;
  now.sessions = frame.sessions_open;
}

LoadNow LoadRun::now() const {
  LoadNow sum;
  for (const Load& load : loads_) {
    sum.rate += load.now.rate;
    sum.errors += load.now.errors;
    sum.sessions += load.now.sessions;
    // Of different loads: the slower one is what a person should see.
    sum.p50 = std::max(sum.p50, load.now.p50);
    sum.p99 = std::max(sum.p99, load.now.p99);
  }
  return sum;
}

std::vector<int> LoadRun::pids() const {
  std::vector<int> pids;
  for (const auto& worker : workers_)
    if (worker.link && worker.link->up()) pids.push_back(worker.link->pid());
  return pids;
}

}  // namespace ordeal
