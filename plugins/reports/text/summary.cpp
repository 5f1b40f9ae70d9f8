// SPDX-License-Identifier: Apache-2.0
#include "text/summary.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "document/campaign.h"
#include "document/figures.h"
#include "document/load.h"
#include "text/table.h"

namespace ordeal::reports {
namespace {

constexpr std::size_t max_listed = 8;
constexpr std::size_t max_parts = 48;

std::string word_of(std::string_view result) {
  std::string word(result);
  std::replace(word.begin(), word.end(), '_', ' ');
  const Tone tone = tone_of(result);
  return tone == Tone::bad || tone == Tone::unsure ? "! " + word : "  " + word;
}

std::string section(std::string_view title, const std::string& body) {
  return "\n" + std::string(title) + "\n" + body;
}

std::string item(std::string_view text) { return wrapped("  - ", clean(text)); }

std::string head(View campaign) {
  const View info = campaign["campaign_info"];
  const std::string words = verdict_words(campaign);
  // The verdict first, in a word; the headline then says what was run, where, and why so.
  std::string sentence = clean(campaign["verdict"]["sentence"].text("No verdict was reached."));
  const std::string headline = clean(campaign["headline"].text());
  if (headline.find(sentence) != std::string::npos) sentence.clear();
  // Not wrapped: a time scale is told on the first line, however long that is.
  const std::string first =
      words + ": " + (headline.empty() ? clean(info["campaign"].text("campaign")) : headline);
  std::string out =
      first + "\n" + std::string(std::min<std::size_t>(text_width(first), 100), '=') + "\n";
  if (!sentence.empty()) out += wrapped("", sentence);
  const View reasons = campaign["verdict"]["reasons"];
  for (std::size_t i = 0; i < std::min(reasons.size(), max_listed); ++i)
    out += item(reasons.at(i)["text"].text(reasons.at(i).text()));
  const View totals = campaign["campaign_summary"];
  const auto hours = info["duration_hours"].number();
  out += "\n" + wrapped("", clean(info["campaign"].text("?")) + " on " +
                                clean(info["hostname"].text("?")) + ", " +
                                moment(clean(info["start_time"].text("?"))) + ", " +
                                span(hours ? std::optional(*hours * 3600) : std::nullopt) + ", " +
                                count(totals["total_phases_attempted"].number()) + " of " +
                                count(totals["planned_phases"].number()) + " phases, " +
                                count(totals["total_operations"].number()) + " operations, " +
                                percent(totals["overall_success_rate"].number()) + " ok.");
  if (!info["complete"].truth(true))
    out += "The run is not complete: " + clean(info["ended_by"].text("cause unknown")) + ".\n";
  return out;
}

std::string long_assertions(View assertions) {
  Table table({"phase", "assertion", "measured", "95 % interval", "limit", "n", "result"},
              {2, 4, 5});
  std::string last;
  for (std::size_t i = 0; i < assertions.size(); ++i) {
    const View a = assertions.at(i);
    const std::string_view unit = a["unit"].text();
    std::string phase = phase_label(a["phase"].number(), a["phase_name"].text());
    const std::string shown = phase == last ? std::string() : phase;
    last = std::move(phase);
    table.row({shown, std::string(a["assertion"].text()), in_unit(a["measured"].number(), unit),
               interval(a["interval"], unit), in_unit(a["limit"].number(), unit),
               count(a["samples"].number()), word_of(a["result"].text("?"))});
  }
  return table.text();
}

std::string short_word(std::string_view result) {
  if (result == "missed") return "MISSED";
  if (result == "not_estimable") return "too few";
  if (result == "not_judged") return "unjudged";
  return std::string(result);
}

std::string assertion_matrix(const AssertionGrid& grid) {
  std::vector<std::string> heads = {"phase"};
  std::vector<std::size_t> right;
  for (const std::string& metric : grid.metrics) {
    right.push_back(heads.size());
    heads.insert(heads.end(), {metric, "limit", ""});
  }
  Table table(heads, right);
  for (const AssertionGrid::Row& row : grid.rows) {
    std::vector<std::string> cells = {row.phase};
    for (const View& a : row.cells) {
      cells.push_back(a ? in_unit(a["measured"].number(), a["unit"].text()) : std::string());
      cells.push_back(demand(a));
      cells.push_back(short_word(a["result"].text()));
    }
    table.row(std::move(cells));
  }
  return table.text();
}

std::string assertions(View campaign) {
  const View all = campaign["assertions"];
  if (all.size() == 0) return "  none: nothing was asserted, so nothing was judged\n";
  const auto grid = assertion_grid(all);
  if (!grid) return long_assertions(all);
  std::string out = assertion_matrix(*grid);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const View a = all.at(i);
    if (a["result"].text() != "missed") continue;
    std::string text(a["phase_name"].text());
    text += ": " + std::string(a["text"].text());
    const std::string range = interval(a["interval"], a["unit"].text());
    if (range != no_data) text += ", 95 % interval " + range;
    out += item(text);
  }
  return out;
}

std::string phase_table(View campaign) {
  Table table({"phase", "ran", "op/s", "success", "p50", "p99", "max", "result"},
              {1, 2, 3, 4, 5, 6});
  const View phases = campaign["phase_results"];
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View phase = phases.at(i);
    const View summary = phase["test_result"]["summary"];
    const View info = phase["phase_info"];
    table.row(
        {phase_label(info["index"].number(), info["name"].text("?")),
         span(phase["duration_seconds"].number()), rate(summary["operations_per_second"].number()),
         percent(summary["success_rate"].number()), seconds(summary["p50_response_time"].number()),
         seconds(summary["p99_response_time"].number()),
         seconds(summary["max_response_time"].number()),
         word_of(phase["phase_analysis"]["result"].text(phase["state"].text("?")))});
  }
  return table.empty() ? "  none ran\n" : table.text();
}

std::string load(View campaign) {
  std::string out;
  const View phases = campaign["phase_results"];
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View info = phases.at(i)["phase_info"];
    std::string text = phase_label(info["index"].number(), info["name"].text("?")) + ": " +
                       load_words(phases.at(i));
    const LoadCounts counts = load_counts(phases.at(i));
    std::string came;
    const auto add = [&came](std::optional<double> n, const char* what) {
      if (n.value_or(0) > 0) came += (came.empty() ? " [" : ", ") + count(n) + what;
    };
    add(counts.opened, " connections opened");
    add(counts.failed, " not opened");
    add(counts.renewed, " renewed");
    add(counts.dropped, " operations never sent");
    add(counts.retried, " requests of further attempts");
    if (!came.empty()) text += came + "]";
    out += item(text);
  }
  for (const EntryWords& entry : entry_words(campaign)) out += item(entry_line(entry));
  if (const auto seed = campaign["campaign_info"]["seed"].number(); seed && !out.empty())
    out += "  seed " + count(seed) + "\n";
  return out;
}

std::string times_table(View campaign) {
  Table table({"phase", "time", "p50", "p90", "p99", "p99.9", "max", "n"}, {2, 3, 4, 5, 6, 7});
  const auto parts = times_by_part(campaign);
  std::string last;
  for (std::size_t i = 0; i < std::min(parts.size(), max_parts); ++i) {
    const PartTimes& t = parts[i];
    table.row({t.phase == last ? std::string() : t.phase, clean(t.part, 40), seconds(t.p50),
               seconds(t.p90), seconds(t.p99), seconds(t.p999), seconds(t.max), count(t.count)});
    last = t.phase;
  }
  std::string out = table.empty() ? std::string() : table.text();
  if (parts.size() > max_parts)
    out += "  and " + std::to_string(parts.size() - max_parts) + " more in the JSON report\n";
  return out;
}

std::string error_table(View campaign) {
  Table table({"operation", "class", "code", "count", "phases"}, {3});
  const auto errors = errors_by_class(campaign);
  for (std::size_t i = 0; i < std::min(errors.size(), max_listed); ++i) {
    const ErrorClass& error = errors[i];
    std::string phases = error.phases.front();
    if (error.phases.size() > 1)
      phases += " and " + std::to_string(error.phases.size() - 1) + " more";
    table.row({error.operation, error.error_class, error.code, count(error.count), phases});
  }
  std::string out = table.empty() ? "  none\n" : table.text();
  if (errors.size() > max_listed)
    out += "  and " + std::to_string(errors.size() - max_listed) + " more in the JSON report\n";
  const Unsent unsent = unsent_operations(campaign);
  if (unsent.dropped > 0)
    out += "  " + count(unsent.dropped) + " operations never sent (dropped)\n";
  if (unsent.cancelled > 0) out += "  " + count(unsent.cancelled) + " cancelled\n";
  return out;
}

std::string event_list(View events) {
  std::string out;
  for (std::size_t i = 0; i < std::min(events.size(), max_listed); ++i) {
    const View event = events.at(i);
    out += item(event_time(event) + "  " + event_text(event));
    // A crash is judged by what the plugin said last.
    const View lines = event["last_log"];
    if (lines.size() > 0)
      out += wrapped("      last: ", clean(lines.at(lines.size() - 1).text(), 200));
  }
  if (events.size() > max_listed)
    out += "  and " + std::to_string(events.size() - max_listed) + " more in the JSON report\n";
  return out;
}

std::string plugin_trouble(View plugins) {
  std::string out;
  const View trouble = plugins["trouble"];
  for (std::size_t i = 0; i < std::min(trouble.size(), max_listed); ++i) {
    const View one = trouble.at(i);
    std::string text(one["plugin"].text());
    if (one["version"]) text += " " + std::string(one["version"].text());
    if (one["component"]) text += " (" + std::string(one["component"].text()) + ")";
    text += ", " + std::string(one["kind"].text()) + " x" + count(one["count"].number()) + ": " +
            std::string(one["detail"].text());
    out += item(text);
  }
  if (trouble.size() > max_listed)
    out += "  and " + std::to_string(trouble.size() - max_listed) + " more in the JSON report\n";
  return out + event_list(plugins["events"]);
}

std::string safety(View campaign) {
  std::string out = event_list(campaign["safety"]["events"]);
  const View margin = campaign["safety"]["nearest_margin"];
  if (out.empty()) out = "  none\n";
  const View evidence = campaign["safety"]["evidence"];
  for (std::size_t i = 0; i < evidence.size(); ++i)
    if (evidence.at(i)["type"].text() == "process") out += item(event_text(evidence.at(i)));
  if (margin["sensor"])
    out += "  nearest margin: " + clean(margin["sensor"].text()) + ", " +
           count(margin["left_percent"].number(), 1) + " % left\n";
  return out;
}

std::string measurement(View campaign) {
  std::string out = wrapped("  ", clean(validity_sentence(campaign)));
  const View drops = campaign["measurement"]["bus_drops"];
  std::size_t lossy = 0;
  for (std::size_t i = 0; i < drops.size(); ++i) {
    const View drop = drops.at(i);
    if (drop["dropped"].number(0) == 0 || ++lossy > max_listed) continue;
    out += item(count(drop["dropped"].number()) + " events of " +
                std::string(drop["topic"].text("?")) + " did not reach " +
                std::string(drop["subscriber"].text("?")));
  }
  if (lossy > max_listed)
    out += "  and " + std::to_string(lossy - max_listed) + " more in the JSON report\n";
  const View sent = campaign["wire"]["requests_sent"];
  if (sent)
    out += "  requests sent: " + count(sent["total"].number()) + " (" +
           count(sent["measured"].number()) + " measured, " + count(sent["warm_up"].number()) +
           " warm-up, " + count(sent["probe"].number()) + " probes, " +
           count(sent["retried"].number()) + " retried, " + count(sent["cancelled"].number()) +
           " cancelled)\n";
  return out;
}

std::string list(View texts, std::string_view nothing) {
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) out += item(texts.at(i).text());
  return out.empty() ? std::string(nothing) : out;
}

}  // namespace

std::string campaign_summary(View campaign) {
  std::string capacity;
  for (const std::string& sentence : capacity_sentences(campaign))
    capacity += wrapped("  ", clean(sentence));
  std::string out = head(campaign);
  out += section("ASSERTIONS", assertions(campaign));
  out += section("PHASES", phase_table(campaign));
  if (const std::string how = load(campaign); !how.empty()) out += section("LOAD", how);
  if (const std::string times = times_table(campaign); !times.empty())
    out += section(
        "TIMES (latency: from the intended start; service: from the actual send; others: parts)",
        times);
  out += section("CAPACITY", capacity);
  out += section("ERRORS", error_table(campaign));
  out += section("SAFETY EVENTS", safety(campaign));
  const std::string trouble = plugin_trouble(campaign["plugins"]);
  out += section("PLUGIN TROUBLE", trouble.empty() ? "  none\n" : trouble);
  out += section("MEASUREMENT", measurement(campaign));
  out += section("WHAT TO DO", list(campaign["recommendations"], "  nothing\n"));
  const std::string again = clean(campaign["reproduce"].text(), 2000);
  if (!again.empty()) out += section("RUN IT AGAIN", "  " + again + "\n");
  return out;
}

}  // namespace ordeal::reports
