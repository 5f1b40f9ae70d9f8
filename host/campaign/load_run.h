// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/interval.h"
#include "campaign/bulletin.h"
#include "campaign/campaign.h"
#include "campaign/cell_link.h"
#include "campaign/feeder_index.h"
#include "campaign/frame_merger.h"
#include "campaign/load_totals.h"
#include "campaign/loop.h"
#include "campaign/services.h"
#include "campaign/topic_hub.h"
#include "engine/worker_progress.h"
#include "registry/registry.h"

namespace ordeal {

/// What the last interval looked like, for people who watch.
struct LoadNow {
  double rate = 0;    // completed operations per second
  double errors = 0;  // failed ones per second
  double p50 = 0;     // seconds
  double p99 = 0;
  std::uint64_t sessions = 0;
};

/// The load cells of one phase (or of the baseline's probe): one for each worker of a load entry
/// that has work. To everybody else a load is one, however many workers it has. A dead cell is
/// restarted with back-off for what is left of the phase, of its operations and of its feeder's
/// records, and given up after three failures; in the baseline (a phase below 0) at once. What it
/// had not yet handed over when it died is in no figure. One thread, the loop's.
class LoadRun {
 public:
  LoadRun(Loop& loop, CellStarter& starter, const Registry& registry, const Campaign& campaign,
          Bulletin& bulletin, Services& services, std::int32_t phase, TopicHub* topics = nullptr);
  ~LoadRun();

  /// Starts the cells that `specs`, one for each load entry, have work for, and creates the
  /// scenarios. Error: plugin_rejected.
  Result<void> start(const std::vector<LoadSpec>& specs);
  [[nodiscard]] bool created() const;
  /// "" or why a scenario was refused.
  [[nodiscard]] std::string refusal() const;
  [[nodiscard]] const Declared& declared(std::size_t load);

  /// Where each load entry's operations get their data; nullptr: from nowhere. Before start();
  /// borrowed.
  using Feeders = std::vector<std::unique_ptr<FeederSource>>;
  void feed(const Feeders& feeders) { feeders_ = &feeders; }
  /// Begins, each load entry with its own spec, of as many sessions and operations as start() was
  /// told; `interval_ns` is that of the frames.
  void begin(const std::vector<LoadSpec>& specs, std::uint64_t interval_ns);
  void throttle(double factor);
  void stop(std::uint64_t drain_ns);
  /// Every worker is done, or given up.
  [[nodiscard]] bool finished() const;
  /// A worker was given up: the phase has no load of that entry any more.
  [[nodiscard]] bool gave_up() const;

  /// A worker died, whether or not it came back.
  [[nodiscard]] bool died() const;

  /// What kept the load from being what it was to be, in words.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

  /// Every interval of every kind, as it comes.
  void on_interval(std::function<void(const SnapshotInterval&)> fn) {
    on_interval_ = std::move(fn);
  }

  [[nodiscard]] const LoadTotals& totals() const { return totals_; }
  [[nodiscard]] LoadNow now() const;
  [[nodiscard]] std::vector<int> pids() const;

 private:
  struct Worker {
    std::size_t load = 0;
    std::uint32_t index = 0;  // among the workers of that load
    std::size_t number = 0;   // see worker_number()
    std::string name;         // of its cell
    std::unique_ptr<CellLink> link;
    const PluginInfo* plugin = nullptr;
    std::uint32_t generation = 0;
    std::uint32_t failures = 0;
    std::uint64_t restart_ns = 0;
    std::uint64_t silent_since_ns = 0;  // end of its last frame, while it is dead
    bool begun = false;
    bool done = false;
    bool given_up = false;
    LoadSpec spec;
    std::optional<SharedProgress> progress;
    std::vector<Services::OwnMetric> metrics;
    std::uint64_t expected_seq = 0;
  };

  /// Of a load entry, as the whole run sees it.
  struct Load {
    std::size_t first = 0;  // of its workers
    std::uint32_t workers = 1;
    std::optional<Declared> declared;
    FeederSource* feeder = nullptr;
    bool feeder_told = false;             // that it is used up or changed
    bool schedule_told = false;           // that it is broken
    std::unique_ptr<FrameMerger> merger;  // nullptr: only one worker
    LoadNow now;
  };

  /// Of a cell that holds the scenario and nothing else.
  static constexpr std::uint32_t scenario_instance = 1;

  // load_run_workers.cpp: cells come, die and come back.
  void start_worker(Worker& worker);
  void tick();
  void died(Worker& worker, const std::string& how);
  void trouble(const Worker& worker, std::string kind, std::uint64_t count, std::string detail);
  void tell_overruns(const Worker& worker);
  /// What is left of its part of the load; nothing when that is no operation.
  [[nodiscard]] std::optional<LoadSpec> rest_of(const Worker& worker) const;
  void resume_worker(Worker& worker);
  void begin_worker(Worker& worker, const LoadSpec& spec);
  /// No more frames of it are to be waited for.
  void leave(const Worker& worker);
  void message(Worker& worker, CellMessage type, Decoder& in);

  // load_run_frames.cpp: what they measured, on its way to everybody else.
  void frame(Worker& worker, std::span<const std::byte> bytes);
  void merged(std::size_t load);
  void look_at_feeder(std::size_t load);
  void tell_broken_schedule(const Worker& worker);
  /// One interval of a whole load: into the journal, to rules, reports and people.
  void publish(const IntervalFrame& frame, std::span<const std::byte> bytes);
  [[nodiscard]] bool is_its_own(const IntervalFrame& frame, const Worker& worker);

  Loop& loop_;
  CellStarter& starter_;
  const Registry& registry_;
  const Campaign& campaign_;
  Bulletin& bulletin_;
  Services& services_;
  std::int32_t phase_;
  TopicHub* topics_;
  const Feeders* feeders_ = nullptr;
  std::vector<Load> loads_;
  std::deque<Worker> workers_;  // by load; they stay where they are
  std::string refusal_;
  std::vector<std::string> faults_;
  std::uint64_t interval_ns_ = 0;
  std::uint64_t end_ns_ = 0;
  bool begun_ = false;
  bool stopping_ = false;
  double factor_ = 1;
  LoadTotals totals_;
  std::function<void(const SnapshotInterval&)> on_interval_;
  Loop::Id ticker_ = 0;
};

}  // namespace ordeal
