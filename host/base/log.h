// SPDX-License-Identifier: Apache-2.0
// A thin face over Boost.Log, which is set up in log.cpp and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ordeal {

enum class Severity : std::uint32_t { debug, info, warning, error };

/// Opens the process's one log file (rotated at 16 MiB, 4 kept) and, from `stderr_from` up, copies
/// to stderr ("none": pass nullptr). Call once, before threads. Error: internal when the folder cannot be written.
Result<void> open_log(const std::string& folder, const std::string& component);

/// Writes one line: UTC time, severity, channel (component or plugin id), message. Thread-safe. Before
/// open_log it does nothing. Info and below may be dropped under a burst, and the drops are counted
/// and logged; warnings and errors block instead.
void log(Severity severity, std::string_view channel, std::string_view message);

/// Flushes and stops the sinks. Nothing may log afterwards.
void close_log();

}  // namespace ordeal
