// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/duration.h"
#include "base/result.h"

namespace ordeal::demo {

/// What is wrong with the server, on purpose.
enum class Flaw : std::uint8_t { none, leak, knee, stall };

struct Options {
  std::uint16_t port = 0;  // 0: the kernel picks a free one
  std::string pid_file;    // empty: none
  Flaw flaw = Flaw::none;
  Duration service_time = std::chrono::milliseconds(2);
  std::uint32_t concurrency = 0;  // requests served at the same time; 0: no limit
  std::uint64_t leak_per_request = 0;
  Duration stall_every{};
  Duration stall_for{};
  Duration max_lifetime = std::chrono::minutes(15);
  bool help = false;
};

/// Reads the command line without the program's name. Fills in the defaults of the chosen flaw.
/// Error: ExitCode::usage with the option, what was expected and, for a misspelt name, the nearest.
Result<Options> parse_options(std::span<const char* const> arguments);

std::string_view help_text();

}  // namespace ordeal::demo
