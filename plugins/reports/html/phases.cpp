// SPDX-License-Identifier: Apache-2.0
// The run over time and phase by phase: charts, latency bands, figures, errors.
#include <algorithm>
#include <array>
#include <cmath>

#include "document/campaign.h"
#include "document/figures.h"
#include "html/markup.h"
#include "html/sections.h"

namespace ordeal::reports {
namespace {

constexpr std::size_t max_errors = 50;

std::string figure(const Chart& chart) {
  std::string out = "<figure class=\"chart";
  if (chart.wide) out += " wide";
  out += "\" id=\"chart-" + escaped(chart.id) + "\" data-chart=\"" + escaped(chart.id) +
         "\"><figcaption>" + escaped(chart.title);
  if (!chart.note.empty()) out += " <span class=\"muted\">" + escaped(chart.note) + "</span>";
  return out + "</figcaption><div class=\"plot\"></div></figure>\n";
}

/// Positions on a common logarithmic axis, 0..100.
struct Axis {
  double low = 0;
  double high = 0;
  [[nodiscard]] std::string at(double value) const {
    const double place = (std::log10(std::max(value, low)) - std::log10(low)) /
                         (std::log10(high) - std::log10(low)) * 100;
    return script_number(std::clamp(place, 0.0, 100.0));
  }
};

Axis common_axis(View phases) {
  Axis axis;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View s = phases.at(i)["test_result"]["summary"];
    for (const char* key : {"p50_response_time", "p99_response_time", "max_response_time"}) {
      const auto value = s[key].number();
      if (!value || *value <= 0) continue;
      axis.low = axis.low == 0 ? *value : std::min(axis.low, *value);
      axis.high = std::max(axis.high, *value);
    }
  }
  if (axis.low <= 0) return {};
  axis.low = std::pow(10, std::floor(std::log10(axis.low)));
  axis.high = std::pow(10, std::ceil(std::log10(axis.high) + 1e-9));
  return axis;
}

std::string band(const Axis& axis, View summary) {
  const auto p50 = summary["p50_response_time"].number();
  const auto p99 = summary["p99_response_time"].number();
  if (!p50 || !p99 || *p50 <= 0) return "<span class=\"muted\">no data</span>";
  const double p90 = summary["p90_response_time"].number(*p50);
  const double max = summary["max_response_time"].number(*p99);
  const auto piece = [&](const char* css, double from, double to) {
    return "<i class=\"" + std::string(css) + "\" style=\"left:" + axis.at(from) +
           "%;right:calc(100% - " + axis.at(to) + "%)\"></i>";
  };
  return "<div class=\"band\">" + piece("tail", *p99, max) + piece("outer", p90, *p99) +
         piece("inner", *p50, p90) + "<i class=\"median\" style=\"left:" + axis.at(*p50) +
         "%\"></i></div>";
}

std::string parts_table(View campaign) {
  HtmlTable table({"Phase", "Part", "p50", "p90", "p99", "p99.9", "max", "Count"},
                  {2, 3, 4, 5, 6, 7});
  for (const PartTimes& row : times_by_part(campaign)) {
    std::vector<std::string> cells = {escaped(row.phase), escaped(row.part)};
    for (const char* key : {"p50", "p90", "p99", "p999", "max"})
      cells.push_back(escaped(seconds(row.times[key].number())));
    cells.push_back(escaped(count(row.times["count"].number())));
    table.row(cells);
  }
  if (table.rows() == 0) return {};
  return "<p class=\"muted\">Service time runs from the actual send and hides what waited before "
         "it; the other parts are the scenario's own marks.</p>\n" +
         table.html();
}

std::string scale(const Axis& axis) {
  std::string out = "<div class=\"band scale\">";
  for (double tick = axis.low; tick <= axis.high * 1.001; tick *= 10)
    out += "<span style=\"left:" + axis.at(tick) + "%\">" + escaped(seconds(tick)) + "</span>";
  return out + "</div>";
}

std::string load_of(View info) {
  std::string text(info["model"].text());
  if (const auto connections = info["max_concurrent_connections"].number())
    text += (text.empty() ? "" : ", ") + counted(*connections, "connection", "connections");
  if (const auto offered = info["rate"].number(); offered && *offered > 0)
    text += ", " + rate(offered);
  if (!info["stress_level"].text().empty()) text += ", " + std::string(info["stress_level"].text());
  return text;
}

}  // namespace

std::string timeline_section(const std::vector<Chart>& charts) {
  if (charts.empty())
    return section("timeline", "Timeline", paragraph("No series were recorded.", "lead"));
  std::string body =
      "<p class=\"muted hint\">Phases are shaded, gaps hatched, safety and plugin events marked. "
      "Drag to zoom all charts, double-click to see the whole run.</p>\n"
      "<noscript><p>The charts need JavaScript; every figure of the other sections stands without "
      "it.</p></noscript>\n<div class=\"charts\">\n";
  for (const Chart& chart : charts) body += figure(chart);
  return section("timeline", "Timeline", body + "</div>\n");
}

std::string latency_section(View campaign) {
  const View phases = campaign["phase_results"];
  const Axis axis = common_axis(phases);
  if (axis.high <= axis.low)
    return section("latency", "Latency by phase", paragraph("No latencies were recorded.", "lead"));
  HtmlTable table({"Phase", "p50", "p90", "p99", "p99.9", "max", ""}, {1, 2, 3, 4, 5});
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View info = phases.at(i)["phase_info"];
    const View s = phases.at(i)["test_result"]["summary"];
    std::vector<std::string> cells = {
        escaped(phase_label(info["index"].number(), info["name"].text()))};
    for (const char* key : {"p50_response_time", "p90_response_time", "p99_response_time",
                            "p999_response_time", "max_response_time"})
      cells.push_back(escaped(seconds(s[key].number())));
    cells.push_back(band(axis, s));
    table.row(cells);
  }
  table.row({"", "", "", "", "", "", scale(axis)}, "scale");
  return section("latency", "Latency by phase",
                 "<p class=\"muted\">From the intended start of each operation. Bands: p50 to p90, "
                 "p90 to p99, p99 to the maximum; logarithmic.</p>\n" +
                     table.html() + parts_table(campaign));
}

std::string phases_section(View campaign) {
  const View phases = campaign["phase_results"];
  HtmlTable table(
      {"Phase", "Load", "Ran", "Operations", "op/s", "Success", "Mean", "Rating", "Result"},
      {2, 3, 4, 5, 6});
  std::string notes;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View phase = phases.at(i);
    const View info = phase["phase_info"];
    const View s = phase["test_result"]["summary"];
    const View analysis = phase["phase_analysis"];
    const std::string name = phase_label(info["index"].number(), info["name"].text("?"));
    const double attempt = info["attempt"].number(1);
    table.row(
        {escaped(attempt > 1 ? name + ", attempt " + count(attempt) : name),
         "<span class=\"muted\">" + escaped(load_of(info)) + "</span>",
         escaped(span(phase["duration_seconds"].number())),
         escaped(count(s["total_operations"].number())),
         escaped(rate(s["operations_per_second"].number())),
         escaped(percent(s["success_rate"].number())),
         escaped(seconds(s["avg_response_time"].number())),
         "<span class=\"muted\">" + escaped(analysis["performance_rating"].text()) + "</span>",
         badge(analysis["result"].text(phase["state"].text("?")))});
    const View reasons = analysis["reasons"];
    for (std::size_t j = 0; j < reasons.size(); ++j)
      notes += "<li><strong>" + escaped(name) + "</strong>: " + escaped(reasons.at(j).text()) +
               "</li>\n";
  }
  if (table.rows() == 0) return section("phases", "Phases", paragraph("No phase ran.", "lead"));
  std::string body = table.html();
  if (!notes.empty()) body += "<ul class=\"notes\">" + notes + "</ul>\n";
  return section("phases", "Phases", body);
}

std::string errors_section(View campaign) {
  const auto errors = errors_by_class(campaign);
  const Unsent unsent = unsent_operations(campaign);
  std::string body;
  if (errors.empty()) {
    body += paragraph("No operation failed.", "lead");
  } else {
    HtmlTable table({"Operation", "Class", "Code", "Count", "Phases"}, {3});
    for (std::size_t i = 0; i < std::min(errors.size(), max_errors); ++i) {
      std::string phases;
      for (const std::string& phase : errors[i].phases)
        phases += (phases.empty() ? "" : ", ") + phase;
      table.row({"<code>" + escaped(errors[i].operation) + "</code>",
                 escaped(errors[i].error_class), escaped(errors[i].code),
                 escaped(count(errors[i].count)), escaped(phases)});
    }
    body += table.html();
    if (errors.size() > max_errors)
      body += paragraph(
          count(static_cast<double>(errors.size() - max_errors)) + " more are in the JSON report.",
          "muted");
  }
  if (unsent.dropped > 0)
    body += paragraph(count(unsent.dropped) + " operations were due but never sent (dropped).");
  if (unsent.cancelled > 0)
    body += paragraph(count(unsent.cancelled) + " operations were cancelled.");
  return section("errors", "Errors by class", body);
}

}  // namespace ordeal::reports
