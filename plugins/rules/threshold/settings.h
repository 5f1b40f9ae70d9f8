// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "common/config.h"
#include "common/readings.h"

namespace threshold {

enum class Op { over, at_least, under, at_most };  // > >= < <=

struct Settings {
  /// Throws ordeal::Failure(ORDEAL_E_INVALID) naming the key.
  explicit Settings(rules::Config& config);

  rules::Watch watch;
  Op op = Op::over;
  double limit = 0;
  double clear = 0;             // a verdict ends when the value is no longer beyond this
  std::uint64_t window_ns = 0;  // key "for"
  std::uint32_t verdict = ORDEAL_VERDICT_STOP_PHASE;
};

/// Whether `value` is beyond `bound` in the direction of `op`.
[[nodiscard]] bool beyond(Op op, double value, double bound);

}  // namespace threshold
