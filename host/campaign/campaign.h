// SPDX-License-Identifier: Apache-2.0
// A campaign file, read and checked: data only. Times are nanoseconds, as written (not
// time-scaled).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "engine/feeder_spec.h"
#include "engine/load_spec.h"
#include "registry/registry.h"

namespace ordeal {

/// A limit such as "success >= 95 %" or "p99 < 500ms".
struct Slo {
  std::string metric;  // success, avg, min, max, p50, p90, p95, p99, p99.9, rate, errors
  std::string op;      // "<", "<=", ">", ">="
  double limit = 0;    // ratio (0-1) for success and errors, seconds for times, 1/s for rate
  std::string text;    // as written: ">=95%"
};

/// A kind of operation that the campaign names, and where it does.
struct NamedKind {
  std::string kind;
  Location where;
};

struct KindTimeout {
  NamedKind of;
  Duration timeout{};
};

struct LoadEntry {
  std::string scenario;  // component id
  std::string plugin;    // plugin id, from the registry
  std::string config;    // JSON, defaults merged in
  std::vector<std::pair<std::string, double>> mix;
  double weight = 1;                  // share of the phase's rate and connections
  std::uint32_t workers = 1;          // cells that share it
  std::vector<std::uint32_t> cores;   // worker i is pinned to cores[i % size]; empty: none is
  std::optional<FeederSpec> feeder;   // of its operations' data
  std::vector<KindTimeout> timeouts;  // in place of the phase's
  RetryPolicy retry;
};

struct CollectEntry {
  std::string collector;
  std::string plugin;
  std::string config;
  Duration interval{};
  std::string isolation;  // "own", "shared" or "": see effective_isolation()
};

struct RuleEntry {
  std::string rule;
  std::string plugin;
  std::string config;
  std::string isolation;  // as above
};

struct ReportEntry {
  std::string report;
  std::string plugin;
  std::string config;
};

struct Safety {
  double memory_percent = 80;  // used of the machine; guardian's hard limit too
  double cpu_percent = 85;     // throttles, holds, stops a phase; never kills
  double disk_percent = 90;
  double reserve_cpu_percent = 20;
  double reserve_memory_percent = 20;
  Duration check_interval{};  // 30s
  std::uint32_t consecutive_violations = 3;
  Duration max_duration{};  // 12h
  std::uint32_t max_consecutive_failures = 3;
  Duration cooldown{};  // 30m: the longest pause after a failed phase
  std::vector<RuleEntry> rules;
};

/// The rate goes straight from one value to another. Length 0 comes last: as long as the phase.
struct RateStep {
  double from = 0;
  double to = 0;
  Duration length{};
};

struct PhasePlan {
  std::int32_t index = 0;  // from 0
  std::string name;
  Duration duration{};
  Duration warm_up{};  // excluded from the figures
  Duration pause{};    // after it, when it passed
  std::uint32_t connections = 1;
  double operations = 0;  // per connection and minute; 0: not given
  double rate = 0;        // per second; 0: not given (then closed load, or paced by operations)
  std::vector<RateStep> rates;     // a rate that changes; `rate` is then its mean
  bool poisson = false;            // arrivals at random
  std::string arrivals_file;       // recorded arrivals; "": none; `rate` is then their mean
  double speed = 1;                // of the recording
  std::uint64_t recorded = 0;      // arrivals in the file
  double busiest_second = 0;       // most of them in one
  FileIdentity arrivals_identity;  // of the file when it was read
  std::vector<NamedKind> recorded_kinds;
  ThinkTime think;                              // closed load
  std::uint64_t operations_per_connection = 0;  // then it is renewed; 0: no bound
  std::uint64_t max_operations = 0;             // of the whole phase; 0: no bound
  std::string rate_text;                        // as written: "capacity*0.1"
  std::string stress;                           // "low", ..., or ""
  Duration timeout{};                           // per operation
  bool judge = true;
  std::vector<Slo> slo;
  std::optional<Safety> safety;
};

struct TargetSpec {
  std::string http;      // base URL, or ""
  std::string pid_file;  // or ""
  std::int64_t pid = 0;
};

struct Campaign {
  std::string name;
  std::string source;     // path of the file
  std::string effective;  // pretty JSON: defaults, file, environment, --set, all merged
  Duration duration{};
  bool fit_scale = false;
  double fit_factor = 1;  // what fit: scale multiplied the phases by
  std::uint64_t seed = 1;
  double time_scale = 1;
  TargetSpec target;
  double required_health = 70;
  Duration baseline_duration{};
  std::vector<LoadEntry> load;
  std::vector<CollectEntry> collect;
  Safety safety;
  std::vector<PhasePlan> phases;
  bool escalate_progressive = true;
  bool escalate_recover = true;
  bool escalate_select_by_health = false;
  double verdict_phases_passed = 0.70;
  double verdict_operations_ok = 0.90;
  std::vector<ReportEntry> report;
  Duration interval{};  // of the workers' frames: 1s
  Duration block{};     // of statistics: 10s
};

/// The number of a load's worker among the workers of all loads.
std::size_t worker_number(const Campaign& campaign, std::size_t load, std::uint32_t worker);

/// What the command line and the environment add to a file.
struct CampaignOverrides {
  std::vector<std::string> sets;                   // "path.to.key=value"; value as JSON, else text
  std::map<std::string, std::string> environment;  // ORDEAL_<PATH_WITH_UNDERSCORES>
  double time_scale = 1;
};

/// File -> checked campaign. Precedence: defaults < file < environment < --set. Reads, never acts;
/// feeders' files are read from end to end.
/// Errors: invalid_config (file, line, column, pointer, expected, nearest key; a --set is named as
/// such); plugin_rejected for a component no usable plugin offers and for topics that do not fit.
/// Time scale is applied here, with the floors of the design, to everything it covers.
Result<Campaign> load_campaign(const std::string& path, const CampaignOverrides& overrides,
                               const Registry& registry);

/// The same from the effective text that a run directory keeps (already merged and checked).
Result<Campaign> parse_effective(const std::string& text, const std::string& path,
                                 const CampaignOverrides& overrides, const Registry& registry);

/// Finds "quick" or "overnight" among the installed campaigns, or takes a path as it is.
std::string resolve_campaign_path(const std::string& name_or_path);

}  // namespace ordeal
