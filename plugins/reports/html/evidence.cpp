// SPDX-License-Identifier: Apache-2.0
// What the verdict rests on: assertions, capacity, baseline, safety, drift.
#include <algorithm>
#include <array>

#include "document/campaign.h"
#include "document/figures.h"
#include "html/markup.h"
#include "html/sections.h"

namespace ordeal::reports {
namespace {

constexpr std::size_t max_events = 200;

/// How much of the limit is left, as a share of it; negative when missed.
std::string margin(View a) {
  const auto measured = a["measured"].number();
  const auto limit = a["limit"].number();
  if (!measured || !limit || *limit == 0) return std::string(no_data);
  const bool at_least = demand(a).starts_with('>');
  return percent((at_least ? *measured - *limit : *limit - *measured) / *limit);
}

std::string full_table(View assertions) {
  HtmlTable table(
      {"Phase", "Assertion", "Measured", "95 % interval", "Limit", "Margin", "n", "Result"},
      {2, 3, 4, 5, 6});
  for (std::size_t i = 0; i < assertions.size(); ++i) {
    const View a = assertions.at(i);
    const std::string_view unit = a["unit"].text();
    const std::string_view result = a["result"].text("?");
    table.row({escaped(phase_label(a["phase"].number(), a["phase_name"].text())),
               "<code>" + escaped(a["assertion"].text()) + "</code>",
               escaped(in_unit(a["measured"].number(), unit)),
               escaped(interval(a["interval"], unit)), escaped(in_unit(a["limit"].number(), unit)),
               escaped(margin(a)), escaped(count(a["samples"].number())), badge(result)},
              result == "missed" ? "missed" : "");
  }
  return table.html();
}

std::string grid_table(const AssertionGrid& grid) {
  std::vector<std::string> heads = {"Phase"};
  heads.insert(heads.end(), grid.metrics.begin(), grid.metrics.end());
  HtmlTable table(heads, {});
  for (const AssertionGrid::Row& row : grid.rows) {
    std::vector<std::string> cells = {escaped(row.phase)};
    for (const View& a : row.cells) {
      if (!a) {
        cells.emplace_back();
        continue;
      }
      const std::string_view result = a["result"].text("?");
      cells.push_back(
          "<span class=\"measured " + std::string(tone_class(tone_of(result))) + "\" title=\"" +
          escaped(a["text"].text()) + "\"><span class=\"mark\">" +
          (result == "met"      ? "&#10003;"
           : result == "missed" ? "&#10005;"
                                : "?") +
          "</span> " + escaped(in_unit(a["measured"].number(), a["unit"].text())) +
          "</span> <span class=\"muted\">" + escaped(demand(a)) + "</span>" +
          (result == "met" || result == "missed" ? std::string() : " " + badge(result)));
    }
    table.row(cells);
  }
  return table.html();
}

}  // namespace

std::string assertion_section(View campaign) {
  const View all = campaign["assertions"];
  if (all.size() == 0)
    return section("assertions", "Assertions",
                   paragraph("Nothing was asserted, so nothing was judged."));
  std::array<std::size_t, 3> counts{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string_view result = all.at(i)["result"].text();
    ++counts[result == "met" ? 0 : result == "missed" ? 1 : 2];
  }
  std::string line = count(static_cast<double>(counts[0])) + " met, " +
                     count(static_cast<double>(counts[1])) + " missed";
  if (counts[2] > 0) line += ", " + count(static_cast<double>(counts[2])) + " undecided";
  std::string body = paragraph(line + ".", "lead");
  if (const auto grid = assertion_grid(all)) {
    body += grid_table(*grid);
    body += "<details><summary>Intervals, margins and sample counts</summary>" + full_table(all) +
            "</details>\n";
  } else {
    body += full_table(all);
  }
  return section("assertions", "Assertions", body);
}

std::string capacity_section(View campaign) {
  std::string body;
  for (const std::string& sentence : capacity_sentences(campaign)) body += paragraph(sentence);
  if (!campaign["capacity"]["capacity_per_second"]) {
    const bool passed = best_phase(campaign).has_value();
    const bool failed = first_failed_phase(campaign).has_value();
    std::string text =
        "No capacity search was part of this campaign: these are figures of its phases";
    if (passed && failed) text += "; the limit lies somewhere between them";
    if (passed && !failed) text += "; the limit was not reached";
    body += paragraph(text + ".", "muted");
  }
  return section("capacity", "Capacity", body);
}

std::string baseline_section(View campaign) {
  const View readiness = campaign["readiness_check"];
  if (!readiness)
    return section("baseline", "Change since the baseline",
                   paragraph("No baseline was taken, so there is nothing to compare with."));
  const View report = readiness["baseline_report"];
  const View health = report["health_score"];
  std::string body = paragraph(
      "Health " + count(readiness["baseline_health_score"].number(), 1) + " of 100 (" +
          count(readiness["required_health"].number(), 1) + " required)" +
          (health["weakest"] ? "; the least margin had " + std::string(health["weakest"].text())
                             : std::string()) +
          ".",
      "lead");
  const View probes = report["target_probe"];
  const View phases = campaign["phase_results"];
  const auto idle = probes.at(0)["p99"].number();
  if (idle && *idle > 0 && phases.size() > 0) {
    HtmlTable table({"Phase", "p99", "Times the idle target's " + seconds(idle)}, {1, 2});
    for (std::size_t i = 0; i < phases.size(); ++i) {
      const auto p99 = phases.at(i)["test_result"]["summary"]["p99_response_time"].number();
      if (!p99) continue;
      const View info = phases.at(i)["phase_info"];
      table.row({escaped(phase_label(info["index"].number(), info["name"].text())),
                 escaped(seconds(p99)), escaped("\xc3\x97 " + count(*p99 / *idle, 1))});
    }
    body += table.html();
  }
  const View sensors = report["sensors"];
  HtmlTable table({"Sensor", "At rest", "Stops at", "Before the load", "Margin left"},
                  {1, 2, 3, 4});
  for (std::size_t i = 0; i < sensors.size(); ++i) {
    const View s = sensors.at(i);
    table.row({escaped(s["name"].text("?")), escaped(count(s["base"].number(), 3)),
               escaped(count(s["stop"].number(), 3)), escaped(count(s["value"].number(), 3)),
               s["score"] ? escaped(count(s["score"].number(), 1) + " %")
                          : "<span class=\"muted\">no data</span>"});
  }
  if (table.rows() > 0)
    body +=
        "<details><summary>Sensors of the health score</summary>" + table.html() + "</details>\n";
  const View calibrations = report["calibrations"];
  HtmlTable machine({"Calibration", "Median", "Spread (CV)", "n"}, {1, 2, 3});
  for (std::size_t i = 0; i < calibrations.size(); ++i) {
    const View c = calibrations.at(i);
    machine.row({escaped(c["name"].text("?")),
                 escaped(in_unit(c["median"].number(), c["unit"].text())),
                 escaped(percent(c["cv"].number())), escaped(count(c["samples"].number()))});
  }
  if (machine.rows() > 0)
    body += "<details><summary>Calibrations of this machine</summary>" + machine.html() +
            "</details>\n";
  return section("baseline", "Change since the baseline", body);
}

std::string safety_section(View campaign) {
  const View safety = campaign["safety"];
  const View events = safety["events"];
  std::string body;
  if (events.size() == 0) {
    body += paragraph("No safety events.", "lead");
  } else {
    HtmlTable table({"When", "Level", "What", "Metric", "Value", "Limit"}, {4, 5});
    for (std::size_t i = 0; i < std::min(events.size(), max_events); ++i) {
      const View e = events.at(i);
      const std::string_view level = e["level"].text();
      table.row({"<span class=\"when\">" + escaped(event_time(e)) + "</span>",
                 badge(level.empty() ? e["type"].text("event") : level), escaped(event_text(e)),
                 "<code>" + escaped(e["metric"].text()) + "</code>",
                 escaped(count(e["value"].number(), 3)), escaped(count(e["limit"].number(), 3))});
    }
    body += table.html();
    if (events.size() > max_events)
      body += paragraph(
          count(static_cast<double>(events.size() - max_events)) + " more are in the JSON report.",
          "muted");
  }
  const View evidence = safety["evidence"];
  if (evidence.size() > 0) {
    body += "<details><summary>What the guardian saw before it ended the run</summary>";
    HtmlTable table({"Kind", "What"}, std::initializer_list<std::size_t>{});
    for (std::size_t i = 0; i < evidence.size(); ++i)
      table.row({escaped(evidence.at(i)["type"].text()), escaped(event_text(evidence.at(i)))});
    body += table.html() + "</details>\n";
  }
  const View margin = safety["nearest_margin"];
  if (margin["sensor"])
    body += paragraph("Nearest margin: " + std::string(margin["sensor"].text()) + ", " +
                      count(margin["left_percent"].number(), 1) + " % left.");
  return section("safety", "Safety", body);
}

std::string drift_section(View campaign) {
  std::string trend(campaign["campaign_summary"]["performance_trend"].text("UNKNOWN"));
  std::transform(trend.begin(), trend.end(), trend.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string body = paragraph(
      "Response times inside the phases, first third against last: " + trend + ".", "lead");
  const View impact = campaign["resource_impact_summary"];
  HtmlTable table({"Resource", "Lowest", "Mean", "Highest"}, {1, 2, 3});
  for (std::size_t i = 0; i < impact.size(); ++i) {
    const View r = impact.at(i);
    if (!r.is_object() || !r["max"]) continue;
    std::string name(impact.key(i));
    std::replace(name.begin(), name.end(), '_', ' ');
    const std::string_view unit = r["unit"].text();
    table.row({escaped(name), escaped(in_unit(r["min"].number(), unit)),
               escaped(in_unit(r["avg"].number(), unit)),
               escaped(in_unit(r["max"].number(), unit))});
  }
  if (table.rows() > 0) body += table.html();
  const View processes = impact["per_process"];
  HtmlTable each({"Process", "RSS lowest", "RSS highest", "Most descriptors", "Most threads"},
                 {1, 2, 3, 4});
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const View p = processes.at(i);
    std::string name(p["name"].text());
    if (const auto pid = p["pid"].number()) {
      std::string number = script_number(pid);
      name += name.empty() ? "pid " + number : " (" + number + ")";
    }
    each.row({escaped(name), escaped(bytes(p["rss_min"].number())),
              escaped(bytes(p["rss_max"].number())), escaped(count(p["fds_max"].number())),
              escaped(count(p["threads_max"].number()))});
  }
  if (each.rows() > 0) body += each.html();
  return section("drift", "Drift and resources", body);
}

}  // namespace ordeal::reports
