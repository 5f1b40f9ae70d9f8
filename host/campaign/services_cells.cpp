// SPDX-License-Identifier: Apache-2.0
// The cells of collectors and rules: start, death, back-off, quarantine.
#include <algorithm>
#include <boost/json.hpp>

#include "campaign/services.h"

namespace ordeal {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint32_t quarantine_after = 3;
/// Most descriptors of a cell that makes no load.
constexpr std::uint32_t descriptors_max = 512;

}  // namespace

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

}  // namespace ordeal
