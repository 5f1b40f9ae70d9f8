// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

namespace ordeal {

/// Repeatable random numbers: the same seed and stream draw the same on every machine. SplitMix64
/// (Steele, Lea, Flood 2014): one multiplication chain, passes BigCrush.
class Random {
 public:
  /// What is drawn for different purposes comes from different streams, so that none of them
  /// changes because another one draws more.
  enum class Stream : std::uint64_t { mix, arrivals, think, feeder };

  Random() = default;
  Random(std::uint64_t seed, Stream stream)
      : state_(scrambled(seed + scrambled(static_cast<std::uint64_t>(stream)))) {}

  std::uint64_t next() { return scrambled(state_ += 0x9e3779b97f4a7c15); }
  /// In [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Exponential with mean 1.
  double exponential() { return -std::log1p(-unit()); }

 private:
  static std::uint64_t scrambled(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_ = 0;
};

}  // namespace ordeal
