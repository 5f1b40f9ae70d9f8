// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace ordeal {

/// One short measurement of the machine itself, repeated.
struct Calibration {
  std::string name;
  std::string unit;
  double median = 0;
  double mad = 0;  // median absolute deviation
  double cv = 0;   // standard deviation / mean
  std::uint32_t samples = 0;
};

/// Each takes well under half a second, so that whoever calls keeps its heartbeat. One thread.
/// Fixed integer work on one core, in seconds.
Calibration calibrate_cpu(const Clock& clock);
/// How much too late a 1 ms sleep ends, in seconds.
Calibration calibrate_timer(const Clock& clock);
/// 4 KiB written and fdatasync'ed in `folder`, in seconds; samples 0 when the file cannot be made.
Calibration calibrate_fsync(const Clock& clock, const std::string& folder);
/// One byte there and back over a loopback TCP connection, in seconds.
Calibration calibrate_loopback(const Clock& clock);

}  // namespace ordeal
