// SPDX-License-Identifier: Apache-2.0
// What an instance of each kind is made to do. Only what breaks the whole use is recorded as a
// failure here; finer rules have cases of their own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cell/check/subject.h"

namespace ordeal::check {

bool describe_scenario(Instance& instance, ordeal_scenario_info& info);
bool describe_collector(Instance& instance);

/// Opens a session; true when it is open within a second or so.
bool open_session(Instance& instance, ordeal_session_id session);
/// Opens two sessions, issues one operation of each kind on each, cancels one, closes.
void use_scenario(Instance& instance);

/// One value of one collect call.
struct TakenSample {
  std::uint32_t metric = 0;
  std::string labels;
  double value = 0;
};
/// One collect call. Returns its status.
std::int32_t collect_once(Instance& instance, std::vector<TakenSample>& samples);
void use_collector(Instance& instance);

/// A rule's snapshot, memory included.
struct MadeSnapshot {
  std::vector<std::string> texts;
  ordeal_snapshot* snapshot = nullptr;
};
/// Step `step` of a sequence that depends on the seed and on the texts of the config, which are
/// probably names of metrics. `size` series of each.
MadeSnapshot make_snapshot(const Instance& instance, std::uint64_t seed, std::uint32_t step,
                           std::uint32_t size, const std::string& config);
/// A verdict as text, for comparing; records a failure for one that breaks the contract.
std::string evaluate_once(Instance& instance, const MadeSnapshot& made, bool must_succeed = true);
void use_rule(Instance& instance);

/// The files of one render call, and its status.
struct Rendered {
  std::int32_t status = 0;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<std::string> wrong;  // calls of the sink that break its rules
};
Rendered render_once(Instance& instance, std::uint32_t stage, std::string_view document);
/// The document of a stage made from its published schema, or "" when that cannot be done.
std::string make_document(std::uint32_t stage, std::uint64_t seed);
void use_report(Instance& instance);

}  // namespace ordeal::check
