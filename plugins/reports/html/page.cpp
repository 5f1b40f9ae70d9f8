// SPDX-License-Identifier: Apache-2.0
#include "html/page.h"

#include <map>
#include <string_view>

#include "document/campaign.h"
#include "document/figures.h"
#include "html/charts.h"
#include "html/embedded.h"
#include "html/markup.h"
#include "html/sections.h"

namespace ordeal::reports {
namespace {

/// Replaces each `@NAME@` of the template, in one pass: what is put in is never searched.
std::string filled(std::string_view page,
                   const std::map<std::string_view, std::string_view>& parts) {
  std::string out;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t begin = page.find('@', at);
    const std::size_t end = begin == std::string_view::npos ? begin : page.find('@', begin + 1);
    if (end == std::string_view::npos) {
      out += page.substr(at);
      break;
    }
    const auto part = parts.find(page.substr(begin + 1, end - begin - 1));
    if (part == parts.end()) {
      out += page.substr(at, end - at);
      at = end;
      continue;
    }
    out += page.substr(at, begin - at);
    out += part->second;
    at = end + 1;
  }
  return out;
}

std::string heading(View campaign) {
  const View info = campaign["campaign_info"];
  std::string text(info["campaign"].text("campaign"));
  if (!info["hostname"].text().empty()) text += " on " + std::string(info["hostname"].text());
  return text;
}

std::string subtitle(View campaign) {
  const View info = campaign["campaign_info"];
  std::string text = moment(info["start_time"].text("start unknown"));
  if (const auto hours = info["duration_hours"].number()) text += ", " + span(*hours * 3600);
  if (!info["target"]["http"].text().empty())
    text += ", against " + std::string(info["target"]["http"].text());
  return text;
}

}  // namespace

std::string campaign_page(View campaign) {
  const std::vector<Chart> charts = campaign_charts(campaign["series"]);
  const std::string title =
      escaped(verdict_words(campaign) + ": " + std::string(campaign["headline"].text("ordeal")));
  const std::string head = escaped(heading(campaign));
  const std::string under = escaped(subtitle(campaign));
  const std::string content =
      verdict_banner(campaign) + key_figures(campaign) + phase_strip(campaign) +
      assertion_section(campaign) + capacity_section(campaign) + baseline_section(campaign) +
      safety_section(campaign) + drift_section(campaign) + timeline_section(charts) +
      load_section(campaign) + latency_section(campaign) + phases_section(campaign) +
      errors_section(campaign) + measurement_section(campaign) + plugins_section(campaign) +
      actions_section(campaign) + provenance_section(campaign);
  const std::string data = chart_json(campaign["series"], charts);
  return filled(embedded::page_html, {{"TITLE", title},
                                      {"HEADING", head},
                                      {"SUBTITLE", under},
                                      {"STYLE", embedded::style_css},
                                      {"UPLOT_CSS", embedded::uplot_css},
                                      {"CONTENT", content},
                                      {"DATA", data},
                                      {"UPLOT_LICENSE", embedded::uplot_license},
                                      {"UPLOT_JS", embedded::uplot_js},
                                      {"APP", embedded::app_js}});
}

}  // namespace ordeal::reports
