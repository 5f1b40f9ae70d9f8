// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/slo.h"
#include "base/result.h"
#include "journal/journal.h"

namespace ordeal::documents {

/// A parsed value of the journal; JSON null when it holds none. Never a null pointer.
using JsonRef = std::shared_ptr<const boost::json::value>;

struct LoadFacts {
  std::string scenario;
  std::vector<std::string> kinds;
  std::map<std::int64_t, std::string> codes;  // what the scenario says they mean
};

struct PlannedPhase {
  std::int32_t index = 0;
  std::string name;
  std::optional<double> duration;  // seconds
  std::optional<double> warm_up;   // seconds
  std::optional<double> connections;
  std::optional<double> operations;  // per connection and minute
  std::optional<double> rate;        // per second
  std::optional<std::string> stress;
  bool judge = true;
  std::vector<SloLimit> slo;

  /// "open" (a rate), "paced" (operations per connection and minute) or "closed".
  [[nodiscard]] std::string model() const;
};

/// One attempt at a phase.
struct Attempt {
  PhaseRow row;
  PlannedPhase plan;   // as it was when the attempt began
  JsonRef load_model;  // see load_model_fact(); null of an older journal
  JsonRef result;

  [[nodiscard]] bool ended() const { return row.state == "done" || row.state == "stopped"; }
  /// "done", "stopped" or "interrupted": a row that still says running belongs to a controller
  /// gone.
  [[nodiscard]] std::string state() const;
};

/// Everything small that the journal holds.
struct RunFacts {
  JsonRef run, config, plugins, containment, readiness, baseline, target, bus_drops, end;
  std::vector<PlannedPhase> plan;
  std::vector<LoadFacts> loads;
  std::vector<Attempt> attempts;  // by phase, then by attempt
  std::vector<JournalEvent> events;

  /// The attempt that counts, or nullptr.
  [[nodiscard]] const Attempt* last_attempt(std::int32_t phase) const;
  /// Planned phases, and any that ran without having been planned; by index.
  [[nodiscard]] std::vector<PlannedPhase> phases() const;
  /// Wall time of second 0, nanoseconds; 0 when the journal is empty.
  [[nodiscard]] std::uint64_t origin_wall_ns() const;
  /// "get" of load 0 is {"http", "get"}; numbers where the journal names none.
  [[nodiscard]] std::string scenario_name(std::uint32_t load) const;
  /// The scenario, with "#<load>" where more than one load uses it.
  [[nodiscard]] std::string load_name(std::uint32_t load) const;
  [[nodiscard]] std::string kind_name(std::uint32_t load, std::uint32_t kind) const;
};

Result<RunFacts> read_facts(JournalReader& journal);

/// Parses a value of the journal; "" is null.
Result<JsonRef> parse_fact(const std::string& text, const std::string& what);

}  // namespace ordeal::documents
