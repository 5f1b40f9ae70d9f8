// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ordeal {

using Duration = std::chrono::nanoseconds;

/// Reads "1m30s", "10h", "250ms", "1.5s" (units d h m s ms us ns, falling, none twice). No unit: an
/// error, except "0". Error: invalid_config with `expected` and an example filled in.
Result<Duration> parse_duration(std::string_view text);

/// The shortest exact form: "1m30s", "250ms", "0s".
std::string format_duration(Duration duration);

/// For people: at most two units, rounded: "1h 02m", "4.2s", "13ms".
std::string human_duration(Duration duration);

}  // namespace ordeal
