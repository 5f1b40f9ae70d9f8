// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ordeal {

/// One step of a graded limit: the value must stay above `above` for `dwell_ns`.
struct LimitStep {
  double above = 0;
  std::uint64_t dwell_ns = 0;
  std::uint32_t level = 0;  // of the ladder: 2 throttle, 3 hold, 4 stop phase
};

/// A measured value, steps that raise the level, and a lower value at which it falls back: a value
/// that swings about one line changes nothing. Pure; time only comes in with the values.
template <std::size_t Steps>
class GradedLimit {
 public:
  constexpr GradedLimit(std::array<LimitStep, Steps> steps, double clear, std::uint64_t clear_ns)
      : steps_(steps), clear_(clear), clear_ns_(clear_ns) {}

  /// Takes a reading and returns the level.
  std::uint32_t judge(std::uint64_t now_ns, double value) noexcept {
    for (std::size_t i = 0; i < Steps; ++i) {
      if (value <= steps_[i].above) {
        since_[i] = 0;
        continue;
      }
      if (since_[i] == 0) since_[i] = now_ns;
      if (now_ns - since_[i] >= steps_[i].dwell_ns && steps_[i].level > level_) {
        level_ = steps_[i].level;
        step_ = i;
      }
    }
    if (value > clear_) {
      clear_since_ = 0;
    } else if (level_ != 0) {
      if (clear_since_ == 0) clear_since_ = now_ns;
      if (now_ns - clear_since_ >= clear_ns_) level_ = 0;
    }
    return level_;
  }
  /// What was seen so far tells nothing about how long it lasted; the level stays.
  void forget_dwell() noexcept {
    since_ = {};
    clear_since_ = 0;
  }
  [[nodiscard]] std::uint32_t level() const noexcept { return level_; }
  /// The step that set the level.
  [[nodiscard]] const LimitStep& step() const noexcept { return steps_[step_]; }
  [[nodiscard]] double clear() const noexcept { return clear_; }

 private:
  std::array<LimitStep, Steps> steps_;
  double clear_;
  std::uint64_t clear_ns_;
  std::array<std::uint64_t, Steps> since_{};  // 0: not above; readings at 0 ns do not happen
  std::uint64_t clear_since_ = 0;
  std::uint32_t level_ = 0;
  std::size_t step_ = 0;
};

}  // namespace ordeal
