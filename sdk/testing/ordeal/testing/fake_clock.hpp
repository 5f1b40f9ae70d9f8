// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace ordeal::testing {

/// CLOCK_MONOTONIC, or a time that stands still until the test moves it. [any]
class FakeClock {
 public:
  /// Nanoseconds.
  [[nodiscard]] std::uint64_t now_ns() const noexcept {
    const std::uint64_t at = frozen_.load(std::memory_order_acquire);
    return at != 0 ? at : real_ns(CLOCK_MONOTONIC);
  }
  /// A fixed 2020-01-01T00:00:00Z plus the frozen time, or CLOCK_REALTIME.
  [[nodiscard]] std::uint64_t wall_ns() const noexcept {
    const std::uint64_t at = frozen_.load(std::memory_order_acquire);
    return at != 0 ? 1'577'836'800'000'000'000U + at : real_ns(CLOCK_REALTIME);
  }
  /// From now on the time is `at_ns` (not 0), whatever happens outside.
  void freeze(std::uint64_t at_ns) noexcept { frozen_.store(at_ns, std::memory_order_release); }
  /// Moves a frozen clock on.
  void advance(std::uint64_t by_ns) noexcept {
    frozen_.fetch_add(by_ns, std::memory_order_acq_rel);
  }
  [[nodiscard]] bool frozen() const noexcept {
    return frozen_.load(std::memory_order_acquire) != 0;
  }

 private:
  static std::uint64_t real_ns(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
  }

  std::atomic<std::uint64_t> frozen_{0};
};

}  // namespace ordeal::testing
