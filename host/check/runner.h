// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "check/case_process.h"
#include "check/catalogue.h"
#include "registry/manifest.h"

namespace ordeal {

enum class CheckVerdict { ok, warn, fail, skip };
const char* verdict_word(CheckVerdict verdict);

/// How one case of one component (or of the plugin) ended.
struct CheckResult {
  const CheckCase* about = nullptr;
  std::string component;  // "" for a case of the whole plugin
  CheckVerdict verdict = CheckVerdict::ok;
  std::vector<CheckFinding> findings;  // failures, then warnings; a skip has one
  std::string note;
  double seconds = 0;
};

struct CheckPlan {
  int level = check_levels;
  std::vector<std::string> cases;  // only these and what they need; empty: all of the level
  std::uint64_t seed = 1;
  double limit_s = 20;                         // of one case process
  std::map<std::string, std::string> configs;  // JSON text by component id
};

/// Runs every case of the plan on a plugin, one process at a time, and hands each result to
/// `on_result` as it comes. No plugin code runs in this process. Error: internal.
Result<std::vector<CheckResult>> run_checks(
    const ManifestReading& plugin, const CheckPlan& plan,
    const std::function<void(const CheckResult&)>& on_result);

}  // namespace ordeal
