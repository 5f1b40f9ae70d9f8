// SPDX-License-Identifier: Apache-2.0
#include "document/campaign.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "document/figures.h"

namespace ordeal::reports {
namespace {

double ok_rate(View phase) {
  return phase["phase_analysis"]["operations_per_second"].number(
      phase["test_result"]["summary"]["operations_per_second"].number(0));
}

std::string phase_load(View phase) {
  const View summary = phase["test_result"]["summary"];
  std::string text =
      rate(ok_rate(phase)) + " ok in " + std::string(phase["phase_info"]["name"].text("?"));
  if (const auto p99 = summary["p99_response_time"].number()) text += " at p99 " + seconds(p99);
  return text;
}

}  // namespace

std::string verdict_words(View campaign) {
  std::string words(campaign["verdict"]["verdict"].text());
  if (words.empty()) return "NO VERDICT";
  std::transform(words.begin(), words.end(), words.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (words != "NO-GO") std::replace(words.begin(), words.end(), '-', ' ');
  return words;
}

Tone tone_of(std::string_view result) {
  for (const char* good : {"go", "passed", "met", "valid", "done", "EXCELLENT", "GOOD"})
    if (result == good) return Tone::good;
  for (const char* bad : {"no-go", "failed", "missed", "safety-stop", "internal-error", "POOR",
                          "abort", "stop_phase", "kill"})
    if (result == bad) return Tone::bad;
  for (const char* unsure : {"inconclusive", "invalid", "incomplete", "stopped", "not_estimable",
                             "interrupted", "warn", "throttle", "hold", "ACCEPTABLE"})
    if (result == unsure) return Tone::unsure;
  return Tone::neutral;
}

std::string phase_label(std::optional<double> index, std::string_view name) {
  return (index ? count(*index + 1) + " " : std::string()) + std::string(name);
}

std::string demand(View assertion) {
  const std::string_view text = assertion["assertion"].text();
  const std::string_view metric = assertion["metric"].text();
  return std::string(text.starts_with(metric) ? text.substr(metric.size()) : text);
}

std::optional<AssertionGrid> assertion_grid(View assertions) {
  AssertionGrid grid;
  for (std::size_t i = 0; i < assertions.size(); ++i) {
    const std::string metric(assertions.at(i)["metric"].text("?"));
    if (std::find(grid.metrics.begin(), grid.metrics.end(), metric) == grid.metrics.end())
      grid.metrics.push_back(metric);
  }
  if (grid.metrics.size() > 4) return std::nullopt;
  for (std::size_t i = 0; i < assertions.size(); ++i) {
    const View a = assertions.at(i);
    const std::string phase = phase_label(a["phase"].number(), a["phase_name"].text());
    auto row = std::find_if(grid.rows.begin(), grid.rows.end(),
                            [&](const AssertionGrid::Row& r) { return r.phase == phase; });
    if (row == grid.rows.end())
      row = grid.rows.insert(row, {phase, std::vector<View>(grid.metrics.size())});
    const auto column =
        std::find(grid.metrics.begin(), grid.metrics.end(), std::string(a["metric"].text("?"))) -
        grid.metrics.begin();
    View& cell = row->cells[static_cast<std::size_t>(column)];
    if (cell) return std::nullopt;
    cell = a;
  }
  if (grid.rows.size() < 3) return std::nullopt;
  return grid;
}

std::vector<ErrorClass> errors_by_class(View campaign) {
  std::map<std::tuple<std::string, std::string, std::string>, ErrorClass> found;
  const View phases = campaign["phase_results"];
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View errors = phases.at(i)["test_result"]["errors"];
    for (std::size_t j = 0; j < errors.size(); ++j) {
      const View error = errors.at(j);
      const auto number = error["code"].number();
      std::string code = error["code"].is_text()  ? std::string(error["code"].text())
                         : number && *number != 0 ? count(number)
                                                  : std::string();
      if (const std::string meaning(error["meaning"].text()); !meaning.empty() && !code.empty())
        code += ": " + meaning;
      const std::string operation(error["operation_type"].text("?"));
      const std::string error_class(error["class"].text("?"));
      ErrorClass& entry = found[{operation, error_class, code}];
      entry.operation = operation;
      entry.error_class = error_class;
      entry.code = code;
      entry.count += error["count"].number(0);
      const std::string phase(phases.at(i)["phase_info"]["name"].text("?"));
      if (std::find(entry.phases.begin(), entry.phases.end(), phase) == entry.phases.end())
        entry.phases.push_back(phase);
    }
  }
  std::vector<ErrorClass> sorted;
  for (auto& [key, entry] : found) sorted.push_back(std::move(entry));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ErrorClass& a, const ErrorClass& b) { return a.count > b.count; });
  return sorted;
}

Unsent unsent_operations(View campaign) {
  Unsent unsent;
  const View phases = campaign["phase_results"];
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View summary = phases.at(i)["test_result"]["summary"];
    unsent.dropped += summary["dropped_operations"].number(0);
    unsent.cancelled += summary["cancelled_operations"].number(0);
  }
  return unsent;
}

std::optional<View> best_phase(View campaign) {
  std::optional<View> best;
  const View phases = campaign["phase_results"];
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View phase = phases.at(i);
    if (phase["phase_analysis"]["result"].text() != "passed") continue;
    if (!best || ok_rate(phase) > ok_rate(*best)) best = phase;
  }
  return best;
}

std::optional<View> first_failed_phase(View campaign) {
  std::optional<View> first;
  const View phases = campaign["phase_results"];
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View phase = phases.at(i);
    if (phase["phase_analysis"]["result"].text() != "failed") continue;
    if (!first || ok_rate(phase) < ok_rate(*first)) first = phase;
  }
  return first;
}

std::vector<std::string> capacity_sentences(View campaign) {
  std::vector<std::string> sentences;
  const View capacity = campaign["capacity"];
  if (const auto found = capacity["capacity_per_second"].number()) {
    std::string text = "Capacity " + rate(found);
    if (capacity["upper_per_second"])
      text += ", at most " + rate(capacity["upper_per_second"].number());
    if (capacity["bound"]) text += ", bound by " + std::string(capacity["bound"].text());
    sentences.push_back(text + ".");
  }
  if (const auto best = best_phase(campaign)) {
    sentences.push_back("Most load that passed: " + phase_load(*best) + ".");
  } else {
    sentences.push_back("No phase passed, so no load is known to be safe.");
  }
  if (const auto failed = first_failed_phase(campaign))
    sentences.push_back("Least load that failed: " + phase_load(*failed) + ".");
  return sentences;
}

std::string event_text(View event) {
  for (const char* key : {"text", "reason", "detail"})
    if (!event[key].text().empty()) return std::string(event[key].text());
  const std::string type(event["type"].text("event"));
  if (type == "cell_died") {
    return std::string(event["plugin"].text("?")) + " " + std::string(event["version"].text()) +
           " (" + std::string(event["component"].text("?")) +
           ") died: " + std::string(event["how"].text("unknown cause")) + ", restarted " +
           counted(event["restarts"].number(0), "time", "times");
  }
  std::string text = type;
  for (const char* key : {"level", "rule", "plugin", "metric"})
    if (!event[key].text().empty())
      text += std::string(", ") + key + " " + std::string(event[key].text());
  return text;
}

std::string event_time(View event) {
  for (const char* key : {"time", "at"})
    if (!event[key].text().empty()) return moment(event[key].text());
  if (const auto t = event["t"].number()) return "+" + span(t);
  return {};
}

std::string validity_sentence(View campaign) {
  const View measurement = campaign["measurement"];
  std::string text = measurement["valid"].truth() ? "valid" : "NOT VALID";
  if (!measurement["valid"]) text = "validity unknown";
  const View reasons = measurement["reasons"];
  for (std::size_t i = 0; i < reasons.size(); ++i)
    text += (i > 0                          ? "; "
             : measurement["valid"].truth() ? ", except: "
                                            : ": ") +
            std::string(reasons.at(i).text());
  return text;
}

std::vector<PartTimes> times_by_part(View campaign) {
  std::vector<PartTimes> all;
  const View phases = campaign["phase_results"];
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View info = phases.at(i)["phase_info"];
    const std::string phase = phase_label(info["index"].number(), info["name"].text("?"));
    const View s = phases.at(i)["test_result"]["summary"];
    all.push_back({phase, "latency", s["p50_response_time"].number(),
                   s["p90_response_time"].number(), s["p99_response_time"].number(),
                   s["p999_response_time"].number(), s["max_response_time"].number(),
                   s["timed_operations"].number()});
    const auto add = [&](std::string_view part, View t) {
      if (t["count"].number(0) > 0)
        all.push_back({phase, std::string(part), t["p50"].number(), t["p90"].number(),
                       t["p99"].number(), t["p999"].number(), t["max"].number(),
                       t["count"].number()});
    };
    add("service", phases.at(i)["service_time"]);
    const View marks = phases.at(i)["marks"];
    for (std::size_t m = 0; m < marks.size(); ++m) add(marks.key(m), marks.at(m));
  }
  return all;
}

}  // namespace ordeal::reports
