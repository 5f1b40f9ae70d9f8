// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "campaign/bulletin.h"

namespace ordeal {

/// The present state of a run, as its status.json tells it to `watch`, `status` and the front. The
/// controller replaces the file twice a second; it is not the record of the run, the journal is.
struct RunStatus {
  std::string run_id;
  std::string campaign;
  std::string state;  // starting, readiness, baseline, phase, cooldown, reports, ended
  std::int32_t phase = -1;
  std::int32_t phases = 0;
  std::string phase_name;
  double elapsed = 0;    // seconds since the start
  double remaining = 0;  // seconds, planned
  double phase_elapsed = 0;
  double phase_remaining = 0;
  double rate = 0;  // operations per second
  double errors = 0;
  double p50 = 0;  // seconds
  double p99 = 0;
  std::optional<double> cpu;     // busy share of the machine
  std::optional<double> memory;  // used share
  std::string ladder = "ok";
  bool final = false;
  std::int32_t exit_code = -1;  // with final
  std::string sentence;         // with final: the verdict
  bool reported = false;        // with final: the campaign's reports are written
  std::uint64_t updated_wall_ns = 0;
  std::vector<Bulletin::Line> lines;  // newest last
};

std::string status_json(const RunStatus& status);
/// Error: internal when there is no status yet or it cannot be read.
Result<RunStatus> read_status(const std::string& run_dir);
/// Replaces <run_dir>/status.json; not durable.
Result<void> write_status(const std::string& run_dir, const RunStatus& status);

}  // namespace ordeal
