// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/metric_series.h"

#include <algorithm>
#include <boost/json.hpp>

#include "campaign/documents/json_fields.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

constexpr std::size_t most_points = 2000;
constexpr std::size_t most_points_together = 200'000;  // a page has to carry them all

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from <= text.size() && !text.empty()) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    parts.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return parts;
}

std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool comma = text.compare(i, 3, "%2C") == 0;
    out += comma ? ',' : text[i];
    if (comma) i += 2;
  }
  return out;
}

}  // namespace

std::map<std::string, std::string> parse_labels(const std::string& names,
                                                const std::string& values) {
  const auto keys = split(names);
  const auto parts = split(values);
  std::map<std::string, std::string> labels;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    labels[keys[i]] = i < parts.size() ? unescape(parts[i]) : "";
  }
  return labels;
}

Result<std::vector<MetricSeries>> read_metric_series(JournalReader& journal,
                                                     std::uint64_t from_wall_ns,
                                                     std::uint64_t to_wall_ns) {
  auto metrics = journal.metrics();
  if (!metrics) return std::move(metrics.error());
  std::vector<MetricSeries> out;
  for (const auto& metric : *metrics) {
    std::map<std::string, MetricSeries> by_labels;
    auto read = journal.samples(metric.id, [&](const SampleRow& sample) {
      if (sample.wall_ns < from_wall_ns || sample.wall_ns > to_wall_ns) return;
      auto [found, fresh] = by_labels.try_emplace(sample.labels);
      if (fresh) {
        found->second.metric = metric;
        found->second.labels = parse_labels(metric.label_names, sample.labels);
      }
      found->second.points.push_back({sample.wall_ns, sample.value});
    });
    if (!read) return std::move(read.error());
    for (auto& [labels, series] : by_labels) out.push_back(std::move(series));
  }
  return out;
}

std::vector<std::size_t> thin_keeping_max(const std::vector<double>& values, std::size_t most) {
  std::vector<std::size_t> kept;
  const std::size_t n = values.size();
  const std::size_t buckets = std::min(n, most);
  for (std::size_t i = 0; i < buckets; ++i) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * n / buckets);
    const auto last = values.begin() + static_cast<std::ptrdiff_t>((i + 1) * n / buckets);
    kept.push_back(static_cast<std::size_t>(std::max_element(first, last) - values.begin()));
  }
  return kept;
}

json::array metric_series_json(const std::vector<MetricSeries>& series,
                               std::uint64_t origin_wall_ns) {
  json::array out;
  const std::size_t fair = most_points_together / std::max<std::size_t>(series.size(), 1);
  const std::size_t most = std::clamp<std::size_t>(fair, 100, most_points);
  for (const auto& one : series) {
    std::vector<double> values;
    for (const auto& point : one.points) values.push_back(point.value);
    json::array t;
    json::array v;
    for (const std::size_t i : thin_keeping_max(values, most)) {
      const std::uint64_t at = one.points[i].wall_ns;
      t.push_back(at >= origin_wall_ns ? seconds(at - origin_wall_ns)
                                       : -seconds(origin_wall_ns - at));
      v.push_back(values[i]);
    }
    json::object labels;
    for (const auto& [name, value] : one.labels) labels[name] = value;
    json::object entry;
    entry["name"] = one.metric.name;
    entry["labels"] = std::move(labels);
    entry["unit"] = one.metric.unit;
    entry["type"] = one.metric.type;
    entry["collector"] = one.metric.collector;
    entry["t"] = std::move(t);
    entry["v"] = std::move(v);
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace ordeal::documents
