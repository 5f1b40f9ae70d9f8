// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>

#include <cstdint>

namespace ordeal {

/// The time of a run, injected so that tests can replay hours in milliseconds. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds of CLOCK_MONOTONIC.
  [[nodiscard]] virtual std::uint64_t monotonic_ns() const = 0;
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  [[nodiscard]] virtual std::uint64_t wall_ns() const = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return read(CLOCK_MONOTONIC); }
  [[nodiscard]] std::uint64_t wall_ns() const override { return read(CLOCK_REALTIME); }

 private:
  static std::uint64_t read(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(t.tv_nsec);
  }
};

}  // namespace ordeal
