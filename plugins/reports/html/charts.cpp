// SPDX-License-Identifier: Apache-2.0
#include "html/charts.h"

#include <algorithm>
#include <string_view>

#include "document/campaign.h"
#include "html/markup.h"

namespace ordeal::reports {
namespace {

constexpr std::size_t operation_points = 2'000;
constexpr std::size_t max_events = 500;

Line operations_line(View operations, const char* key, const char* label, const char* style) {
  Line line{label, style, key, {}, {}};
  const View t = operations["t"];
  const View v = operations[key];
  for (std::size_t i = 0; i < std::min(t.size(), v.size()); ++i) {
    const auto time = t.at(i).number();
    if (!time) continue;
    line.t.push_back(*time);
    line.v.push_back(v.at(i).number());
  }
  thin(line, operation_points);
  return line;
}

template <typename T, typename Write>
std::string array_of(const std::vector<T>& values, Write write) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ",";
    out += write(values[i]);
  }
  return out + "]";
}

std::string chart_object(const Chart& chart) {
  std::string out = "{\"id\":" + script_string(chart.id) +
                    ",\"title\":" + script_string(chart.title) +
                    ",\"unit\":" + script_string(chart.unit) +
                    ",\"log\":" + (chart.logarithmic ? "true" : "false") +
                    ",\"wide\":" + (chart.wide ? "true" : "false") + ",\"lines\":[";
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    const Line& line = chart.lines[i];
    if (i > 0) out += ",";
    out += "{\"label\":" + script_string(line.label) + ",\"style\":" + script_string(line.style) +
           ",\"role\":" + script_string(line.role) + ",\"t\":";
    // Lines that share their times say so: half the size.
    if (i > 0 && line.t == chart.lines[i - 1].t)
      out += "null";
    else
      out += array_of(line.t, [](double t) { return script_number(t); });
    out += ",\"v\":" +
           array_of(line.v, [](const std::optional<double>& v) { return script_number(v); }) + "}";
  }
  return out + "]}";
}

/// For the markers: what a person would want to see beside the curves.
bool marks_the_charts(View event) {
  const std::string_view topic = event["topic"].text();
  return (topic == "safety" || topic == "plugin" || topic == "control") && event["t"].number();
}

std::string object(View from, std::initializer_list<const char*> numbers,
                   std::initializer_list<const char*> texts) {
  std::string out = "{";
  for (const char* key : numbers) {
    if (out.size() > 1) out += ",";
    out += script_string(key) + ":" + script_number(from[key].number());
  }
  for (const char* key : texts) {
    if (out.size() > 1) out += ",";
    out += script_string(key) + ":" + script_string(from[key].text());
  }
  return out + "}";
}

std::string objects(View array, std::initializer_list<const char*> numbers,
                    std::initializer_list<const char*> texts) {
  std::string out = "[";
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out += ",";
    out += object(array.at(i), numbers, texts);
  }
  return out + "]";
}

std::string events_array(View events) {
  std::string out = "[";
  std::size_t kept = 0;
  for (std::size_t i = 0; i < events.size() && kept < max_events; ++i) {
    const View event = events.at(i);
    if (!marks_the_charts(event)) continue;
    if (kept++ > 0) out += ",";
    out += "{\"t\":" + script_number(event["t"].number()) +
           ",\"topic\":" + script_string(event["topic"].text()) +
           ",\"text\":" + script_string(event_text(event)) + "}";
  }
  return out + "]";
}

}  // namespace

void thin(Line& line, std::size_t limit) {
  const std::size_t n = line.t.size();
  if (n <= limit || limit < 4) return;
  Line thinned{line.label, line.style, line.role, {}, {}};
  const auto keep = [&](std::size_t i) {
    thinned.t.push_back(line.t[i]);
    thinned.v.push_back(line.v[i]);
  };
  // Two points a bucket; a bucket that holds a gap also keeps that.
  const std::size_t buckets = limit / 2;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::size_t begin = bucket * n / buckets;
    const std::size_t end = (bucket + 1) * n / buckets;
    std::optional<std::size_t> low;
    std::optional<std::size_t> high;
    std::optional<std::size_t> gap;
    for (std::size_t i = begin; i < end; ++i) {
      if (!line.v[i]) {
        gap = i;
        continue;
      }
      if (!low || *line.v[i] < *line.v[*low]) low = i;
      if (!high || *line.v[i] > *line.v[*high]) high = i;
    }
    std::vector<std::size_t> kept;
    for (const auto& i : {low, high, gap})
      if (i) kept.push_back(*i);
    std::sort(kept.begin(), kept.end());
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    for (const std::size_t i : kept) keep(i);
  }
  line = std::move(thinned);
}

std::vector<Chart> campaign_charts(View series) {
  std::vector<Chart> charts;
  const View operations = series["operations"];
  if (operations["t"].size() > 0) {
    charts.push_back({"throughput",
                      "Throughput, operations per second",
                      "1/s",
                      false,
                      true,
                      "",
                      {operations_line(operations, "ok", "ok", "area"),
                       operations_line(operations, "offered", "offered", "dash")}});
    charts.push_back({"latency",
                      "Latency (logarithmic)",
                      "s",
                      true,
                      true,
                      "",
                      {operations_line(operations, "p50", "p50", "line"),
                       operations_line(operations, "p99", "p99", "line"),
                       operations_line(operations, "max", "max", "points")}});
    charts.push_back({"errors",
                      "Errors per second",
                      "1/s",
                      false,
                      true,
                      "",
                      {operations_line(operations, "errors", "errors", "area")}});
  }
  for (Chart& chart : resource_charts(series["metrics"])) charts.push_back(std::move(chart));
  return charts;
}

std::string chart_json(View series, const std::vector<Chart>& charts) {
  // The unit of this one is milliseconds, and it needs more than six digits.
  const double origin_ms = series["time_origin_wall_ns"].number(0) / 1e6;
  std::string out =
      "{\"origin_ms\":" + std::to_string(static_cast<long long>(origin_ms)) + ",\n\"phases\":" +
      objects(series["phases"], {"index", "start", "end"}, {"name", "state", "result"}) +
      ",\n\"gaps\":" + objects(series["gaps"], {"start", "end"}, {"why"}) +
      ",\n\"events\":" + events_array(series["events"]) + ",\n\"charts\":[";
  for (std::size_t i = 0; i < charts.size(); ++i) {
    if (i > 0) out += ",\n";
    out += chart_object(charts[i]);
  }
  return out + "]}";
}

}  // namespace ordeal::reports
