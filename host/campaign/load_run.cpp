// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_run.h"

#include <algorithm>

#include "base/log.h"
#include "campaign/load_split.h"

namespace ordeal {

namespace {

constexpr std::uint64_t tick_ns = 20'000'000;

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
              " workers: there are no more connections or operations");
    for (std::uint32_t index = 0; index < load.workers; ++index) {
      Worker& worker = workers_.emplace_back();
      worker.load = i;
      worker.index = index;
      worker.number = worker_number(campaign_, i, index);
      worker.plugin = found->plugin;
      worker.name = "load-" + std::to_string(i) + "-" + entry.scenario;
      if (entry.workers > 1) worker.name += "-" + std::to_string(index);
      auto progress = SharedProgress::make();
      if (!progress) return std::move(progress).error();
      worker.progress = std::move(*progress);
    }
  }
  for (auto& worker : workers_) start_worker(worker);
  ticker_ = loop_.every(tick_ns, [this] { tick(); });
  return {};
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

std::vector<int> LoadRun::pids() const {
  std::vector<int> pids;
  for (const auto& worker : workers_)
    if (worker.link && worker.link->up()) pids.push_back(worker.link->pid());
  return pids;
}

}  // namespace ordeal
