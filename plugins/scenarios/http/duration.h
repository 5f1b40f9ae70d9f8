// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace http {

/// Nanoseconds of "1m30s", "250ms", "0.5s": numbers with a unit of ns, us, ms, s, m, h each.
/// nullopt for anything else, and beyond 24 hours.
std::optional<std::uint64_t> parse_duration(std::string_view text);

}  // namespace http
