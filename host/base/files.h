// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ordeal {

/// Reads a regular file of at most `max_bytes`. Error: `code` with the path.
Result<std::string> read_file(const std::string& path, ExitCode code,
                              std::uint64_t max_bytes = 64u * 1024 * 1024);

/// Replaces a file whole or not at all: temporary beside it, fsync if `durable`, rename.
Result<void> write_file(const std::string& path, std::string_view bytes, bool durable = true);

/// What identifies a process beyond its pid: the pid may be reused, the three together are not.
struct ProcessIdentity {
  std::int32_t pid = 0;
  std::uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat
  std::string boot_id;            // /proc/sys/kernel/random/boot_id
};
/// Of a live process; pid 0 in the answer when there is none.
ProcessIdentity identify_process(std::int32_t pid);
bool still_running(const ProcessIdentity& identity);

std::string boot_id();
std::string hostname();

/// "2026-11-23T17:31:00Z"; with `basic` "20261123T173100Z".
std::string utc_time(std::uint64_t wall_ns, bool basic = false);

/// Where the installed parts lie, found from /proc/self/exe (<prefix>/bin or <prefix>/libexec/ordeal).
struct InstallPaths {
  std::string prefix;
  std::string bin;        // <prefix>/bin
  std::string libexec;    // <prefix>/libexec/ordeal
  std::string plugins;    // <prefix>/lib/<triplet>/ordeal/plugins
  std::string manifests;  // <prefix>/share/ordeal/manifests
};
InstallPaths install_paths();

/// $XDG_STATE_HOME/ordeal/runs, or ~/.local/state/ordeal/runs.
std::string runs_folder();

}  // namespace ordeal
