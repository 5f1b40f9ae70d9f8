// SPDX-License-Identifier: Apache-2.0
#include "cell/instance_metrics.h"

#include <algorithm>
#include <cmath>

#include "cell/component.h"

namespace ordeal {

namespace {

std::int32_t metrics_declare(const ordeal_host* host, const ordeal_metric_info* info,
                             std::uint32_t* index) noexcept {
  return static_cast<HostInstance*>(host->self)->metrics()->declare(read_struct(info), index);
}

std::int32_t metrics_record(const ordeal_host* host, std::uint32_t index, ordeal_str labels,
                            double value) noexcept {
  return static_cast<HostInstance*>(host->self)->metrics()->record(index, view(labels), value);
}

bool prometheus_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::ptrdiff_t count_labels(std::string_view labels) {
  return labels.empty() ? 0 : 1 + std::count(labels.begin(), labels.end(), ',');
}

}  // namespace

const ordeal_host_metrics metrics_table{sizeof(ordeal_host_metrics), 0, metrics_declare,
                                        metrics_record};

std::int32_t InstanceMetrics::declare(const ordeal_metric_info& info, std::uint32_t* index) {
  const auto name = view(info.name);
  const bool known = std::any_of(declared_.begin(), declared_.end(),
                                 [&](const DeclaredMetric& metric) { return metric.name == name; });
  if (index == nullptr || known || !prometheus_name(name) || info.type > ORDEAL_METRIC_COUNTER)
    return ORDEAL_E_INVALID;
  if (declared_.size() >= metrics_max) return ORDEAL_E_LIMIT;
  *index = static_cast<std::uint32_t>(declared_.size());
  declared_.push_back({std::string(name), std::string(view(info.unit)),
                       std::string(view(info.help)), std::string(view(info.labels)), info.type});
  return ORDEAL_OK;
}

std::int32_t InstanceMetrics::record(std::uint32_t index, std::string_view labels, double value) {
  if (index >= declared_.size()) return ORDEAL_E_NOT_FOUND;
  if (!std::isfinite(value) || count_labels(labels) != count_labels(declared_[index].labels))
    return ORDEAL_E_INVALID;
  std::pair<std::uint32_t, std::string> series{index, labels};
  if (values_.size() >= series_max && values_.count(series) == 0) return ORDEAL_E_LIMIT;
  values_[std::move(series)] = value;
  return ORDEAL_OK;
}

void InstanceMetrics::take(Encoder& out) {
  Declared declared;
  declared.metrics.assign(declared_.begin() + static_cast<std::ptrdiff_t>(sent_), declared_.end());
  sent_ = declared_.size();
  put(out, declared);
  out.u32(static_cast<std::uint32_t>(values_.size()));
  for (const auto& [series, value] : values_) {
    out.u32(series.first);
    out.text(series.second);
    out.f64(value);
  }
  values_.clear();
}

}  // namespace ordeal
