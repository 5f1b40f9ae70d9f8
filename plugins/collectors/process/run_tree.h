// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace process_collector {

/// What a process is to the run: ordeal's own in charge of it (guardian, controller, inits), a cell
/// with collectors, rules or reports, a cell that makes load, or one that a plugin started.
enum class Role { control, service, load, started };
inline constexpr const char* role_names[] = {"control", "service", "load", "started"};

struct RunProcess {
  Role role = Role::control;
  int pid = 0;
  std::string comm;
  double resident_bytes = 0;
  double age_seconds = 0;
};

/// All processes of the run this one belongs to: the guardian above it and everything below that,
/// found by parents (what has lost its parent falls to an init or the guardian, so none gets away).
/// Without a guardian above, this process and what is below it. Nothing when an ancestor or the
/// list of processes cannot be read. `proc` is where procfs is.
std::optional<std::vector<RunProcess>> run_processes(const std::string& proc);

}  // namespace process_collector
