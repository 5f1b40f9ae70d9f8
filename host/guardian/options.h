// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// The guardian's command line, made by start_guardian() in client.h.
struct Options {
  std::string run_dir;
  std::string run_id;
  double memory_percent = 80;
  double disk_percent = 90;
  std::uint64_t max_duration_ns = 0;  // 0: none
  bool drill = true;
  std::uint32_t tier = 0;  // 1 to 4; 0: the best there is
  double reserve_cpu_percent = 0;
  double reserve_memory_percent = 0;
  bool guard_mode = false;  // argv is a command to be run in a containment
  std::string proc_root = "/proc";
  std::vector<std::string> halt_files;  // any of these that is there ends the run, or refuses it
  std::string clock_shift;              // of tests: a file that shifts the clocks, see run_clock.h
  std::vector<std::string> argv;        // controller, or command
};

/// Error: usage.
Result<Options> parse_options(int argc, char** argv);

}  // namespace ordeal
