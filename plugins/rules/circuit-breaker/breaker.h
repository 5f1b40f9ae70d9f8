// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "common/load_history.h"
#include "settings.h"

namespace circuit_breaker {

/// The breaker of one scenario: closed, open (no load) for a growing time, half open (a part of the
/// load, as a probe), closed again when that went well. Time is that of the snapshots. Pure.
class Breaker {
 public:
  explicit Breaker(const Settings& settings) : settings_(settings) {}

  enum class State { closed, open, half_open, given_up };

  void add(const rules::LoadSum& interval);
  /// After the intervals up to `now_ns` were added.
  void move_on(std::uint64_t now_ns);

  [[nodiscard]] State state() const { return state_; }
  /// ORDEAL_VERDICT_*.
  [[nodiscard]] std::uint32_t level() const;
  /// Why it opened last, with value, limit and window; "" when it never did.
  [[nodiscard]] const std::string& cause() const { return cause_; }
  [[nodiscard]] double value() const { return value_; }
  [[nodiscard]] double limit() const { return limit_; }
  [[nodiscard]] std::uint64_t openings() const { return openings_; }
  /// When the state ends by itself.
  [[nodiscard]] std::uint64_t until_ns() const { return until_ns_; }

 private:
  [[nodiscard]] rules::LoadSum sum() const;
  bool trips(const rules::LoadSum& sum);
  void open(std::uint64_t now_ns);

  const Settings& settings_;
  State state_ = State::closed;
  std::deque<rules::LoadSum> window_;
  std::uint64_t since_ns_ = 0;  // intervals that began earlier do not count
  std::uint64_t until_ns_ = 0;
  std::uint64_t openings_ = 0;
  std::string cause_;
  double value_ = 0;
  double limit_ = 0;
};

}  // namespace circuit_breaker
