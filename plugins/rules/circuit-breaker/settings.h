// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/config.h"

namespace circuit_breaker {

struct Settings {
  /// Throws ordeal::Failure(ORDEAL_E_INVALID) naming the key.
  explicit Settings(rules::Config& config);

  std::string scenario;
  std::uint64_t window_ns = 0;
  std::uint64_t min_operations = 0;
  std::optional<double> errors;         // share
  std::optional<std::uint64_t> p99_ns;  // absolute
  std::optional<double> p99_over_p50;
  std::uint64_t open_for_ns = 0;  // the first time; doubles with each further one
  std::uint64_t longest_open_ns = 0;
  std::uint64_t half_open_for_ns = 0;
  std::uint64_t openings = 0;  // this one is the last
  std::uint32_t final_verdict = 0;
};

}  // namespace circuit_breaker
