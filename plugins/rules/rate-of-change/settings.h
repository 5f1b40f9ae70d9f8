// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "common/grades.h"

namespace rate_of_change {

struct Settings {
  /// Throws ordeal::Failure(ORDEAL_E_INVALID) naming the key.
  explicit Settings(rules::Config& config);

  std::string metric;
  std::string labels;
  std::string end_metric;  // the value at which nothing is left, when another metric says it
  double end = 0;          // otherwise this
  bool upwards = false;    // the end lies above
  bool in_bytes = false;
  std::uint64_t window_ns = 0;
  std::size_t min_points = 0;
  rules::Grades grades;  // of the seconds left
};

}  // namespace rate_of_change
