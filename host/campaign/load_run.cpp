// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_run.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/plain_text.h"
#include "ordeal/abi/scenario.h"

namespace ordeal {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint32_t give_up_after = 3;
constexpr std::uint32_t scenario_instance = 1;  // a load cell holds one component
constexpr std::size_t longest_kind = 64;        // of trouble
constexpr std::uint64_t clock_slack_ns = 1'000 * ms;

}  // namespace

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
  for (std::size_t i = 0; i < workers_.size(); ++i)
    if (topics_ != nullptr) topics_->gone("scenario", i);
  for (auto& worker : workers_) {
    if (!worker.link) continue;
    worker.link->shutdown();
    starter_.forget(*worker.link);
  }
}

Result<void> LoadRun::start() {
  workers_.resize(campaign_.load.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const auto& entry = campaign_.load[i];
    auto found = registry_.find("scenario", entry.plugin + "/" + entry.scenario);
    if (!found) return std::move(found).error();
    workers_[i].plugin = found->plugin;
    start_worker(i);
  }
  ticker_ = loop_.every(20 * ms, [this] { tick(); });
  return {};
}

void LoadRun::start_worker(std::size_t load) {
  Worker& worker = workers_[load];
  const auto& entry = campaign_.load[load];
  worker.restart_ns = 0;
  worker.begun = false;
  worker.expected_seq = 0;
  worker.metrics.clear();
  ++worker.generation;
  auto link = starter_.start(
      "load-" + std::to_string(load) + "-" + entry.scenario,
      [this, load](CellLink&, CellMessage type, Decoder& in) { message(load, type, in); });
  if (!link) {
    died(load, link.error().line());
    return;
  }
  worker.link = std::move(*link);
  worker.link->confine(worker.plugin->privileges, 0);
  worker.link->load(*worker.plugin);
  if (topics_ != nullptr)
    topics_->attach("scenario", load, *worker.link, scenario_instance, worker.generation);
  worker.link->create(scenario_instance, worker.plugin->id, "scenario", entry.scenario,
                      entry.config);
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
  return workers_[load].link->declared(scenario_instance);
}

void LoadRun::begin(const std::vector<LoadSpec>& specs, std::uint64_t interval_ns) {
  interval_ns_ = interval_ns;
  begun_ = true;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    worker.spec = specs[i];
    worker.silent_since_ns = worker.spec.start_ns;
    end_ns_ = std::max(end_ns_, worker.spec.start_ns + worker.spec.duration_ns);
    totals_.worker_ns += worker.spec.duration_ns;
    if (!worker.link) continue;  // it has died meanwhile and will be resumed
    worker.begun = true;
    worker.link->begin(scenario_instance, static_cast<std::uint32_t>(i), 0, worker.generation,
                       interval_ns_, worker.spec);
  }
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
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    if (worker.given_up || worker.done) continue;
    if (!worker.link) {
      if (begun_ && now >= end_ns_) {  // too late to resume
        totals_.missing_ns += end_ns_ - std::min(end_ns_, worker.silent_since_ns);
        worker.done = true;
      } else if (worker.restart_ns != 0 && now >= worker.restart_ns && !stopping_) {
        start_worker(i);
      } else if (stopping_) {
        worker.done = true;
      }
      continue;
    }
    if (const std::string how = worker.link->death(); !how.empty()) {
      died(i, how);
    } else if (begun_ && !worker.begun) {
      resume_worker(i);
    }
  }
}

void LoadRun::resume_worker(std::size_t load) {
  Worker& worker = workers_[load];
  const auto answer = worker.link->create_answer(scenario_instance);
  if (!answer || !answer->empty()) return;
  const std::uint64_t now = loop_.now();
  if (now >= end_ns_) return;
  LoadSpec rest = worker.spec;
  rest.start_ns = now;
  rest.duration_ns = end_ns_ - now;
  // What was left of the warm-up still is.
  const std::uint64_t warm_end = worker.spec.start_ns + worker.spec.warm_up_ns;
  rest.warm_up_ns = warm_end > now ? warm_end - now : 0;
  rest.seed = worker.spec.seed + worker.generation;
  totals_.missing_ns += now - std::min(now, worker.silent_since_ns);
  worker.begun = true;
  worker.link->begin(scenario_instance, static_cast<std::uint32_t>(load), 0, worker.generation,
                     interval_ns_, rest);
  if (factor_ != 1) worker.link->throttle(scenario_instance, factor_);
  bulletin_.event("plugin", "cell_restarted", phase_,
                  {{"plugin", worker.plugin->id + " " + worker.plugin->version},
                   {"cell", worker.link->name()},
                   {"generation", worker.generation}},
                  "cell " + worker.link->name() + " runs again");
}

void LoadRun::trouble(std::size_t load, std::string kind, std::uint64_t count, std::string detail) {
  const PluginInfo& plugin = *workers_[load].plugin;
  bulletin_.trouble(phase_, {plugin.id + " " + plugin.version, campaign_.load[load].scenario,
                             std::move(kind), count, std::move(detail)});
}

void LoadRun::tell_overruns(std::size_t load) {
  const auto& link = workers_[load].link;
  if (link && link->overruns() > 0)
    trouble(load, "overrun", link->overruns(), "it held its worker for over 100 ms");
}

void LoadRun::died(std::size_t load, const std::string& how) {
  Worker& worker = workers_[load];
  ++worker.failures;
  tell_overruns(load);
  const std::string name =
      worker.link ? worker.link->name()
                  : "load-" + std::to_string(load) + "-" + campaign_.load[load].scenario;
  boost::json::array lines;
  if (worker.link)
    for (const auto& line : worker.link->last_log()) lines.emplace_back(line);
  const std::string plugin = worker.plugin->id + " " + worker.plugin->version;
  boost::json::object data{{"plugin", plugin},
                           {"component", campaign_.load[load].scenario},
                           {"cell", name},
                           {"how", how},
                           {"restarts", worker.failures},
                           {"last_log", lines}};
  bulletin_.event("plugin", "cell_died", phase_, data,
                  "cell " + name + " (" + plugin + ") died: " + how);
  if (phase_ < 0 && refusal_.empty() && worker.link)
    refusal_ = worker.link->refusal(*worker.plugin, scenario_instance);
  if (worker.link) starter_.forget(*worker.link);
  if (topics_ != nullptr) topics_->lost("scenario", load);
  worker.link.reset();
  worker.begun = false;
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

void LoadRun::message(std::size_t load, CellMessage type, Decoder& in) {
  Worker& worker = workers_[load];
  in.u32();  // the only instance
  if (topics_ != nullptr && topics_->message("scenario", load, type, in)) return;
  if (type == CellMessage::trouble) {
    std::string kind = plain_text(in.text(), longest_kind);
    const std::uint64_t count = in.u64();
    trouble(load, std::move(kind), count, plain_text(in.text()));
    return;
  }
  switch (type) {
    case CellMessage::begun:
      if (const auto problem = plain_text(in.text()); !problem.empty()) {
        refusal_ = problem;
        worker.given_up = true;
        const std::string plugin = worker.plugin->id + " " + worker.plugin->version;
        const std::string name(worker.link->name());
        bulletin_.event("plugin", "refused", phase_,
                        {{"plugin", plugin},
                         {"component", campaign_.load[load].scenario},
                         {"cell", name},
                         {"reason", problem}},
                        "cell " + name + " (" + plugin + ") refused the phase: " + problem);
      }
      return;
    case CellMessage::frame:
      frame(load, in.bytes());
      return;
    case CellMessage::metrics:
      if (const auto dropped = services_.own_metrics(campaign_.load[load].scenario, worker.metrics,
                                                     in, static_cast<std::uint32_t>(load));
          dropped > 0)
        trouble(load, "series", dropped, Services::too_many_series);
      return;
    case CellMessage::finished:
      tell_overruns(load);
      worker.done = true;
      return;
    default:
      return;
  }
}

/// A plugin shares its process with the one who measures, and could write to the channel itself.
bool LoadRun::is_its_own(const IntervalFrame& frame, std::size_t load) {
  const Worker& worker = workers_[load];
  const std::size_t kinds = declared(load).kinds.size();
  return worker.begun && frame.load == load && frame.worker == 0 &&
         frame.generation == worker.generation && frame.start_ns <= frame.end_ns &&
         frame.end_ns <= loop_.now() + clock_slack_ns &&
         std::all_of(frame.kinds.begin(), frame.kinds.end(),
                     [&](const KindInterval& kind) { return kind.kind < kinds; });
}

void LoadRun::frame(std::size_t load, std::span<const std::byte> bytes) {
  Worker& worker = workers_[load];
  auto decoded = decode_interval(bytes);
  if (!decoded || !is_its_own(*decoded, load)) {
    trouble(load, "forged", 1, "it sent an interval that its cell did not measure");
    return;
  }
  const IntervalFrame& frame = *decoded;
  worker.silent_since_ns = frame.end_ns;
  bulletin_.interval(phase_, bytes, frame.load, frame.generation);

  totals_.offered += frame.offered;
  totals_.sessions_opened += frame.sessions_opened;
  totals_.sessions_failed += frame.sessions_failed;
  totals_.misbehaviour += frame.misbehaviour;
  if (frame.misbehaviour > 0)
    trouble(load, "misbehaviour", frame.misbehaviour,
            "it completed operations twice, or ones that it was not given");
  totals_.late += frame.late;
  totals_.cpu_ns += frame.cpu_ns;
  totals_.run_delay_ns += frame.run_delay_ns;
  totals_.wire.probe += frame.wire.probe;
  totals_.wire.warm_up += frame.wire.warm_up;
  totals_.wire.measured += frame.wire.measured;
  totals_.wire.retried += frame.wire.retried;
  totals_.wire.cancelled += frame.wire.cancelled;
  totals_.send_lag.merge(frame.send_lag);
  Histogram latency;
  OutcomeCounts outcomes{};
  for (const auto& kind : frame.kinds) {
    for (std::size_t i = 0; i < outcome_count; ++i) outcomes[i] += kind.outcomes[i];
    for (const auto& [code, n] : kind.codes) totals_.codes[{frame.load, kind.kind, code}] += n;
    if (kind.latency.unit_ns() == totals_.latency.unit_ns()) {
      latency.merge(kind.latency);
      totals_.latency.merge(kind.latency);
    }
    SnapshotInterval interval;
    interval.scenario = campaign_.load[load].scenario;
    const auto& kinds = declared(load).kinds;
    interval.kind = kind.kind < kinds.size() ? kinds[kind.kind] : std::to_string(kind.kind);
    interval.start_ns = frame.start_ns;
    interval.end_ns = frame.end_ns;
    interval.outcomes = kind.outcomes;
    interval.p50_ns = kind.latency.value_at(50);
    interval.p99_ns = kind.latency.value_at(99);
    interval.max_ns = kind.latency.max();
    if (on_interval_) on_interval_(interval);
    services_.set_interval(load, std::move(interval));
  }
  for (std::size_t i = 0; i < outcome_count; ++i) totals_.outcomes[i] += outcomes[i];
  const double seconds = static_cast<double>(frame.end_ns - frame.start_ns) / 1e9;
  if (seconds <= 0.001) return;  // the last sliver of a phase says nothing about the rate
  std::uint64_t all = 0;
  for (const auto n : outcomes) all += n;
  const std::uint64_t ok = outcomes[ORDEAL_OUTCOME_OK];
  now_.rate = static_cast<double>(all) / seconds;
  now_.errors = static_cast<double>(all - ok) / seconds;
  now_.p50 = static_cast<double>(latency.value_at(50)) / 1e9;
  now_.p99 = static_cast<double>(latency.value_at(99)) / 1e9;
  now_.sessions = frame.sessions_open;
}

std::vector<int> LoadRun::pids() const {
  std::vector<int> pids;
  for (const auto& worker : workers_)
    if (worker.link && worker.link->up()) pids.push_back(worker.link->pid());
  return pids;
}

}  // namespace ordeal
