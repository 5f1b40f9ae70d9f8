// SPDX-License-Identifier: Apache-2.0
// The run over time and phase by phase: charts, latency bands, figures, errors.
#include <algorithm>
#include <array>
#include <cmath>

#include "document/campaign.h"
#include "document/figures.h"
#include "document/load.h"
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

Axis common_axis(const std::vector<PartTimes>& times) {
  Axis axis;
  for (const PartTimes& row : times) {
    for (const auto& value : {row.p50, row.p99, row.max}) {
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

std::string band(const Axis& axis, const PartTimes& times) {
  if (!times.p50 || !times.p99 || *times.p50 <= 0) return "<span class=\"muted\">no data</span>";
  const auto piece = [&](const char* css, double from, double to) {
    return "<i class=\"" + std::string(css) + "\" style=\"left:" + axis.at(from) +
           "%;right:calc(100% - " + axis.at(to) + "%)\"></i>";
  };
  const double p90 = times.p90.value_or(*times.p50);
  return "<div class=\"band\">" + piece("tail", *times.p99, times.max.value_or(*times.p99)) +
         piece("outer", p90, *times.p99) + piece("inner", *times.p50, p90) +
         "<i class=\"median\" style=\"left:" + axis.at(*times.p50) + "%\"></i></div>";
}

std::string scale(const Axis& axis) {
  std::string out = "<div class=\"band scale\">";
  for (double tick = axis.low; tick <= axis.high * 1.001; tick *= 10)
    out += "<span style=\"left:" + axis.at(tick) + "%\">" + escaped(seconds(tick)) + "</span>";
  return out + "</div>";
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

std::string load_section(View campaign) {
  const View phases = campaign["phase_results"];
  HtmlTable table({"Phase", "Load", "Connections opened", "Not opened", "Renewed",
                   "Operations never sent", "Requests retried"},
                  {2, 3, 4, 5});
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View info = phases.at(i)["phase_info"];
    const LoadCounts counts = load_counts(phases.at(i));
    table.row({escaped(phase_label(info["index"].number(), info["name"].text("?"))),
               escaped(load_words(phases.at(i))), escaped(count(counts.opened)),
               escaped(count(counts.failed)), escaped(count(counts.renewed)),
               escaped(count(counts.dropped)), escaped(count(counts.retried))});
  }
  if (table.rows() == 0) return section("load", "Load", paragraph("No load was made.", "lead"));
  std::string body = table.html();
  std::string entries;
  for (const EntryWords& entry : entry_words(campaign))
    entries += "<li>" + escaped(entry_line(entry)) + "</li>\n";
  if (const View seed = campaign["campaign_info"]["seed"])
    entries += "<li>seed " + escaped(script_number(seed.number())) + "</li>\n";
  if (!entries.empty()) body += "<ul class=\"notes\">" + entries + "</ul>\n";
  return section("load", "Load", body);
}

std::string latency_section(View campaign) {
  const auto times = times_by_part(campaign);
  const Axis axis = common_axis(times);
  if (axis.high <= axis.low)
    return section("latency", "Latency by phase", paragraph("No latencies were recorded.", "lead"));
  HtmlTable table({"Phase", "Time", "p50", "p90", "p99", "p99.9", "max", "Count", ""},
                  {2, 3, 4, 5, 6, 7});
  std::string last;
  for (const PartTimes& row : times) {
    const bool first = row.phase != last;
    const std::string name = escaped(row.part);
    table.row({first ? escaped(row.phase) : std::string(),
               first ? "<strong>" + name + "</strong>" : name, escaped(seconds(row.p50)),
               escaped(seconds(row.p90)), escaped(seconds(row.p99)), escaped(seconds(row.p999)),
               escaped(seconds(row.max)), escaped(count(row.count)), band(axis, row)},
              first ? "first" : "part");
    last = row.phase;
  }
  table.row({"", "", "", "", "", "", "", "", scale(axis)}, "scale");
  return section("latency", "Latency by phase",
                 "<p class=\"muted\"><strong>latency</strong>, by which phases are judged, runs "
                 "from the intended start of each operation, <strong>service</strong> from its "
                 "actual send: what waited before is hidden. The others are parts that the "
                 "scenario times. Bands: p50 to p90, p90 to p99, p99 to the maximum; "
                 "logarithmic.</p>\n" +
                     table.html());
}

std::string phases_section(View campaign) {
  const View phases = campaign["phase_results"];
  HtmlTable table(
      {"Phase", "Stress", "Ran", "Operations", "op/s", "Success", "Mean", "Rating", "Result"},
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
         "<span class=\"muted\">" + escaped(info["stress_level"].text()) + "</span>",
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
