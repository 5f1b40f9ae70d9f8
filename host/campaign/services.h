// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "campaign/bulletin.h"
#include "campaign/campaign.h"
#include "campaign/cell_link.h"
#include "campaign/loop.h"
#include "campaign/topic_hub.h"
#include "registry/registry.h"

namespace ordeal {

/// What a rule said last, with the words for the journal.
struct RuleState {
  std::string rule;         // component id
  std::string plugin;       // id and version
  std::uint32_t level = 0;  // ORDEAL_VERDICT_*
  std::string metric;
  std::string reason;
  double value = 0;
  double limit = 0;
  std::uint64_t window_ns = 0;
};

/// Collectors and rules of a run: their cells, their schedule, their trouble. Plugins that did not
/// ship with ordeal have a cell each, unless the campaign says otherwise. A dead cell is restarted
/// with exponential back-off and quarantined after three failures. One thread, the loop's.
class Services {
 public:
  /// `topics` carries the events of third-party topics; nullptr: there are none.
  Services(Loop& loop, CellStarter& starter, const Registry& registry, const Campaign& campaign,
           Bulletin& bulletin, TopicHub* topics = nullptr);
  ~Services();

  /// Starts the cells. Error: plugin_rejected for a plugin that is not in the registry any more.
  Result<void> start();
  /// All components were created (or one was refused: see refusal()).
  [[nodiscard]] bool settled() const;
  /// "" or why a component could not be created: the run is refused with 113.
  [[nodiscard]] std::string refusal() const;

  /// The rules' present words, worst first in effect; missed deadlines and dead rules included.
  [[nodiscard]] const std::vector<RuleState>& rules() const { return rule_states_; }
  /// Newest value of every series.
  [[nodiscard]] const std::map<std::string, SnapshotSample>& latest() const { return latest_; }
  /// Of a metric with (or without) labels; false when there is none younger than `max_age_ns`.
  bool newest(const std::string& metric, double& value, std::uint64_t max_age_ns) const;
  /// Every batch of values, as it comes.
  void on_samples(std::function<void(const std::string& metric, const std::string& labels,
                                     double value, std::uint64_t mono_ns)>
                      fn) {
    on_samples_ = std::move(fn);
  }
  /// What rules see of the load: set by the phase that runs.
  void set_phase(std::int32_t phase) { phase_ = phase; }
  void set_interval(std::size_t load, SnapshotInterval interval);
  /// Publishes what a plugin recorded through ordeal.host.metrics/1 (CellMessage::metrics behind
  /// the instance). `known` holds the metrics of that instance of that process so far; rules see
  /// the values, unless a collector declares a metric of that name.
  struct OwnMetric {
    std::uint32_t id;
    DeclaredMetric declared;
    bool shown;
  };
  /// How many values were dropped because the component has too many series.
  /// `worker`, when several make the load, becomes a label.
  std::size_t own_metrics(const std::string& component, std::vector<OwnMetric>& known, Decoder& in,
                          std::uint32_t source, const std::string& worker = "");
  static constexpr const char* too_many_series =
      "it reports more than 10,000 series (labels that differ); values of further ones are dropped";
  /// Pulls every collector now and not less often than every `period_ns` until called with 0.
  void hurry(std::uint64_t period_ns);
  /// Ends all cells.
  void stop();

  /// Plugins in use, for the journal.
  struct Used {
    std::string id, version, kind, component, isolation;
  };
  [[nodiscard]] std::vector<Used> used() const;
  /// Pids of the service cells as the host sees them.
  [[nodiscard]] std::vector<int> pids() const;

 private:
  struct Item {  // a component in a cell
    std::uint32_t instance = 0;
    std::string kind;
    std::size_t index = 0;  // in the campaign's list of that kind
    const PluginInfo* plugin = nullptr;
    std::string component;
    std::string config;
    std::size_t cell = 0;
    std::uint64_t period_ns = 0;
    std::uint64_t next_ns = 0;
    std::uint64_t asked_ns = 0;  // 0: nothing outstanding
    std::uint64_t token = 0;
    std::uint32_t backoff = 1;
    std::vector<std::uint32_t> metric_ids;
    std::vector<DeclaredMetric> metrics;
    std::vector<OwnMetric> own;
    std::size_t rule_state = 0;
    std::uint32_t misses = 0;
    std::uint64_t judged_ns = 0;
  };
  struct Cell {
    std::string name;
    std::string plugin;  // the only one whose components it holds; "": shared
    std::unique_ptr<CellLink> link;
    std::uint32_t generation = 0;
    std::uint32_t failures = 0;
    std::uint64_t restart_ns = 0;
    bool quarantined = false;
    bool created = false;
    bool came_up = false;  // was created once
  };

  Result<void> add(const std::string& kind, const std::string& plugin, const std::string& component,
                   const std::string& config, const std::string& isolation,
                   std::uint64_t period_ns);
  void start_cell(std::size_t index);
  void tick();
  void watch_cell(std::size_t index);
  void cell_died(std::size_t index, const std::string& how);
  void ask(Item& item);
  void message(std::size_t cell, CellMessage type, Decoder& in);
  void trouble(std::size_t cell, Decoder& in);
  /// Id and version of a cell's plugins; several are separated by commas.
  [[nodiscard]] std::string plugins_of(std::size_t cell) const;
  void refuse_if_down(std::size_t index, const std::string& how);
  void collector_gap(Item& item, const std::string& why);
  void samples(Item& item, Decoder& in);
  /// Labels that never come again would fill the memory of a run of hours.
  bool admits(const std::string& component, std::uint32_t metric, const std::string& labels);
  void tell_series(const Item& item, std::size_t dropped);
  void verdict(Item& item, Decoder& in);
  void rule_missed(Item& item, const std::string& why, std::uint32_t at_least);
  void announce(Item& item, const RuleState& before);
  Snapshot snapshot() const;
  void declare_metrics(Item& item);
  std::uint32_t publish_metric(const std::string& component, const DeclaredMetric& metric);
  Item* find(std::size_t cell, std::uint32_t instance);

  Loop& loop_;
  CellStarter& starter_;
  const Registry& registry_;
  const Campaign& campaign_;
  Bulletin& bulletin_;
  TopicHub* topics_;
  std::vector<Item> items_;
  std::vector<Cell> cells_;
  std::vector<RuleState> rule_states_;
  std::map<std::string, SnapshotSample> latest_;
  std::map<std::string, std::set<std::pair<std::uint32_t, std::string>>> series_;  // by component
  std::map<std::pair<std::size_t, std::string>, SnapshotInterval> intervals_;      // by load, kind
  std::function<void(const std::string&, const std::string&, double, std::uint64_t)> on_samples_;
  std::int32_t phase_ = -1;
  std::uint32_t next_metric_ = 1;
  std::map<std::pair<std::string, std::string>, std::uint32_t> own_ids_;  // by component, name
  std::uint64_t next_token_ = 1;
  std::uint64_t hurry_ns_ = 0;
  std::string refusal_;  // of a cell that never came up
  Loop::Id ticker_ = 0;
};

}  // namespace ordeal
