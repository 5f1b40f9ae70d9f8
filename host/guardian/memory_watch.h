// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "guardian/sensors.h"

namespace ordeal {

/// Why memory ends a run.
enum class MemoryCause {
  none,
  floor,    // under the floor for the dwell time
  deep,     // under half the floor
  last,     // under 6 % of the memory, whatever the limit
  filling,  // at the measured rate it is gone in less than a second
};

/// Judges MemAvailable. The floor is what must stay available; a dip into it that ends within the
/// dwell time is legal, one under half of it is not. Pure: time only comes in with the readings.
class MemoryWatch {
 public:
  static constexpr std::uint64_t dwell_ns = 500'000'000;
  static constexpr double last_share = 0.06;
  static constexpr std::uint64_t horizon_ns = 1'000'000'000;

  /// Takes a reading. `deep`, `last` and `filling` are for the caller to confirm with a second one.
  MemoryCause judge(std::uint64_t now_ns, const MemoryReading& reading,
                    std::uint64_t floor) noexcept;
  /// Whether a second reading, taken at once, says the same.
  [[nodiscard]] bool confirms(MemoryCause cause, const MemoryReading& reading,
                              std::uint64_t floor) const noexcept;
  /// What must be available for a cause not to be given, in bytes.
  [[nodiscard]] std::uint64_t threshold(MemoryCause cause, const MemoryReading& reading,
                                        std::uint64_t floor) const noexcept;
  /// Earlier readings tell nothing about how long something lasted.
  void forget() noexcept;

  /// How fast MemAvailable falls, in bytes per second: the least over each of the last three tenths
  /// of a second, so that one large allocation is no rate. 0: not falling, or too few readings.
  [[nodiscard]] double fill_rate() const noexcept { return fill_rate_; }
  /// When the reading that now leads to a cause was first seen; 0: it is not below the floor.
  [[nodiscard]] std::uint64_t below_since() const noexcept { return below_since_; }
  /// How long to sleep: a quarter of the time in which the rest above the floor could be filled, at
  /// 6 GB/s or the measured rate; 20 to 100 ms.
  [[nodiscard]] std::uint64_t next_tick_ns(const MemoryReading& reading,
                                           std::uint64_t floor) const noexcept;

 private:
  struct Seen {
    std::uint64_t ns = 0;
    std::uint64_t available = 0;
  };
  void measure(std::uint64_t now_ns, std::uint64_t available) noexcept;

  static constexpr std::uint64_t rate_part_ns = 100'000'000;
  static constexpr std::size_t rate_parts = 3;
  static constexpr std::size_t kept = 32;  // covers the window at the shortest tick
  std::array<Seen, kept> seen_{};
  std::size_t count_ = 0;
  double fill_rate_ = 0;
  std::uint32_t filling_ = 0;  // readings in a row
  std::uint64_t below_since_ = 0;
};

}  // namespace ordeal
