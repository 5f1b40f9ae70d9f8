// SPDX-License-Identifier: Apache-2.0
#include "campaign/services.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/duration.h"
#include "base/log.h"
#include "campaign/ladder.h"
#include "ordeal/abi/metrics.h"
#include "ordeal/abi/rule.h"

namespace ordeal {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t hung_after_ns = 5'000 * ms;
constexpr std::uint32_t quarantine_after = 3;
/// Most descriptors of a cell that makes no load.
constexpr std::uint32_t descriptors_max = 512;

std::uint64_t count(Duration d) { return static_cast<std::uint64_t>(d.count()); }

}  // namespace

Services::Services(Loop& loop, CellStarter& starter, const Registry& registry,
                   const Campaign& campaign, Bulletin& bulletin, TopicHub* topics)
    : loop_(loop),
      starter_(starter),
      registry_(registry),
      campaign_(campaign),
      bulletin_(bulletin),
      topics_(topics) {}

Services::~Services() { stop(); }

Result<void> Services::add(const std::string& kind, const std::string& plugin,
                           const std::string& component, const std::string& config,
                           const std::string& isolation, std::uint64_t period_ns) {
  auto found = registry_.find(kind, plugin + "/" + component);
  if (!found) return std::move(found).error();
  Item item;
  item.instance = static_cast<std::uint32_t>(items_.size() + 1);
  item.kind = kind;
  item.index = static_cast<std::size_t>(std::count_if(
      items_.begin(), items_.end(), [&](const Item& other) { return other.kind == kind; }));
  item.plugin = found->plugin;
  item.component = component;
  item.config = config;
  item.period_ns = period_ns;
  const bool shared = effective_isolation(*item.plugin, isolation) == "shared";
  const std::string owner = shared ? "" : item.plugin->id;
  const auto same = std::find_if(cells_.begin(), cells_.end(),
                                 [&](const Cell& cell) { return cell.plugin == owner; });
  item.cell = static_cast<std::size_t>(same - cells_.begin());
  if (same == cells_.end()) {
    cells_.emplace_back();
    cells_.back().name = shared ? "service" : owner;
    cells_.back().plugin = owner;
  }
  if (kind == "rule") {
    item.rule_state = rule_states_.size();
    RuleState state;
    state.rule = component;
    state.plugin = item.plugin->id + " " + item.plugin->version;
    rule_states_.push_back(std::move(state));
  }
  items_.push_back(std::move(item));
  return {};
}

Result<void> Services::start() {
  for (const auto& c : campaign_.collect) {
    if (auto r = add("collector", c.plugin, c.collector, c.config, c.isolation, count(c.interval));
        !r)
      return r;
  }
  for (const auto& rule : campaign_.safety.rules) {
    if (auto r = add("rule", rule.plugin, rule.rule, rule.config, rule.isolation,
                     count(campaign_.safety.check_interval));
        !r)
      return r;
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) start_cell(i);
  ticker_ = loop_.every(20 * ms, [this] { tick(); });
  return {};
}

void Services::start_cell(std::size_t index) {
  Cell& cell = cells_[index];
  if (cell.link) starter_.forget(*cell.link);
  cell.link.reset();
  cell.created = false;
  cell.restart_ns = 0;
  ++cell.generation;
  auto link = starter_.start(cell.name, [this, index](CellLink&, CellMessage type, Decoder& in) {
    message(index, type, in);
  });
  if (!link) {
    cell_died(index, link.error().line());
    return;
  }
  cell.link = std::move(*link);
  std::vector<std::string> privileges;
  for (const auto& item : items_)
    if (item.cell == index)
      privileges.insert(privileges.end(), item.plugin->privileges.begin(),
                        item.plugin->privileges.end());
  cell.link->confine(privileges, descriptors_max);
  std::vector<const PluginInfo*> loaded;
  for (auto& item : items_) {
    if (item.cell != index) continue;
    if (std::find(loaded.begin(), loaded.end(), item.plugin) == loaded.end()) {
      cell.link->load(*item.plugin);
      loaded.push_back(item.plugin);
    }
    item.own.clear();
    if (topics_ != nullptr)
      topics_->attach(item.kind, item.index, *cell.link, item.instance, cell.generation);
    cell.link->create(item.instance, item.plugin->id, item.kind, item.component, item.config);
  }
}

bool Services::settled() const {
  if (!refusal().empty()) return true;
  return std::all_of(cells_.begin(), cells_.end(), [](const Cell& cell) { return cell.created; });
}

std::string Services::refusal() const {
  if (!refusal_.empty()) return refusal_;
  for (const auto& item : items_) {
    const auto& cell = cells_[item.cell];
    if (!cell.link) continue;
    if (auto why = cell.link->refusal(*item.plugin, item.instance); !why.empty()) return why;
  }
  return "";
}

void Services::tick() {
  for (std::size_t i = 0; i < cells_.size(); ++i) watch_cell(i);
  const std::uint64_t now = loop_.now();
  for (auto& item : items_) {
    const Cell& cell = cells_[item.cell];
    if (item.kind == "rule") {
      // A rule that was judged to be dead stays so until it has spoken again.
      const std::uint64_t deadline = std::max<std::uint64_t>(1'000 * ms, item.period_ns);
      if (cell.quarantined) {
        rule_missed(item, "its cell is quarantined", ORDEAL_VERDICT_ABORT);
      } else if (item.judged_ns != 0 && !cell.created &&
                 now - item.judged_ns > 2 * std::max(item.period_ns, 500 * ms)) {
        rule_missed(item, "its cell died and it has not judged again within two intervals",
                    ORDEAL_VERDICT_STOP_PHASE);
      } else if (item.asked_ns != 0 && now - item.asked_ns > deadline) {
        item.asked_ns = 0;
        ++item.misses;
        const std::uint32_t level = item.misses >= 3   ? ORDEAL_VERDICT_STOP_PHASE
                                    : item.misses == 2 ? ORDEAL_VERDICT_HOLD
                                                       : ORDEAL_VERDICT_WARN;
        rule_missed(item, "it missed its deadline " + std::to_string(item.misses) + " times",
                    level);
      }
    } else if (item.asked_ns != 0 && now - item.asked_ns > hung_after_ns) {
      item.asked_ns = 0;
      collector_gap(item, "no answer within 5 s");
    }
    if (!cell.created || item.asked_ns != 0 || now < item.next_ns) continue;
    ask(item);
  }
}

void Services::watch_cell(std::size_t index) {
  Cell& cell = cells_[index];
  if (cell.quarantined) return;
  const std::uint64_t now = loop_.now();
  if (!cell.link) {
    if (cell.restart_ns != 0 && now >= cell.restart_ns) start_cell(index);
    return;
  }
  if (const std::string how = cell.link->death(); !how.empty()) {
    refuse_if_down(index, how);
    cell_died(index, how);
    return;
  }
  if (cell.created) return;
  bool all = true;
  for (auto& item : items_) {
    if (item.cell != index) continue;
    const auto answer = cell.link->create_answer(item.instance);
    all = all && answer && answer->empty();
  }
  if (!all) return;
  cell.created = true;
  cell.came_up = true;
  for (auto& item : items_) {
    if (item.cell != index) continue;
    item.asked_ns = 0;
    item.next_ns = now;
    if (item.kind == "collector") declare_metrics(item);
  }
}

std::string Services::plugins_of(std::size_t cell) const {
  std::vector<const PluginInfo*> seen;
  std::string names;
  for (const auto& item : items_) {
    if (item.cell != cell || std::find(seen.begin(), seen.end(), item.plugin) != seen.end())
      continue;
    seen.push_back(item.plugin);
    names += (names.empty() ? "" : ", ") + item.plugin->id + " " + item.plugin->version;
  }
  return names;
}

void Services::refuse_if_down(std::size_t index, const std::string& how) {
  if (cells_[index].came_up || !refusal_.empty()) return;
  for (const auto& item : items_) {
    if (item.cell != index) continue;
    const auto& link = *cells_[index].link;
    // Whichever the cell had not answered for is what it died of.
    if (const auto answer = link.create_answer(item.instance); answer && answer->empty()) continue;
    refusal_ = link.refusal(*item.plugin, item.instance);
    if (refusal_.empty())
      refusal_ = "plugin " + item.plugin->id + " " + item.plugin->version +
                 ": its cell did not come up: " + how;
    return;
  }
}

void Services::cell_died(std::size_t index, const std::string& how) {
  Cell& cell = cells_[index];
  ++cell.failures;
  boost::json::array names;
  for (const auto& item : items_)
    if (item.cell == index) names.emplace_back(item.plugin->id + " " + item.plugin->version);
  const std::string who = plugins_of(index);
  boost::json::array lines;
  if (cell.link)
    for (const auto& line : cell.link->last_log()) lines.emplace_back(line);
  boost::json::object data{{"plugin", who}, {"plugins", names},          {"cell", cell.name},
                           {"how", how},    {"restarts", cell.failures}, {"last_log", lines}};
  bulletin_.event("plugin", "cell_died", phase_, data,
                  "cell " + cell.name + " (" + who + ") died: " + how);
  if (cell.link) starter_.forget(*cell.link);
  cell.link.reset();
  cell.created = false;
  for (auto& item : items_) {
    if (item.cell != index) continue;
    item.asked_ns = 0;
    if (topics_ != nullptr) topics_->lost(item.kind, item.index);
  }
  if (cell.failures > quarantine_after) {
    cell.quarantined = true;
    bulletin_.event("plugin", "quarantined", phase_, data,
                    "cell " + cell.name + " is quarantined after " + std::to_string(cell.failures) +
                        " failures");
    return;
  }
  // The first restart is at once: a rule must be back within two intervals.
  const std::uint64_t delay = cell.failures == 1 ? 0 : (100 * ms) << (cell.failures - 1);
  cell.restart_ns = loop_.now() + delay + 1;
}

void Services::ask(Item& item) {
  Cell& cell = cells_[item.cell];
  item.asked_ns = loop_.now();
  item.token = next_token_++;
  std::uint64_t period = item.period_ns;
  if (item.kind == "collector") {
    if (hurry_ns_ != 0) period = std::min(period, hurry_ns_);
    cell.link->collect(item.instance, item.token);
    period *= item.backoff;
  } else {
    cell.link->evaluate(item.instance, item.token, snapshot());
  }
  item.next_ns = item.asked_ns + period;
}

Services::Item* Services::find(std::size_t cell, std::uint32_t instance) {
  for (auto& item : items_)
    if (item.cell == cell && item.instance == instance) return &item;
  return nullptr;
}

void Services::trouble(std::size_t cell, Decoder& in) {
  const Item* item = find(cell, in.u32());
  PluginTrouble trouble;
  trouble.plugin =
      item != nullptr ? item->plugin->id + " " + item->plugin->version : plugins_of(cell);
  if (item != nullptr) trouble.component = item->component;
  trouble.kind = in.text();
  trouble.count = in.u64();
  trouble.detail = in.text();
  if (in.ok()) bulletin_.trouble(phase_, std::move(trouble));
}

void Services::message(std::size_t cell, CellMessage type, Decoder& in) {
  if (type == CellMessage::trouble) {
    trouble(cell, in);
    return;
  }
  Item* item = find(cell, in.u32());
  if (item == nullptr) return;
  if (topics_ != nullptr && topics_->message(item->kind, item->index, type, in)) return;
  if (type == CellMessage::metrics) {
    own_metrics(item->component, item->own, in, item->instance);
    return;
  }
  if (in.u64() != item->token || item->asked_ns == 0) return;  // too late: counted as missed
  item->asked_ns = 0;
  if (type == CellMessage::samples) samples(*item, in);
  if (type == CellMessage::verdict) verdict(*item, in);
}

void Services::declare_metrics(Item& item) {
  item.metrics = cells_[item.cell].link->declared(item.instance).metrics;
  if (!item.metric_ids.empty()) return;  // after a restart the numbers stay
  for (const auto& metric : item.metrics)
    item.metric_ids.push_back(publish_metric(item.component, metric));
}

std::uint32_t Services::publish_metric(const std::string& component, const DeclaredMetric& metric) {
  MetricRow row;
  row.id = next_metric_++;
  row.collector = component;
  row.name = metric.name;
  row.unit = metric.unit;
  row.help = metric.help;
  row.type = metric.type == ORDEAL_METRIC_COUNTER ? "counter" : "gauge";
  row.label_names = metric.labels;
  bulletin_.metric(row);
  return row.id;
}

void Services::own_metrics(const std::string& component, std::vector<OwnMetric>& known, Decoder& in,
                           std::uint32_t source) {
  for (auto& metric : get_declared(in).metrics) {
    auto& id = own_ids_[{component, metric.name}];  // after a restart the numbers stay
    if (id == 0) id = publish_metric(component, metric);
    // A plugin must not talk rules out of what a collector measures.
    const bool collected = std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
      return std::any_of(item.metrics.begin(), item.metrics.end(),
                         [&](const DeclaredMetric& other) { return other.name == metric.name; });
    });
    known.push_back({id, std::move(metric), !collected});
  }
  SampleBatch batch;
  batch.mono_ns = loop_.now();
  batch.wall_ns = loop_.clock().wall_ns();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    const std::uint32_t index = in.u32();
    const std::string labels(in.text());
    const double value = in.f64();
    if (!in.ok() || index >= known.size()) continue;
    const auto& metric = known[index];
    batch.values.push_back({metric.id, labels, value});
    if (metric.shown)
      latest_[metric.declared.name + "{" + labels + "}"] = {
          metric.declared.name, labels, metric.declared.type, value, batch.mono_ns};
  }
  if (!batch.values.empty()) bulletin_.samples(batch, source);
}

void Services::collector_gap(Item& item, const std::string& why) {
  item.backoff = std::min<std::uint32_t>(item.backoff * 2, 8);
  item.next_ns = loop_.now() + item.period_ns * item.backoff;
  bulletin_.event("plugin", "collector_gap", phase_,
                  {{"plugin", item.plugin->id + " " + item.plugin->version},
                   {"component", item.component},
                   {"reason", why}},
                  "collector " + item.component + " failed: " + why);
}

void Services::samples(Item& item, Decoder& in) {
  const std::string error(in.text());
  if (!error.empty()) {
    collector_gap(item, error);
    return;
  }
  item.backoff = 1;
  in.u64();  // what it cost
  SampleBatch batch;
  batch.mono_ns = loop_.now();
  batch.wall_ns = loop_.clock().wall_ns();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    const std::uint32_t metric = in.u32();
    const std::string labels(in.text());
    const double value = in.f64();
    if (metric >= item.metric_ids.size() || metric >= item.metrics.size()) continue;
    batch.values.push_back({item.metric_ids[metric], labels, value});
    const auto& declared = item.metrics[metric];
    auto& newest = latest_[declared.name + "{" + labels + "}"];
    newest = {declared.name, labels, declared.type, value, batch.mono_ns};
    if (on_samples_) on_samples_(declared.name, labels, value, batch.mono_ns);
  }
  bulletin_.samples(batch, item.instance);
}

void Services::verdict(Item& item, Decoder& in) {
  const std::string error(in.text());
  if (!error.empty()) {
    ++item.misses;
    rule_missed(item, error,
                item.misses == 1   ? ORDEAL_VERDICT_WARN
                : item.misses == 2 ? ORDEAL_VERDICT_HOLD
                                   : ORDEAL_VERDICT_STOP_PHASE);
    return;
  }
  item.misses = 0;
  item.judged_ns = loop_.now();
  RuleState& state = rule_states_[item.rule_state];
  const RuleState before = state;
  state.level = in.u32();
  state.metric = in.text();
  state.reason = in.text();
  state.value = in.f64();
  state.limit = in.f64();
  state.window_ns = in.u64();
  announce(item, before);
}

void Services::rule_missed(Item& item, const std::string& why, std::uint32_t at_least) {
  RuleState& state = rule_states_[item.rule_state];
  if (state.level >= at_least) return;
  const RuleState before = state;
  state.level = std::min<std::uint32_t>(at_least, ORDEAL_VERDICT_ABORT);
  state.metric = "rule deadline";
  state.reason = "rule " + state.rule + ": " + why;
  announce(item, before);
}

void Services::announce(Item& item, const RuleState& before) {
  const RuleState& state = rule_states_[item.rule_state];
  if (state.level == before.level) return;
  const char* level = level_name(state.level);
  bulletin_.event("safety", "rule_verdict", phase_,
                  {{"rule", state.rule},
                   {"plugin", state.plugin},
                   {"level", level},
                   {"metric", state.metric},
                   {"value", state.value},
                   {"limit", state.limit},
                   {"window_s", static_cast<double>(state.window_ns) / 1e9},
                   {"reason", state.reason}},
                  "rule " + state.rule + ": " + level +
                      (state.reason.empty() ? std::string() : " (" + state.reason + ")"));
}

void Services::hurry(std::uint64_t period_ns) {
  hurry_ns_ = period_ns;
  if (period_ns == 0) return;
  for (auto& item : items_)
    if (item.kind == "collector") item.next_ns = loop_.now();
}

void Services::set_interval(std::size_t load, SnapshotInterval interval) {
  intervals_[{load, interval.kind}] = std::move(interval);
}

Snapshot Services::snapshot() const {
  Snapshot snapshot;
  snapshot.phase = phase_ < 0 ? 0xffffffffu : static_cast<std::uint32_t>(phase_);
  snapshot.now_ns = loop_.now();
  for (const auto& [name, sample] : latest_) snapshot.samples.push_back(sample);
  for (const auto& [name, interval] : intervals_) snapshot.intervals.push_back(interval);
  return snapshot;
}

bool Services::newest(const std::string& metric, double& value, std::uint64_t max_age_ns) const {
  const auto found = latest_.lower_bound(metric + "{");
  if (found == latest_.end() || found->second.metric != metric ||
      loop_.now() - found->second.mono_ns > max_age_ns)
    return false;
  value = found->second.value;
  return true;
}

std::vector<Services::Used> Services::used() const {
  std::vector<Used> used;
  for (const auto& item : items_)
    used.push_back({item.plugin->id, item.plugin->version, item.kind, item.component,
                    cells_[item.cell].plugin.empty() ? "shared" : "own"});
  return used;
}

std::vector<int> Services::pids() const {
  std::vector<int> pids;
  for (const auto& cell : cells_)
    if (cell.link && cell.link->up()) pids.push_back(cell.link->pid());
  return pids;
}

void Services::stop() {
  loop_.remove(ticker_);
  for (const auto& item : items_)
    if (topics_ != nullptr) topics_->gone(item.kind, item.index);
  for (auto& cell : cells_) {
    if (!cell.link) continue;
    cell.link->shutdown();
    starter_.forget(*cell.link);
  }
  cells_.clear();
  items_.clear();
}

}  // namespace ordeal
