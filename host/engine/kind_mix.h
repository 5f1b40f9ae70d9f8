// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/random.h"

namespace ordeal {

/// Draws operation kinds by weight. The same seed draws the same kinds on every machine.
class KindMix {
 public:
  /// `mix` maps kind names to weights; empty means all kinds alike. Error: invalid_config for an
  /// unknown kind, a weight that is negative or not finite, or no weight above zero.
  static Result<KindMix> make(const std::vector<std::string>& kinds,
                              const std::vector<std::pair<std::string, double>>& mix,
                              std::uint64_t seed);

  /// The index of the next operation's kind.
  std::uint32_t next() {
    if (upper_.size() == 1) return upper_[0].kind;
    const double point = random_.unit();
    std::size_t i = 0;
    while (i + 1 < upper_.size() && point >= upper_[i].bound) ++i;
    return upper_[i].kind;
  }
  /// The lowest kind with a weight.
  [[nodiscard]] std::uint32_t first() const { return upper_[0].kind; }

 private:
  struct Share {
    double bound;  // upper end of this kind's part of [0, 1)
    std::uint32_t kind;
  };
  std::vector<Share> upper_;
  Random random_;
};

}  // namespace ordeal
