// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ordeal {

/// How an operation ended. The numbers are those of ordeal/abi/scenario.h.
enum class Outcome : std::uint32_t {
  ok,
  fail,
  timeout,
  refused,
  throttled,
  protocol,
  dropped,
  cancelled
};

inline constexpr std::size_t outcome_count = 8;
inline constexpr std::array<std::string_view, outcome_count> outcome_names{
    "ok", "fail", "timeout", "refused", "throttled", "protocol", "dropped", "cancelled"};

/// Operations by outcome.
using OutcomeCounts = std::array<std::uint64_t, outcome_count>;

}  // namespace ordeal
