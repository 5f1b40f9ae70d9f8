// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/journal_facts.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/plain_text.h"
#include "campaign/documents/json_fields.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

PlannedPhase parse_phase(const json::value& value) {
  PlannedPhase phase;
  phase.index = static_cast<std::int32_t>(number_field(value, "index").value_or(0));
  phase.name = text_field(value, "name").value_or("");
  phase.duration = number_field(value, "duration");
  phase.warm_up = number_field(value, "warm_up");
  phase.connections = number_field(value, "connections");
  phase.operations = number_field(value, "operations");
  phase.rate = number_field(value, "rate");
  phase.stress = text_field(value, "stress");
  phase.judge = bool_field(value, "judge").value_or(true);
  for (const json::value* slo : elements(value, "slo")) {
    SloLimit limit;
    limit.metric = text_field(*slo, "metric").value_or("");
    limit.op = text_field(*slo, "op").value_or("");
    limit.limit = number_field(*slo, "limit").value_or(0);
    limit.text = text_field(*slo, "text").value_or("");
    phase.slo.push_back(std::move(limit));
  }
  return phase;
}

std::map<std::int64_t, std::string> code_meanings(const json::value* codes) {
  std::map<std::int64_t, std::string> meanings;
  if (codes == nullptr || !codes->is_object()) return meanings;
  for (const auto& [code, meaning] : codes->get_object())
    if (meaning.is_string())
      meanings.emplace(std::strtoll(std::string(code).c_str(), nullptr, 10),
                       plain_text({meaning.get_string().data(), meaning.get_string().size()}, 200));
  return meanings;
}

Result<JsonRef> read_key(JournalReader& journal, const std::string& key) {
  auto text = journal.get(key);
  if (!text) return std::move(text.error());
  return parse_fact(text->value_or(""), "journal key '" + key + "'");
}

Result<void> read_attempts(JournalReader& journal, RunFacts& facts) {
  auto rows = journal.phases();
  if (!rows) return std::move(rows.error());
  for (auto& row : *rows) {
    auto plan = parse_fact(row.plan, "plan of phase " + row.name);
    if (!plan) return std::move(plan.error());
    auto result = parse_fact(row.result, "result of phase " + row.name);
    if (!result) return std::move(result.error());
    Attempt attempt;
    attempt.result = *result;
    const auto planned =
        std::find_if(facts.plan.begin(), facts.plan.end(),
                     [&](const PlannedPhase& phase) { return phase.index == row.index; });
    const json::value* model = field(**plan, "load_model");
    attempt.load_model = std::make_shared<const json::value>(
        model == nullptr ? json::value(nullptr) : json::value(*model));
    if ((*plan)->is_object()) {
      attempt.plan = parse_phase(**plan);
    } else if (planned != facts.plan.end()) {
      attempt.plan = *planned;
    }
    attempt.plan.index = row.index;
    attempt.plan.name = row.name;
    attempt.row = std::move(row);
    facts.attempts.push_back(std::move(attempt));
  }
  std::stable_sort(
      facts.attempts.begin(), facts.attempts.end(), [](const Attempt& a, const Attempt& b) {
        return std::pair(a.row.index, a.row.attempt) < std::pair(b.row.index, b.row.attempt);
      });
  return {};
}

}  // namespace

std::string PlannedPhase::model() const {
  if (rate.value_or(0) > 0) return "open";
  return operations.value_or(0) > 0 ? "paced" : "closed";
}

std::string Attempt::state() const { return row.state == "running" ? "interrupted" : row.state; }

const Attempt* RunFacts::last_attempt(std::int32_t phase) const {
  const Attempt* last = nullptr;
  for (const auto& attempt : attempts) {
    if (attempt.row.index == phase) last = &attempt;
  }
  return last;
}

std::vector<PlannedPhase> RunFacts::phases() const {
  std::vector<PlannedPhase> all = plan;
  for (const auto& attempt : attempts) {
    const auto same = [&](const PlannedPhase& phase) { return phase.index == attempt.row.index; };
    const auto planned = std::find_if(all.begin(), all.end(), same);
    if (planned == all.end()) {
      all.push_back(attempt.plan);
    } else {
      *planned = attempt.plan;
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const PlannedPhase& a, const PlannedPhase& b) { return a.index < b.index; });
  return all;
}

std::uint64_t RunFacts::origin_wall_ns() const {
  if (const auto started = count_field(*run, "started_wall_ns")) return *started;
  std::uint64_t first = 0;
  const auto consider = [&](std::uint64_t wall_ns) {
    if (wall_ns != 0 && (first == 0 || wall_ns < first)) first = wall_ns;
  };
  for (const auto& attempt : attempts) consider(attempt.row.started.wall_ns);
  for (const auto& event : events) consider(event.at.wall_ns);
  return first;
}

std::string RunFacts::scenario_name(std::uint32_t load) const {
  return load < loads.size() ? loads[load].scenario : "load" + std::to_string(load);
}

std::string RunFacts::load_name(std::uint32_t load) const {
  const std::string scenario = scenario_name(load);
  const auto same = [&](const LoadFacts& other) { return other.scenario == scenario; };
  return std::count_if(loads.begin(), loads.end(), same) > 1 ? scenario + '#' + std::to_string(load)
                                                             : scenario;
}

std::string RunFacts::kind_name(std::uint32_t load, std::uint32_t kind) const {
  if (load < loads.size() && kind < loads[load].kinds.size()) return loads[load].kinds[kind];
  return "kind" + std::to_string(kind);
}

Result<JsonRef> parse_fact(const std::string& text, const std::string& what) {
  if (text.empty()) return std::make_shared<const json::value>(nullptr);
  auto value = parse_json(text, what);
  if (!value) {
    Error error = std::move(value.error());
    error.code = ExitCode::internal;
    return error;
  }
  return std::make_shared<const json::value>(std::move(*value));
}

Result<RunFacts> read_facts(JournalReader& journal) {
  RunFacts facts;
  JsonRef plan;
  JsonRef loads;
  const std::pair<const char*, JsonRef*> keys[] = {
      {"run", &facts.run},
      {"config", &facts.config},
      {"plugins", &facts.plugins},
      {"containment", &facts.containment},
      {"readiness", &facts.readiness},
      {"baseline", &facts.baseline},
      {"target", &facts.target},
      {"bus_drops", &facts.bus_drops},
      {"end", &facts.end},
      {"plan", &plan},
      {"loads", &loads},
  };
  for (const auto& [key, into] : keys) {
    auto value = read_key(journal, key);
    if (!value) return std::move(value.error());
    *into = std::move(*value);
  }
  for (const json::value* phase : elements(*plan)) {
    facts.plan.push_back(parse_phase(*phase));
  }
  for (const json::value* load : elements(*loads)) {
    facts.loads.push_back({text_field(*load, "scenario").value_or(""), text_list(*load, "kinds"),
                           code_meanings(field(*load, "codes"))});
  }
  if (auto read = read_attempts(journal, facts); !read) return std::move(read.error());
  auto events = journal.events();
  if (!events) return std::move(events.error());
  facts.events = std::move(*events);
  return facts;
}

}  // namespace ordeal::documents
