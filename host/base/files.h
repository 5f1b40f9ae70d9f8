// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ordeal {

/// Reads a regular file (links are followed; also of /proc) of at most `max_bytes`. Any thread.
/// Error: `code`, naming the path: it cannot be opened or read, is no regular file, is too large.
Result<std::string> read_file(const std::string& path, ExitCode code,
                              std::uint64_t max_bytes = 64u * 1024 * 1024);

/// Replaces a file whole or not at all: a temporary beside it, renamed over it. Keeps the mode of
/// the file it replaces. With `durable` the content and the name are on disk when it returns. Any
/// thread. Error: internal, naming the path (errno); the old file is then untouched and no
/// temporary is left.
Result<void> write_file(const std::string& path, std::string_view bytes, bool durable = true);

/// What identifies a process beyond its pid: the pid may be reused, the three together are not.
struct ProcessIdentity {
  std::int32_t pid = 0;
  std::uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat
  std::string boot_id;            // /proc/sys/kernel/random/boot_id
};
/// Of a live process (a zombie is none); pid 0 in the answer when there is none. The pid is of our
/// own PID namespace, provided /proc is.
ProcessIdentity identify_process(std::int32_t pid);
bool still_running(const ProcessIdentity& identity);

/// 36 characters, new with every boot of the machine; empty when /proc is not mounted.
std::string boot_id();
std::string hostname();

/// Nanoseconds since 1970 as "2026-11-23T17:31:00Z"; with `basic` "20261123T173100Z".
std::string utc_time(std::uint64_t wall_ns, bool basic = false);

/// Where the installed parts lie, found from /proc/self/exe (<prefix>/bin or
/// <prefix>/libexec/ordeal).
struct InstallPaths {
  std::string prefix;
  std::string bin;        // <prefix>/bin
  std::string libexec;    // <prefix>/libexec/ordeal
  std::string plugins;    // <prefix>/lib/<triplet>/ordeal/plugins
  std::string manifests;  // <prefix>/share/ordeal/manifests
  std::string templates;  // <prefix>/share/ordeal/templates
  std::string sysconf;    // /etc/ordeal of prefix /usr, else <prefix>/etc/ordeal
};
InstallPaths install_paths();

/// $XDG_STATE_HOME/ordeal/runs (if absolute), or ~/.local/state/ordeal/runs, or, for a user without
/// a home, /var/lib/ordeal/runs.
std::string runs_folder();

}  // namespace ordeal
