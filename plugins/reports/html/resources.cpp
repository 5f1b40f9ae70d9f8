// SPDX-License-Identifier: Apache-2.0
// Which metric belongs into which chart. Names are those of the shipped collectors; a metric that
// is not known here gets a chart of its own.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "html/charts.h"

namespace ordeal::reports {
namespace {

constexpr std::size_t max_lines = 6;
constexpr std::size_t max_charts = 24;
constexpr std::size_t points_in_all = 50'000;

struct Recipe {
  std::string_view chart;
  std::string_view metric;  // as the collector names it
  std::string_view label;   // of the line; the series' own labels follow
};
struct Plot {
  std::string_view id;
  std::string_view title;
  std::string_view unit;
};

constexpr auto plots = std::to_array<Plot>({
    {"cpu", "CPU", "ratio"},
    {"memory", "Memory used", "ratio"},
    {"pressure", "Pressure: share of time tasks waited", "ratio"},
    {"cpumode", "CPU time by mode, in cores", ""},
    {"load", "Runnable tasks", ""},
    {"diskspace", "Disk space used", "ratio"},
    {"diskio", "Disk traffic", "bytes/s"},
    {"network", "Network traffic", "bytes/s"},
    {"paging", "Paging and out-of-memory kills", "1/s"},
    {"processmemory", "Process memory (RSS)", "bytes"},
    {"processcpu", "Process CPU, in cores", ""},
    {"processcounts", "Process descriptors and threads", ""},
    {"processio", "Process disk traffic", "bytes/s"},
});

constexpr auto recipes = std::to_array<Recipe>({
    {"cpu", "ordeal_cpu_busy_ratio", "busy"},
    {"memory", "ordeal_memory_used_ratio", "used"},
    {"pressure", "node_pressure_cpu_waiting_seconds_total", "CPU, some"},
    {"pressure", "node_pressure_memory_waiting_seconds_total", "memory, some"},
    {"pressure", "node_pressure_memory_stalled_seconds_total", "memory, all"},
    {"pressure", "node_pressure_io_waiting_seconds_total", "I/O, some"},
    {"pressure", "node_pressure_io_stalled_seconds_total", "I/O, all"},
    {"cpumode", "node_cpu_seconds_total", ""},
    {"load", "node_load1", "load (1 min)"},
    {"load", "node_procs_running", "running"},
    {"load", "node_procs_blocked", "blocked"},
    {"diskspace", "ordeal_disk_used_ratio", ""},
    {"diskio", "node_disk_read_bytes_total", "read"},
    {"diskio", "node_disk_written_bytes_total", "written"},
    {"network", "node_network_receive_bytes_total", "in"},
    {"network", "node_network_transmit_bytes_total", "out"},
    {"paging", "node_vmstat_pgmajfault", "major faults"},
    {"paging", "node_vmstat_pgscan_direct", "direct reclaim"},
    {"paging", "node_vmstat_pgscan_kswapd", "background reclaim"},
    {"paging", "node_vmstat_pswpin", "swapped in"},
    {"paging", "node_vmstat_pswpout", "swapped out"},
    {"paging", "node_vmstat_oom_kill", "OOM kills"},
    {"processmemory", "process_resident_memory_bytes", ""},
    {"processcpu", "ordeal_process_cpu_ratio", ""},
    {"processcounts", "process_open_fds", "descriptors"},
    {"processcounts", "process_threads", "threads"},
    {"processio", "process_read_bytes_total", "read"},
    {"processio", "process_write_bytes_total", "written"},
});

/// Facts and near-doubles of what is charted: left to the JSON report.
constexpr auto unplotted = std::to_array<std::string_view>(
    {"node_context_switches_total", "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes",
     "node_memory_MemFree_bytes", "node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes",
     "node_filesystem_size_bytes", "node_filesystem_avail_bytes", "node_disk_io_time_seconds_total",
     "node_network_receive_drop_total", "node_network_transmit_drop_total", "node_load5",
     "node_load15", "node_filefd_allocated", "node_filefd_maximum", "process_cpu_seconds_total",
     "process_start_time_seconds", "ordeal_process_up"});

bool counts_up(View metric) {
  const std::string_view type = metric["type"].text();
  if (!type.empty()) return type == "counter";
  return metric["name"].text().ends_with("_total");
}

std::string labels_of(View metric) {
  const View labels = metric["labels"];
  if (labels.is_text()) {
    std::string text(labels.text());
    std::replace(text.begin(), text.end(), ',', ' ');
    return text;
  }
  std::string joined;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) joined += " ";
    joined += labels.at(i).text();
  }
  return joined;
}

std::string line_label(std::string_view label, const std::string& labels) {
  if (label.empty()) return labels.empty() ? "value" : labels;
  return labels.empty() ? std::string(label) : std::string(label) + " " + labels;
}

/// Puts a gap where nothing came for several times the usual interval.
void show_gaps(Line& line) {
  if (line.t.size() < 4) return;
  std::vector<double> steps;
  for (std::size_t i = 1; i < line.t.size(); ++i) steps.push_back(line.t[i] - line.t[i - 1]);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  const double usual = *middle;
  Line shown{line.label, line.style, line.role, {}, {}};
  for (std::size_t i = 0; i < line.t.size(); ++i) {
    if (i > 0 && line.t[i] - line.t[i - 1] > 3.5 * usual) {
      shown.t.push_back(line.t[i - 1] + usual);
      shown.v.push_back(std::nullopt);
    }
    shown.t.push_back(line.t[i]);
    shown.v.push_back(line.v[i]);
  }
  line = std::move(shown);
}

Line read_line(View metric, std::string label, bool as_rate) {
  Line line{std::move(label), "line", "", {}, {}};
  const View t = metric["t"];
  const View v = metric["v"];
  std::optional<double> before;
  double before_t = 0;
  for (std::size_t i = 0; i < std::min(t.size(), v.size()); ++i) {
    const auto time = t.at(i).number();
    const auto value = v.at(i).number();
    if (!time) continue;
    if (!as_rate) {
      line.t.push_back(*time);
      line.v.push_back(value);
      continue;
    }
    // A step back is a restart: what was counted before it is unknown.
    if (before && value && *time > before_t) {
      line.t.push_back(*time);
      line.v.push_back(*value >= *before ? std::optional((*value - *before) / (*time - before_t))
                                         : std::nullopt);
    }
    before = value;
    before_t = *time;
  }
  show_gaps(line);
  return line;
}

double highest(const Line& line) {
  double most = 0;
  for (const auto& v : line.v)
    if (v) most = std::max(most, *v);
  return most;
}

/// Whether the line says anything: at least two values, and for idle devices one above zero.
bool worth_drawing(const Line& line, bool zero_is_news) {
  std::size_t values = 0;
  for (const auto& v : line.v) values += v ? 1u : 0u;
  return values >= 2 && (zero_is_news || highest(line) > 0);
}

void keep_largest(Chart& chart) {
  if (chart.lines.size() <= max_lines) return;
  std::stable_sort(chart.lines.begin(), chart.lines.end(),
                   [](const Line& a, const Line& b) { return highest(a) > highest(b); });
  chart.note = std::to_string(chart.lines.size() - max_lines) + " smaller series not drawn";
  chart.lines.resize(max_lines);
}

}  // namespace

std::vector<Chart> resource_charts(View metrics) {
  std::vector<Chart> charts;
  for (const Plot& plot : plots)
    charts.push_back({std::string(plot.id),
                      std::string(plot.title),
                      std::string(plot.unit),
                      false,
                      false,
                      "",
                      {}});
  std::map<std::string, Chart> others;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const View metric = metrics.at(i);
    const std::string name(metric["name"].text());
    const bool rate = counts_up(metric);
    const std::string labels = labels_of(metric);
    const auto recipe = std::find_if(recipes.begin(), recipes.end(),
                                     [&](const Recipe& r) { return r.metric == name; });
    if (recipe != recipes.end()) {
      if (recipe->chart == "cpumode" && labels == "idle") continue;
      Line line = read_line(metric, line_label(recipe->label, labels), rate);
      const bool device = recipe->chart == "diskio" || recipe->chart == "network" ||
                          recipe->chart == "paging" || recipe->chart == "cpumode";
      const auto chart = std::find_if(charts.begin(), charts.end(),
                                      [&](const Chart& c) { return c.id == recipe->chart; });
      if (worth_drawing(line, !device)) chart->lines.push_back(std::move(line));
      continue;
    }
    if (std::find(unplotted.begin(), unplotted.end(), name) != unplotted.end()) continue;
    Line line = read_line(metric, line_label("", labels), rate);
    if (!worth_drawing(line, true)) continue;
    Chart& chart = others[name];
    chart.title = name + (rate ? ", per second" : "");
    chart.unit = metric["unit"].text();
    if (chart.unit == "seconds") chart.unit = rate ? "" : "s";
    if (rate && chart.unit == "bytes") chart.unit = "bytes/s";
    chart.lines.push_back(std::move(line));
  }
  std::erase_if(charts, [](const Chart& chart) { return chart.lines.empty(); });
  for (auto& [name, chart] : others) {
    if (charts.size() == max_charts) break;
    chart.id = "other" + std::to_string(charts.size());
    charts.push_back(std::move(chart));
  }
  std::size_t lines = 0;
  for (Chart& chart : charts) {
    keep_largest(chart);
    lines += chart.lines.size();
  }
  const std::size_t limit =
      std::clamp<std::size_t>(points_in_all / std::max<std::size_t>(lines, 1), 100, 1000);
  for (Chart& chart : charts)
    for (Line& line : chart.lines) thin(line, limit);
  return charts;
}

}  // namespace ordeal::reports
