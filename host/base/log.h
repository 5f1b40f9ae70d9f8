// SPDX-License-Identifier: Apache-2.0
// A thin face over Boost.Log, which is set up in log.cpp and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ordeal {

enum class Severity : std::uint32_t { debug, info, warning, error };

/// Opens the process's one log file, <folder>/<component>.log, appending; the folder is made if
/// need be. At 16 MiB it becomes <component>.<n>.log; with the current one 4 files are kept, older
/// ones are deleted. Starts a writer thread: call it once, before other threads; a forked child,
/// which has no such thread, must not log. Error: internal (already open, or the file cannot be
/// written; names the path).
Result<void> open_log(const std::string& folder, const std::string& component);

/// Writes one line, control characters in `message` escaped:
///   2026-11-23T17:31:00.123456Z warning  [org.ordeal.http] text
/// Any thread; the views are borrowed for the call; never throws. Does nothing unless a log is
/// open. Info and below only queue, and are dropped under a burst: the drops are counted and the
/// count is logged. Warnings and errors are never dropped, and are in the file before this returns.
void log(Severity severity, std::string_view channel, std::string_view message);

/// Writes what is queued and ends the writer thread. No other thread may log during the call; what
/// is logged afterwards is ignored.
void close_log();

}  // namespace ordeal
