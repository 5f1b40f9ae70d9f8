// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace ordeal {

/// What a test adds to the guardian's clocks, in a file of this size that it maps and changes while
/// the guardian runs. Steps of the real clocks cannot be had without harming the machine.
struct ClockShift {
  std::atomic<std::int64_t> boot_ns{0};
  std::atomic<std::int64_t> wall_ns{0};
};

/// The guardian's time. Deadlines are CLOCK_BOOTTIME: it goes on while the machine sleeps and no
/// step of the wall clock touches it. The wall clock dates records and judges nothing. One thread.
class RunClock {
 public:
  /// `shift_file`: a ClockShift of a test; "" for none. Error: preflight.
  static Result<RunClock> open(const std::string& shift_file);
  RunClock(RunClock&& other) noexcept;
  RunClock& operator=(RunClock&&) = delete;
  ~RunClock();

  /// Nanoseconds since boot, suspension included.
  [[nodiscard]] std::uint64_t now() const noexcept;
  /// Nanoseconds since 1970.
  [[nodiscard]] std::uint64_t wall() const noexcept;

 private:
  explicit RunClock(const ClockShift* shift) noexcept : shift_(shift) {}

  const ClockShift* shift_;
};

}  // namespace ordeal
