// SPDX-License-Identifier: Apache-2.0
// What a Histogram holds, for histogram.cpp and its codec only.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/histogram.h"

namespace ordeal {

/// HdrHistogram's index arithmetic for 3 significant digits from 1 unit to one hour.
class HistogramLayout {
 public:
  static constexpr std::uint32_t digits = 3;
  static constexpr std::uint64_t hour_ns = 3'600'000'000'000;
  static constexpr std::uint32_t half_bits = 10;
  static constexpr std::uint64_t half = 1u << half_bits;  // sub-buckets per bucket but the first
  static constexpr std::uint64_t first = 2 * half;        // sub_bucket_count

  explicit HistogramLayout(std::uint32_t unit_ns)
      : highest_(hour_ns / unit_ns), length_(index(highest_) + 1) {}

  /// The largest value told apart, in units.
  [[nodiscard]] std::uint64_t highest() const { return highest_; }
  /// How many counts there are.
  [[nodiscard]] std::size_t length() const { return length_; }

  static std::size_t index(std::uint64_t units) {
    const auto bucket =
        static_cast<std::uint32_t>(std::bit_width(units | (first - 1))) - (half_bits + 1);
    return (static_cast<std::size_t>(bucket) << half_bits) + (units >> bucket);
  }
  /// The smallest value of a count, in units.
  static std::uint64_t from(std::size_t index) {
    if (index < first) return index;
    const std::size_t bucket = (index >> half_bits) - 1;
    return (half + (index & (half - 1))) << bucket;
  }
  /// The largest value of a count, in units.
  static std::uint64_t to(std::size_t index) { return from(index + 1) - 1; }

 private:
  std::uint64_t highest_;
  std::size_t length_;
};

struct Histogram::State {
  explicit State(std::uint32_t unit) : unit_ns(unit), layout(unit) {}
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Maps the counts if they are not yet. Ends the process when there is no address space left.
  void map() noexcept;

  [[nodiscard]] std::uint64_t to_units(std::uint64_t ns) const {
    // Division by a constant is a multiplication; a general one costs more than all the rest.
    const std::uint64_t units = unit_ns == 1 ? ns : unit_ns == 1000 ? ns / 1000 : ns / unit_ns;
    return std::min(units, layout.highest());
  }
  // min and max bound the touched range: nothing else need be kept while recording.
  [[nodiscard]] std::size_t first_index() const { return HistogramLayout::index(to_units(min)); }
  [[nodiscard]] std::size_t end_index() const { return HistogramLayout::index(to_units(max)) + 1; }

  std::uint32_t unit_ns;
  HistogramLayout layout;
  std::uint64_t* counts = nullptr;
  std::uint64_t count = 0;
  std::uint64_t sum = 0;  // stays at the largest number once it would overflow
  std::uint64_t min = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max = 0;
};

/// a + b, or the largest number.
inline std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? std::numeric_limits<std::uint64_t>::max() : result;
}
inline std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? std::numeric_limits<std::uint64_t>::max() : result;
}

}  // namespace ordeal
