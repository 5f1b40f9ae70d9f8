// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "campaign/status.h"

namespace ordeal {

/// Shows a run to a person: on a terminal a line that stays and is redrawn, with the events
/// scrolling above it; in a pipe one line every 30 s and at each event. Colours only on a terminal
/// without NO_COLOR. One thread; `out` is borrowed.
class Progress {
 public:
  Progress(std::FILE* out, bool terminal, bool colour);
  ~Progress();

  /// Shows what is new since the last call. `now_ns` is CLOCK_MONOTONIC.
  void show(const RunStatus& status, std::uint64_t now_ns);
  /// Takes the redrawn line away.
  void finish();

 private:
  std::FILE* out_;
  bool terminal_;
  bool colour_;
  bool drawn_ = false;
  std::uint64_t last_line_ = 0;  // number of the newest event shown
  std::uint64_t last_plain_ns_ = 0;
};

/// "phase 3/8 moderate_load_1  1m 02s left  203/s  p50 1.2ms  p99 8.0ms  errors 0/s  cpu 34 %
/// memory 21 %".
std::string progress_line(const RunStatus& status);

}  // namespace ordeal
