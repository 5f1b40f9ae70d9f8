// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// A sentence and what to do about it.
struct CheckFinding {
  std::string why;
  std::string fix;
};

/// What a case process said, and how it ended.
struct CaseOutcome {
  std::vector<CheckFinding> failures;
  std::vector<CheckFinding> warnings;
  std::string skipped;  // why the case does not apply; "" when it does
  std::string note;
  std::vector<std::pair<std::string, std::string>> data;
  double seconds = 0;
};

/// Runs `ordeal-cell check` on one job and waits for it; after `limit_s` it is killed, with all
/// that it has started. A process that dies, hangs or exits before its case is over is a failure
/// that names what it was doing. Makes this process a subreaper and ends every child it has
/// afterwards: for programs that have no other children. One thread. Error: internal, when it
/// cannot be started.
Result<CaseOutcome> run_case_process(const std::string& job, double limit_s, bool own_heap);

}  // namespace ordeal
