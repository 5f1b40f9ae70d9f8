// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/campaign_evidence.h"

#include <boost/json.hpp>
#include <cstdlib>

#include "campaign/documents/json_fields.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

/// "70 %" of verdict.phases_passed, written ">=70%" or as a number (a ratio).
std::optional<double> threshold(const json::value& verdict, const char* key) {
  if (const auto number = number_field(verdict, key)) return number;
  const auto text = text_field(verdict, key);
  if (!text) return std::nullopt;
  const std::size_t digits = text->find_first_of("0123456789.");
  if (digits == std::string::npos) return std::nullopt;
  const double number = std::strtod(text->c_str() + digits, nullptr);
  return text->find('%') == std::string::npos ? number : number / 100;
}

std::vector<std::string> failed_checks(const json::value& readiness) {
  std::vector<std::string> out;
  for (const json::value* check : elements(readiness, "checks")) {
    if (bool_field(*check, "ok").value_or(true)) continue;
    std::string text = text_field(*check, "name").value_or("a check");
    if (const auto detail = text_field(*check, "detail")) text += ": " + *detail;
    out.push_back(std::move(text));
  }
  return out;
}

std::uint64_t lost_control_events(const json::value& drops) {
  std::uint64_t lost = 0;
  for (const json::value* drop : elements(drops)) {
    // The topics whose overflow may not happen; see controller_topics().
    const std::string topic = text_field(*drop, "topic").value_or("");
    const std::string name = topic.substr(0, topic.find('/'));
    const bool third_party = text_field(*drop, "queue").value_or("") == "control";
    if (third_party || name == "control" || name == "phase" || name == "safety" ||
        name == "plugin") {
      lost += count_field(*drop, "dropped").value_or(0);
    }
  }
  return lost;
}

/// How the guardian ended a run whose controller could not say so any more, from the evidence that
/// the front put into the journal.
Result<void> ask_guardian(const RunFacts& facts, CampaignEvidence& evidence) {
  for (const auto& event : facts.events) {
    if (event.topic != "safety" || event.type != "guardian") continue;
    auto data = parse_fact(event.data, "event " + std::to_string(event.seq));
    if (!data) return std::move(data.error());
    const std::string record = text_field(**data, "level").value_or("");
    const std::string reason = text_field(**data, "reason").value_or("");
    if (record == "limit") {
      evidence.end_reason = "safety";
      evidence.end_detail = reason;
    } else if (record == "stop_requested") {
      evidence.end_reason = "person";
      evidence.end_detail = reason;
    } else if (record == "controller_died" || record == "controller_silent") {
      if (!evidence.end_reason) evidence.end_detail = reason;
    }
  }
  return {};
}

}  // namespace

Result<FiguresByPhase> all_figures(JournalReader& journal, const RunFacts& facts) {
  FiguresByPhase all;
  for (const auto& phase : facts.phases()) {
    const Attempt* attempt = facts.last_attempt(phase.index);
    if (attempt == nullptr) continue;
    auto figures = phase_figures(journal, facts, *attempt);
    if (!figures) return std::move(figures.error());
    all.emplace(phase.index, std::move(*figures));
  }
  return all;
}

Result<CampaignEvidence> campaign_evidence(const RunFacts& facts, const FiguresByPhase& figures) {
  CampaignEvidence e;
  if (const json::value* verdict = field(*facts.config, "verdict")) {
    e.phases_passed = threshold(*verdict, "phases_passed").value_or(e.phases_passed);
    e.operations_ok = threshold(*verdict, "operations_ok").value_or(e.operations_ok);
  }
  for (const auto& phase : facts.phases()) {
    PhaseSummary summary;
    summary.index = phase.index;
    summary.name = phase.name;
    summary.judge = phase.judge;
    if (const auto found = figures.find(phase.index); found != figures.end()) {
      const PhaseFigures& f = found->second;
      summary.attempted = true;
      summary.outcome = f.outcome;
      summary.operations = counted_operations(f.outcomes);
      summary.successful = f.outcomes[static_cast<std::size_t>(Outcome::ok)];
      summary.assertions = f.assertions;
    }
    e.phases.push_back(std::move(summary));
  }
  e.end_reason = text_field(*facts.end, "reason");
  e.end_detail = text_field(*facts.end, "detail").value_or("");
  if (const auto code = number_field(*facts.end, "exit_code")) {
    e.end_exit_code = static_cast<int>(*code);
  }
  if (facts.end->is_null()) {
    if (auto asked = ask_guardian(facts, e); !asked) return std::move(asked.error());
  }
  e.ready = bool_field(*facts.readiness, "ready");
  e.unready = failed_checks(*facts.readiness);
  e.control_events_lost = lost_control_events(*facts.bus_drops);
  return e;
}

}  // namespace ordeal::documents
