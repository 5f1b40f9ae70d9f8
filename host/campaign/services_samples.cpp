// SPDX-License-Identifier: Apache-2.0
// What collectors measure, and what plugins of any kind record of themselves.
#include <algorithm>
#include <boost/json.hpp>

#include "base/plain_text.h"
#include "campaign/services.h"
#include "ordeal/abi/metrics.h"

namespace ordeal {

namespace {

constexpr std::size_t series_max = 10'000;

}  // namespace

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

bool Services::admits(const std::string& component, std::uint32_t metric,
                      const std::string& labels) {
  auto& known = series_[component];
  if (known.size() >= series_max) return known.count({metric, labels}) != 0;
  known.emplace(metric, labels);
  return true;
}

void Services::tell_series(const Item& item, std::size_t dropped) {
  if (dropped == 0) return;
  bulletin_.trouble(phase_, {item.plugin->id + " " + item.plugin->version, item.component, "series",
                             dropped, too_many_series});
}

std::size_t Services::own_metrics(const std::string& component, std::vector<OwnMetric>& known,
                                  Decoder& in, std::uint32_t source, const std::string& worker) {
  std::size_t dropped = 0;
  for (auto& metric : get_declared(in).metrics) {
    if (!worker.empty()) metric.labels += metric.labels.empty() ? "worker" : ",worker";
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
    std::string labels = plain_text(in.text());
    if (!worker.empty()) labels += (labels.empty() ? "" : ",") + worker;
    const double value = in.f64();
    if (!in.ok() || index >= known.size()) continue;
    const auto& metric = known[index];
    if (!admits(component, metric.id, labels)) {
      ++dropped;
      continue;
    }
    batch.values.push_back({metric.id, labels, value});
    if (metric.shown)
      latest_[metric.declared.name + "{" + labels + "}"] = {
          metric.declared.name, labels, metric.declared.type, value, batch.mono_ns};
  }
  if (!batch.values.empty()) bulletin_.samples(batch, source);
  return dropped;
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
  const std::string error = plain_text(in.text());
  if (!error.empty()) {
    collector_gap(item, error);
    return;
  }
  item.backoff = 1;
  in.u64();  // what it cost
  std::size_t dropped = 0;
  SampleBatch batch;
  batch.mono_ns = loop_.now();
  batch.wall_ns = loop_.clock().wall_ns();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    const std::uint32_t metric = in.u32();
    const std::string labels = plain_text(in.text());
    const double value = in.f64();
    if (metric >= item.metric_ids.size() || metric >= item.metrics.size()) continue;
    if (!admits(item.component, item.metric_ids[metric], labels)) {
      ++dropped;
      continue;
    }
    batch.values.push_back({item.metric_ids[metric], labels, value});
    const auto& declared = item.metrics[metric];
    auto& newest = latest_[declared.name + "{" + labels + "}"];
    newest = {declared.name, labels, declared.type, value, batch.mono_ns};
    if (on_samples_) on_samples_(declared.name, labels, value, batch.mono_ns);
  }
  bulletin_.samples(batch, item.instance);
  tell_series(item, dropped);
}

void Services::hurry(std::uint64_t period_ns) {
  hurry_ns_ = period_ns;
  if (period_ns == 0) return;
  for (auto& item : items_)
    if (item.kind == "collector") item.next_ns = loop_.now();
}

bool Services::newest(const std::string& metric, double& value, std::uint64_t max_age_ns) const {
  const auto found = latest_.lower_bound(metric + "{");
  if (found == latest_.end() || found->second.metric != metric ||
      loop_.now() - found->second.mono_ns > max_age_ns)
    return false;
  value = found->second.value;
  return true;
}

}  // namespace ordeal
