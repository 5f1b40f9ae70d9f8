// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "config.h"

namespace rules {

/// Several limits on one value, each with its verdict, and one way back: the harshest verdict
/// reached holds until the value has been on the good side of `clear` for a time. Of times given
/// only, so the same values give the same verdicts.
class Grades {
 public:
  struct Grade {
    double limit = 0;
    std::uint32_t verdict = ORDEAL_VERDICT_STOP_PHASE;
    std::uint64_t for_ns = 0;  // how long the value has to be beyond the limit
  };
  enum class Side { over, under };  // where too far is

  Grades() = default;
  Grades(Side side, std::vector<Grade> grades, double clear, std::uint64_t clear_for_ns)
      : side_(side), grades_(std::move(grades)), clear_(clear), clear_for_ns_(clear_for_ns) {
    since_.assign(grades_.size(), 0);
  }

  /// A new value. Returns the verdict, ORDEAL_VERDICT_*.
  std::uint32_t update(double value, std::uint64_t at_ns);
  [[nodiscard]] std::uint32_t level() const { return level_; }
  /// The limit that the present verdict comes from; the mildest one when there is none.
  [[nodiscard]] const Grade& grade() const { return grades_[active_]; }
  [[nodiscard]] double clear() const { return clear_; }
  [[nodiscard]] bool beyond(double value, double bound) const {
    return side_ == Side::over ? value > bound : value < bound;
  }
  /// Whether a verdict would end where it begins.
  [[nodiscard]] bool clears_beyond_a_limit() const;

 private:
  Side side_ = Side::over;
  std::vector<Grade> grades_;
  double clear_ = 0;
  std::uint64_t clear_for_ns_ = 0;
  std::vector<std::uint64_t> since_;  // of each limit: 0 or since when the value is beyond it
  std::uint64_t good_since_ns_ = 0;
  std::size_t active_ = 0;
  std::uint32_t level_ = ORDEAL_VERDICT_OK;
};

}  // namespace rules
