// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/resources.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <map>
#include <set>

#include "campaign/documents/json_fields.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

using ByTime = std::map<std::uint64_t, double>;

std::string label(const MetricSeries& series, const std::string& name) {
  const auto found = series.labels.find(name);
  return found == series.labels.end() ? "" : found->second;
}

/// Values of a metric by time; the sum where several series of it were read in one go.
ByTime sum_by_time(const std::vector<MetricSeries>& all, const std::string& name) {
  ByTime sum;
  for (const auto& series : all) {
    if (series.metric.name != name) continue;
    for (const auto& point : series.points) sum[point.wall_ns] += point.value;
  }
  return sum;
}

/// The largest of the series of a gauge at each time.
std::vector<MetricPoint> gauge_max(const std::vector<MetricSeries>& all, const std::string& name) {
  ByTime largest;
  for (const auto& series : all) {
    if (series.metric.name != name) continue;
    for (const auto& point : series.points) {
      auto [found, fresh] = largest.try_emplace(point.wall_ns, point.value);
      if (!fresh) found->second = std::max(found->second, point.value);
    }
  }
  std::vector<MetricPoint> out;
  for (const auto& [at, value] : largest) out.push_back({at, value});
  return out;
}

std::vector<MetricPoint> cpu_busy(const std::vector<MetricSeries>& all) {
  ByTime total;
  ByTime idle;
  for (const auto& series : all) {
    if (series.metric.name != "node_cpu_seconds_total") continue;
    const std::string mode = label(series, "mode");
    if (mode == "guest" || mode == "guest_nice") continue;  // contained in user and nice
    for (const auto& point : series.points) {
      total[point.wall_ns] += point.value;
      idle[point.wall_ns] += mode == "idle" || mode == "iowait" ? point.value : 0;
    }
  }
  std::vector<MetricPoint> busy;
  for (auto at = total.begin(); at != total.end() && std::next(at) != total.end(); ++at) {
    const auto after = std::next(at);
    const double all_time = after->second - at->second;
    const double idle_time = idle[after->first] - idle[at->first];
    if (all_time <= 0 || idle_time < 0) continue;  // a counter began anew
    busy.push_back({after->first, std::clamp(1 - idle_time / all_time, 0.0, 1.0)});
  }
  return busy;
}

std::vector<MetricPoint> used_share(const ByTime& free, const ByTime& size) {
  std::vector<MetricPoint> used;
  for (const auto& [at, available] : free) {
    const auto total = size.find(at);
    if (total == size.end() || total->second <= 0) continue;
    used.push_back({at, std::clamp(1 - available / total->second, 0.0, 1.0)});
  }
  return used;
}

std::vector<MetricPoint> fullest_disk(const std::vector<MetricSeries>& all) {
  std::map<std::string, ByTime> free;
  std::map<std::string, ByTime> size;
  for (const auto& series : all) {
    const bool is_free = series.metric.name == "node_filesystem_avail_bytes";
    if (!is_free && series.metric.name != "node_filesystem_size_bytes") continue;
    const std::string where = label(series, "device") + '\n' + label(series, "mountpoint");
    auto& into = (is_free ? free : size)[where];
    for (const auto& point : series.points) into[point.wall_ns] = point.value;
  }
  ByTime worst;
  for (const auto& [where, available] : free) {
    for (const auto& point : used_share(available, size[where])) {
      auto [found, fresh] = worst.try_emplace(point.wall_ns, point.value);
      if (!fresh) found->second = std::max(found->second, point.value);
    }
  }
  std::vector<MetricPoint> out;
  for (const auto& [at, value] : worst) out.push_back({at, value});
  return out;
}

std::vector<MetricPoint> share_of_time(const ByTime& seconds_total) {
  std::vector<MetricPoint> out;
  for (auto at = seconds_total.begin();
       at != seconds_total.end() && std::next(at) != seconds_total.end(); ++at) {
    const auto after = std::next(at);
    const double stalled = after->second - at->second;
    const double passed = seconds(after->first - at->first);
    if (stalled < 0 || passed <= 0) continue;
    out.push_back({after->first, std::min(1.0, stalled / passed)});
  }
  return out;
}

json::value range_json(const std::vector<MetricPoint>& points, const char* unit) {
  const auto range = range_of(points);
  if (!range) return json::value(nullptr);
  json::object out;
  out["min"] = range->min;
  out["max"] = range->max;
  out["avg"] = range->avg;
  out["unit"] = unit;
  return json::value(std::move(out));
}

json::value pid_of(const std::map<std::string, std::string>& labels) {
  const auto found = labels.find("pid");
  std::int64_t pid = 0;
  if (found == labels.end()) return json::value(nullptr);
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  const bool whole = error == std::errc() && end == text.data() + text.size() && pid > 0;
  return whole ? json::value(pid) : json::value(nullptr);
}

json::array per_process(const std::vector<MetricSeries>& all) {
  struct Process {
    std::optional<Range> rss, fds, threads;
  };
  std::map<std::map<std::string, std::string>, Process> processes;
  for (const auto& series : all) {
    const std::string& name = series.metric.name;
    if (name == "process_resident_memory_bytes") {
      processes[series.labels].rss = range_of(series.points);
    } else if (name == "process_open_fds") {
      processes[series.labels].fds = range_of(series.points);
    } else if (name == "process_threads") {
      processes[series.labels].threads = range_of(series.points);
    }
  }
  json::array out;
  for (const auto& entry : processes) {
    const std::map<std::string, std::string>& labels = entry.first;
    const Process& process = entry.second;
    const auto named = [&](std::initializer_list<const char*> keys) {
      for (const char* key : keys) {
        const auto found = labels.find(key);
        if (found != labels.end() && !found->second.empty()) {
          return json::value(json::string(found->second));
        }
      }
      return json::value(nullptr);
    };
    const auto max_of = [](const std::optional<Range>& range) {
      return range ? json::value(range->max) : json::value(nullptr);
    };
    json::object one;
    one["pid"] = pid_of(labels);
    one["name"] = named({"process", "name", "comm", "groupname"});
    one["rss_min"] = process.rss ? json::value(process.rss->min) : json::value(nullptr);
    one["rss_max"] = max_of(process.rss);
    one["fds_max"] = max_of(process.fds);
    one["threads_max"] = max_of(process.threads);
    out.push_back(std::move(one));
  }
  return out;
}

json::value first_value(const ByTime& values) {
  return values.empty() ? json::value(nullptr) : json::value(values.begin()->second);
}

}  // namespace

std::optional<Range> range_of(const std::vector<MetricPoint>& points) {
  if (points.empty()) return std::nullopt;
  Range range{points.front().value, points.front().value, 0};
  for (const auto& point : points) {
    range.min = std::min(range.min, point.value);
    range.max = std::max(range.max, point.value);
    range.avg += point.value / static_cast<double>(points.size());
  }
  return range;
}

HostSeries host_series(const std::vector<MetricSeries>& series) {
  HostSeries host;
  host.cpu = gauge_max(series, "ordeal_cpu_busy_ratio");
  if (host.cpu.empty()) host.cpu = cpu_busy(series);
  host.memory = gauge_max(series, "ordeal_memory_used_ratio");
  if (host.memory.empty()) {
    host.memory = used_share(sum_by_time(series, "node_memory_MemAvailable_bytes"),
                             sum_by_time(series, "node_memory_MemTotal_bytes"));
  }
  host.disk = gauge_max(series, "ordeal_disk_used_ratio");
  if (host.disk.empty()) host.disk = fullest_disk(series);
  host.pressure_memory =
      share_of_time(sum_by_time(series, "node_pressure_memory_stalled_seconds_total"));
  return host;
}

json::object resource_summary(const std::vector<MetricSeries>& series) {
  const HostSeries host = host_series(series);
  json::object out;
  out["cpu"] = range_json(host.cpu, "ratio");
  out["memory"] = range_json(host.memory, "ratio");
  out["disk"] = range_json(host.disk, "ratio");
  out["pressure_memory"] = range_json(host.pressure_memory, "ratio");
  out["per_process"] = per_process(series);
  return out;
}

json::object system_resources(const std::vector<MetricSeries>& series, const RunFacts& facts) {
  std::set<std::string> processors;
  ByTime disk_free;  // of the file system with the least
  for (const auto& one : series) {
    if (one.metric.name == "node_cpu_seconds_total") {
      const std::string cpu = label(one, "cpu");
      if (!cpu.empty()) processors.insert(cpu);
    }
    if (one.metric.name != "node_filesystem_avail_bytes") continue;
    for (const auto& point : one.points) {
      auto [found, fresh] = disk_free.try_emplace(point.wall_ns, point.value);
      if (!fresh) found->second = std::min(found->second, point.value);
    }
  }
  const auto cpu = host_series(series).cpu;
  json::object out;
  out["memory_available"] = first_value(sum_by_time(series, "node_memory_MemAvailable_bytes"));
  out["memory_total"] = first_value(sum_by_time(series, "node_memory_MemTotal_bytes"));
  out["cpu_baseline"] = cpu.empty() ? json::value(nullptr) : json::value(cpu.front().value);
  out["cpu_count"] = processors.empty() ? json::value(nullptr) : json::value(processors.size());
  out["disk_free"] = first_value(disk_free);
  if (const json::value* said = field(*facts.readiness, "system_resources")) {
    for (auto& member : out) {
      if (const auto number = number_field(*said, member.key())) member.value() = *number;
    }
    if (const auto count = count_field(*said, "cpu_count")) out["cpu_count"] = *count;
  }
  return out;
}

json::value nearest_margin(const std::vector<MetricSeries>& series, const RunFacts& facts) {
  const json::value* safety = field(*facts.config, "safety");
  if (safety == nullptr) return json::value(nullptr);
  const HostSeries host = host_series(series);
  const struct {
    const char* sensor;
    const char* key;
    const std::vector<MetricPoint>& points;
  } sensors[] = {{"memory", "memory_percent", host.memory},
                 {"cpu", "cpu_percent", host.cpu},
                 {"disk", "disk_percent", host.disk}};
  std::optional<double> least;
  std::string nearest;
  for (const auto& sensor : sensors) {
    const auto range = range_of(sensor.points);
    const auto limit = number_field(*safety, sensor.key);
    if (!range || !limit) continue;
    const double stop = *limit / 100;
    const double way = stop - range->min;
    const double left = way > 0 ? 100 * std::clamp((stop - range->max) / way, 0.0, 1.0) : 0;
    if (!least || left < *least) {
      least = left;
      nearest = sensor.sensor;
    }
  }
  if (!least) return json::value(nullptr);
  json::object out;
  out["sensor"] = nearest;
  out["left_percent"] = *least;
  return json::value(std::move(out));
}

}  // namespace ordeal::documents
