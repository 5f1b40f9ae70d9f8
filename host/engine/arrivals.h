// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

namespace ordeal {

/// The intended starts of open load: arrival i at base + i / rate, each computed from i, so that no
/// rounding adds up over hours. Times in nanoseconds of one clock.
class Arrivals {
 public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  Arrivals() = default;
  /// `rate` per second, above 0. The first arrival is at `start_ns`.
  Arrivals(std::uint64_t start_ns, double rate)
      : base_ns_(start_ns), full_rate_(rate), rate_(rate) {}

  /// The next intended start, or never while the factor is 0.
  [[nodiscard]] std::uint64_t next_ns() const {
    if (rate_ <= 0) return never;
    const double after = (static_cast<double>(index_) + skipped_) * 1e9 / rate_;
    return after < 9e18 ? base_ns_ + static_cast<std::uint64_t>(after) : never;
  }
  void advance() { ++index_; }

  /// Multiplies the full rate by `factor` from `now_ns` on. What has elapsed of the present gap
  /// counts in the new one in proportion; after a hold the wait starts anew.
  void set_factor(std::uint64_t now_ns, double factor) {
    if (now_ns >= base_ns_) {  // else not begun: the start stays
      const std::uint64_t next = next_ns();
      skipped_ = next == never   ? 1
                 : next > now_ns ? static_cast<double>(next - now_ns) * rate_ / 1e9
                                 : 0;
      base_ns_ = now_ns;
      index_ = 0;
    }
    rate_ = full_rate_ * factor;
  }

 private:
  std::uint64_t base_ns_ = 0;
  double full_rate_ = 0;
  double rate_ = 0;
  std::uint64_t index_ = 0;
  double skipped_ = 0;  // gap left at base_ns_, as a share of 1 / rate
};

}  // namespace ordeal
