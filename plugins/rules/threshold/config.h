// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ordeal/abi/rule.h"

namespace threshold {

enum class Op { over, at_least, under, at_most };  // > >= < <=

struct Config {
  std::string metric;
  std::string labels = "*";  // pattern for the label values (interval metrics: for the scenario)
  Op op = Op::over;
  double limit = 0;
  double clear = 0;             // a verdict ends when the value is no longer beyond this
  std::uint64_t window_ns = 0;  // key "for"
  std::uint64_t grace_ns = 60'000'000'000;
  std::uint32_t verdict = ORDEAL_VERDICT_STOP_PHASE;
  bool rate = false;  // judge the change per second of a counter
};

/// Throws ordeal::Failure(ORDEAL_E_INVALID) naming the key.
Config parse_config(std::string_view json);

/// "1m30s" in nanoseconds; units ns, us, ms, s, m, h, d. Nothing when it is not a duration.
std::optional<std::uint64_t> parse_duration(std::string_view text);

/// Whether `value` is beyond `bound` in the direction of `op`.
[[nodiscard]] bool beyond(Op op, double value, double bound);

}  // namespace threshold
