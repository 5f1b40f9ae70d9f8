// SPDX-License-Identifier: Apache-2.0
// What stands above the fold: the verdict, the figures to remember, the phases in one strip.
#include <algorithm>

#include "document/campaign.h"
#include "document/figures.h"
#include "html/markup.h"
#include "html/sections.h"

namespace ordeal::reports {
namespace {

constexpr std::size_t max_reasons = 12;

std::string evidence(View reason) {
  const View e = reason["evidence"];
  if (!e) return {};
  std::string text = "n=" + count(e["samples"].number());
  if (!e["samples"]) text = std::string(e["metric"].text());
  return " <span class=\"muted\">" + escaped(text) + "</span>";
}

const char* icon(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "&#10003;";
    case Tone::bad:
      return "&#10005;";
    case Tone::unsure:
      return "?";
    case Tone::neutral:
      break;
  }
  return "&#8211;";
}

std::string tile(std::string_view figure, std::string_view name, std::string_view detail = {}) {
  std::string out = "<div class=\"tile\"><div class=\"figure\">" + escaped(figure) +
                    "</div><div class=\"name\">" + escaped(name) + "</div>";
  if (!detail.empty()) out += "<div class=\"detail\">" + escaped(detail) + "</div>";
  return out + "</div>\n";
}

}  // namespace

std::string verdict_banner(View campaign) {
  const View info = campaign["campaign_info"];
  const View verdict = campaign["verdict"];
  const Tone tone = tone_of(verdict["verdict"].text());
  std::string out = "<header class=\"verdict " + std::string(tone_class(tone)) + "\">\n";
  out += "<div class=\"word\"><span class=\"icon\" aria-hidden=\"true\">" +
         std::string(icon(tone)) + "</span> " + escaped(verdict_words(campaign)) +
         "</div>\n<div class=\"says\">\n";
  out += "<p class=\"sentence\">" + escaped(verdict["sentence"].text("No verdict was reached.")) +
         "</p>\n";
  const View reasons = verdict["reasons"];
  if (reasons.size() > 0) {
    out += "<ul>";
    for (std::size_t i = 0; i < std::min(reasons.size(), max_reasons); ++i) {
      const View reason = reasons.at(i);
      out += "<li>" + escaped(reason["text"].text(reason.text())) + evidence(reason) + "</li>\n";
    }
    out += "</ul>\n";
  }
  const View actions = campaign["recommendations"];
  if (actions.size() > 0)
    out +=
        "<p class=\"next\"><strong>Do first:</strong> " + escaped(actions.at(0).text()) + "</p>\n";
  if (!info["complete"].truth(true))
    out += "<p class=\"next\"><strong>Not complete:</strong> ended by " +
           escaped(info["ended_by"].text("an unknown cause")) + ".</p>\n";
  if (info["time_scale"].number(1) != 1)
    out += "<p class=\"next\"><strong>Shortened:</strong> every duration times " +
           escaped(count(info["time_scale"].number(), 6)) + "; rates as in the campaign.</p>\n";
  return out + "</div></header>\n";
}

std::string key_figures(View campaign) {
  const View totals = campaign["campaign_summary"];
  const View info = campaign["campaign_info"];
  std::string out = "<div class=\"tiles\">\n";
  out += tile(count(totals["successful_phases"].number()) + " of " +
                  count(totals["planned_phases"].number()),
              "phases passed", count(totals["total_phases_attempted"].number()) + " attempted");
  out += tile(percent(totals["overall_success_rate"].number()), "operations ok",
              count(totals["total_operations"].number()) + " in all");
  if (const auto best = best_phase(campaign)) {
    const View summary = (*best)["test_result"]["summary"];
    out += tile(rate(summary["operations_per_second"].number()), "most load that passed",
                (*best)["phase_info"]["name"].text());
  } else {
    out += tile(no_data, "most load that passed", "no phase passed");
  }
  const View phases = campaign["phase_results"];
  std::optional<double> worst;
  std::string_view worst_phase;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const auto p99 = phases.at(i)["test_result"]["summary"]["p99_response_time"].number();
    if (!p99 || (worst && *worst >= *p99)) continue;
    worst = p99;
    worst_phase = phases.at(i)["phase_info"]["name"].text();
  }
  out += tile(seconds(worst), "worst p99", worst_phase);
  out += tile(count(info["baseline_health_score"].number(), 1), "health at start", "of 100");
  const View events = campaign["safety"]["events"];
  out += tile(count(static_cast<double>(events.size())), "safety events",
              counted(totals["emergency_stops"].number(0), "emergency stop", "emergency stops"));
  return out + "</div>\n";
}

std::string phase_strip(View campaign) {
  const View phases = campaign["series"]["phases"];
  if (phases.size() == 0) return {};
  double end = 0;
  for (std::size_t i = 0; i < phases.size(); ++i)
    end = std::max({end, phases.at(i)["start"].number(0), phases.at(i)["end"].number(0)});
  std::string out =
      "<div class=\"strip\" role=\"img\" aria-label=\"The phases of the run, by duration\">\n";
  double at = phases.at(0)["start"].number(0);
  const double whole = std::max(end - at, 1e-9);
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View phase = phases.at(i);
    const double start = phase["start"].number(at);
    const double stop = phase["end"].number(std::max(start, end));
    const auto share = [&](double length) {
      return script_number(std::max(0.0, length) / whole * 1000);
    };
    if (start > at)
      out += "<span class=\"pause\" style=\"flex-grow:" + share(start - at) + "\"></span>";
    const std::string_view result = phase["result"].text(phase["state"].text());
    const std::string name = phase_label(phase["index"].number(), phase["name"].text());
    out += "<span class=\"block " + std::string(tone_class(tone_of(result))) +
           "\" style=\"flex-grow:" + share(stop - start) + "\" title=\"" +
           escaped(name + ": " + std::string(result) + ", " + span(stop - start)) + "\"><b>" +
           escaped(name) + "</b><i>" + escaped(result) + "</i></span>\n";
    at = stop;
  }
  return out + "</div>\n";
}

}  // namespace ordeal::reports
