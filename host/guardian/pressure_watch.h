// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "guardian/fixed_text.h"
#include "guardian/graded_limit.h"
#include "guardian/sensors.h"

namespace ordeal {

/// A sensor whose level changed.
struct PressureChange {
  std::uint32_t level = 0;  // 0: over; 2 throttle, 3 hold, 4 stop phase
  FixedText<200> text;      // metric, value, limit, dwell
};

/// The softer levels below the hard limits: told to the controller, which acts on them, and kept as
/// evidence. Pure; time only comes in with the readings.
class PressureWatch {
 public:
  static constexpr std::size_t changes_max = 8;
  using Changes = std::array<PressureChange, changes_max>;

  /// `floor_percent` of the memory is where the hard limit stands; the levels stand above it.
  explicit PressureWatch(double floor_percent) noexcept;

  /// At every tick. Returns how many changes there are.
  std::size_t judge_memory(std::uint64_t now_ns, const MemoryReading& reading,
                           Changes& changes) noexcept;
  /// About once a second.
  std::size_t judge_host(std::uint64_t now_ns, const HostReading& reading,
                         Changes& changes) noexcept;
  /// After a gap nothing is known about how long anything lasted.
  void forget() noexcept;

  /// The highest of all sensors.
  [[nodiscard]] std::uint32_t level() const noexcept;
  /// Share of the last 10 s in which every task waited for memory, in percent.
  [[nodiscard]] double stalled_percent() const noexcept { return stalled_percent_; }

 private:
  struct Second {
    std::uint64_t ns = 0;
    std::uint64_t stalled_us = 0;
    std::uint64_t reclaimed = 0;
    std::uint64_t oom_kills = 0;
  };
  /// A sensor that could be read before and no longer can: no reading is not a good reading.
  struct Missing {
    bool known = false;
    std::uint64_t since = 0;
    std::uint32_t readings = 0;
    std::uint32_t level = 0;
  };
  template <std::size_t N>
  void take(GradedLimit<N>& limit, std::uint64_t now_ns, double value, const char* metric,
            Changes& changes, std::size_t& count) noexcept;
  void missing(Missing& state, bool present, std::uint64_t now_ns, const char* metric,
               Changes& changes, std::size_t& count) noexcept;

  static constexpr std::uint64_t window_ns = 10'000'000'000;
  static constexpr std::size_t kept = 32;  // 10 s at up to three readings a second

  GradedLimit<3> memory_;
  GradedLimit<2> stall_;
  GradedLimit<1> oom_;
  GradedLimit<2> files_;
  GradedLimit<2> tasks_;
  std::array<Missing, 4> missing_{};
  std::array<Second, kept> seconds_{};
  std::size_t seconds_taken_ = 0;
  double stalled_percent_ = 0;
};

}  // namespace ordeal
