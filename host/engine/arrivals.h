// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "engine/load_spec.h"
#include "engine/random.h"

namespace ordeal {

/// The intended starts of open load. Operation i of a schedule is due when the integral of the rate
/// reaches i; each moment is computed from i, so that no rounding adds up over hours. At random
/// (Poisson), it is due when the integral reaches the sum of i exponential gaps. Times in
/// nanoseconds of one clock.
class Arrivals {
 public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  Arrivals() = default;
  /// `rate` per second, above 0. The first arrival is at `start_ns`.
  Arrivals(std::uint64_t start_ns, double rate) : Arrivals(start_ns, {{rate, rate, 0}}) {}
  /// One piece after the other. After the last one none arrive, unless its rate is constant: then
  /// it goes on. `elapsed_ns` of the schedule have passed by `start_ns`. With `random`, the gaps
  /// are; else the first arrival comes `first_gap` of an operation after the start.
  Arrivals(std::uint64_t start_ns, std::vector<RatePiece> pieces, std::uint64_t elapsed_ns = 0,
           double first_gap = 0, std::optional<Random> random = {});

  /// The next intended start, or never: while the factor is 0, and after the last piece.
  [[nodiscard]] std::uint64_t next_ns() const { return next_ns_; }
  void advance() {
    if (random_) {
      offset_ += random_->exponential();
    } else {
      ++index_;
    }
    find_next();
  }

  /// Multiplies the rate by `factor` from `now_ns` on. What has elapsed of the present gap counts
  /// in the new one in proportion; after a hold the wait starts anew.
  void set_factor(std::uint64_t now_ns, double factor);

 private:
  void begin_piece(std::size_t piece, std::uint64_t at_ns);
  [[nodiscard]] bool endless() const;
  [[nodiscard]] double length_s() const;
  [[nodiscard]] double operations_in(double seconds) const;
  [[nodiscard]] double time_ns_of(double operations) const;
  void move_to(std::uint64_t at_ns);
  void find_next();

  std::vector<RatePiece> pieces_;
  std::size_t piece_ = 0;      // the present one
  std::uint64_t base_ns_ = 0;  // where what is left of it begins,
  std::uint64_t end_ns_ = 0;   // and where it ends
  double rate_ = 0;            // at base_ns_, without the factor
  double slope_ = 0;           // per second, without the factor
  double factor_ = 1;
  double offset_ = 0;  // the next operation is number offset_ + index_ after base_ns_
  std::uint64_t index_ = 0;
  std::uint64_t next_ns_ = never;
  std::optional<Random> random_;
};

}  // namespace ordeal
