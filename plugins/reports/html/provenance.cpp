// SPDX-License-Identifier: Apache-2.0
// Whether the figures can be trusted, what to do, and how to have the same run again.
#include <boost/json.hpp>

#include <algorithm>

#include "document/campaign.h"
#include "document/figures.h"
#include "html/markup.h"
#include "html/sections.h"

namespace ordeal::reports {
namespace {

constexpr std::size_t max_events = 100;
constexpr std::size_t max_config = 128 * 1024;

std::string pair(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return "<dt>" + escaped(name) + "</dt><dd>" + escaped(value) + "</dd>\n";
}

/// Indented by two blanks a level.
void indented(const boost::json::value& value, const std::string& margin, std::string& out) {
  const std::string inner = margin + "  ";
  if (out.size() > max_config) return;
  if (value.is_object() && !value.get_object().empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& member : value.get_object()) {
      if (!first) out += ",\n";
      first = false;
      out += inner + boost::json::serialize(boost::json::string(member.key())) + ": ";
      indented(member.value(), inner, out);
    }
    out += "\n" + margin + "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    out += "[\n";
    bool first = true;
    for (const auto& element : value.get_array()) {
      if (!first) out += ",\n";
      first = false;
      out += inner;
      indented(element, inner, out);
    }
    out += "\n" + margin + "]";
  } else if (const double* number = value.if_double()) {
    out += script_number(*number);
  } else {
    out += boost::json::serialize(value);
  }
}

std::string containment_text(View containment) {
  if (!containment) return {};
  std::string text = "load tier " + count(containment["load_tier"].number()) + ", service tier " +
                     count(containment["service_tier"].number());
  if (const auto drill = containment["drill_ns"].number())
    text += "; the kill drill took " + seconds(*drill / 1e9);
  if (const auto reserved = containment["reserved"].text(); !reserved.empty())
    text += "; reserved: " + std::string(reserved);
  return text;
}

}  // namespace

std::string measurement_section(View campaign) {
  const View measurement = campaign["measurement"];
  std::string text = validity_sentence(campaign);
  if (!text.empty() && text[0] >= 'a') text[0] = static_cast<char>(text[0] - 32);
  std::string body = paragraph(text + ".", "lead");
  const View phases = campaign["phase_results"];
  HtmlTable table({"Phase", "Sent", "Send lag p99", "Generator CPU", "Run-queue delay",
                   "Receive lag", "Missing", "Late", "Valid"},
                  {1, 2, 3, 4, 5, 6, 7});
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View info = phases.at(i)["phase_info"];
    const View m = phases.at(i)["measurement"];
    table.row({escaped(phase_label(info["index"].number(), info["name"].text())),
               escaped(percent(m["send_rate"].number())),
               escaped(seconds(m["send_lag_p99"].number())),
               escaped(percent(m["generator_cpu_share"].number())),
               escaped(percent(m["run_delay_share"].number())),
               escaped(percent(m["receive_lag_share"].number())),
               escaped(percent(m["missing_share"].number())),
               escaped(count(m["late_completions"].number())),
               m["valid"] ? (m["valid"].truth() ? badge("valid") : badge("invalid")) : badge("?")});
  }
  if (table.rows() > 0) body += table.html();
  const View sent = campaign["wire"]["requests_sent"];
  if (sent) {
    std::string line = "Requests sent: " + count(sent["total"].number()) + " (";
    bool first = true;
    for (const char* key : {"measured", "warm_up", "probe", "retried", "cancelled"}) {
      std::string name(key);
      std::replace(name.begin(), name.end(), '_', '-');
      line += (first ? "" : ", ") + count(sent[key].number()) + " " + name;
      first = false;
    }
    body += paragraph(line + ").");
  }
  const View drops = measurement["bus_drops"];
  for (std::size_t i = 0; i < drops.size(); ++i) {
    const View drop = drops.at(i);
    if (drop["dropped"].number(0) == 0) continue;
    body += paragraph(count(drop["dropped"].number()) + " events of " +
                      std::string(drop["topic"].text("?")) + " did not reach " +
                      std::string(drop["subscriber"].text("?")) + ".");
  }
  return section("measurement", "Measurement", body);
}

std::string plugins_section(View campaign) {
  const View plugins = campaign["plugins"];
  const View events = plugins["events"];
  std::string body;
  if (events.size() == 0) body += paragraph("No plugin failed.", "lead");
  HtmlTable sums({"Plugin", "Version", "Component", "Trouble", "Times", "Last"}, {4});
  const View summed = plugins["trouble"];
  for (std::size_t i = 0; i < summed.size(); ++i) {
    const View t = summed.at(i);
    sums.row({"<code>" + escaped(t["plugin"].text()) + "</code>", escaped(t["version"].text()),
              escaped(t["component"].text()), escaped(t["kind"].text()),
              escaped(count(t["count"].number())), escaped(t["detail"].text())});
  }
  if (sums.rows() > 0) body += sums.html();
  HtmlTable trouble({"When", "What", "Last log lines"}, {});
  for (std::size_t i = 0; i < std::min(events.size(), max_events); ++i) {
    const View e = events.at(i);
    std::string lines;
    const View log = e["last_log"];
    for (std::size_t j = log.size() > 5 ? log.size() - 5 : 0; j < log.size(); ++j)
      lines += "<code>" + escaped(log.at(j).text()) + "</code><br>";
    trouble.row({"<span class=\"when\">" + escaped(event_time(e)) + "</span>",
                 escaped(event_text(e)), lines});
  }
  if (trouble.rows() > 0) body += trouble.html();
  const View used = plugins["used"];
  HtmlTable table({"Plugin", "Version", "Kind", "Component", "Isolation"}, {});
  for (std::size_t i = 0; i < used.size(); ++i) {
    const View p = used.at(i);
    table.row({"<code>" + escaped(p["id"].text()) + "</code>", escaped(p["version"].text()),
               escaped(p["kind"].text()), escaped(p["component"].text()),
               escaped(p["isolation"].text())});
  }
  if (table.rows() > 0)
    body += "<details><summary>" +
            escaped(counted(static_cast<double>(table.rows()), "plugin", "plugins")) +
            " used</summary>" + table.html() + "</details>\n";
  return section("plugins", "Plugins", body);
}

std::string actions_section(View campaign) {
  const View actions = campaign["recommendations"];
  if (actions.size() == 0)
    return section("actions", "What to do", paragraph("Nothing in particular.", "lead"));
  std::string body = "<ol class=\"actions\">";
  for (std::size_t i = 0; i < actions.size(); ++i)
    body += "<li>" + escaped(actions.at(i).text()) + "</li>\n";
  return section("actions", "What to do", body + "</ol>\n");
}

std::string provenance_section(View campaign) {
  const View info = campaign["campaign_info"];
  const View target = info["target"];
  std::string body;
  const std::string_view command = campaign["reproduce"].text();
  if (!command.empty()) body += "<pre class=\"command\">" + escaped(command) + "</pre>\n";
  body += "<dl>";
  body += pair("Run", info["run_id"].text());
  body += pair("Machine", info["hostname"].text());
  body += pair("Target", target["http"].text(target["pid_file"].text()));
  body += pair("Started", moment(info["start_time"].text()));
  body += pair("Ended", moment(info["end_time"].text()));
  body += pair("Ended by", info["ended_by"].text());
  body += pair("Time scale", count(info["time_scale"].number(1), 6));
  body += pair("Phase factor", count(info["fit_factor"].number(1), 4));
  body += pair("Seed", info["seed"] ? script_number(info["seed"].number()) : "");
  body += pair("Containment", containment_text(info["containment"]));
  body += pair("ordeal", info["ordeal_version"].text());
  body += pair("Exit code", count(campaign["verdict"]["exit_code"].number()));
  body += "</dl>\n";
  if (info["config"]) {
    std::string config;
    indented(*info["config"].json(), "", config);
    if (config.size() > max_config) config = "too large for this page; it is in campaign.json";
    body += "<details><summary>The campaign as it ran</summary><pre>" + escaped(config) +
            "</pre></details>\n";
  }
  return section("provenance", "How to run it again", body);
}

}  // namespace ordeal::reports
