// SPDX-License-Identifier: Apache-2.0
#include "campaign/services.h"

#include <algorithm>

#include "base/plain_text.h"
#include "ordeal/abi/rule.h"

namespace ordeal {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t hung_after_ns = 5'000 * ms;

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
  trouble.kind = plain_text(in.text(), 64);
  trouble.count = in.u64();
  trouble.detail = plain_text(in.text());
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
    tell_series(*item, own_metrics(item->component, item->own, in, item->instance));
    return;
  }
  if (in.u64() != item->token || item->asked_ns == 0) return;  // too late: counted as missed
  item->asked_ns = 0;
  if (type == CellMessage::samples) samples(*item, in);
  if (type == CellMessage::verdict) verdict(*item, in);
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
