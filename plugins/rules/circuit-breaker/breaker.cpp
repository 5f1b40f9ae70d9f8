// SPDX-License-Identifier: Apache-2.0
#include "breaker.h"

#include <algorithm>

#include "common/wording.h"

namespace circuit_breaker {

void Breaker::add(const rules::LoadSum& interval) {
  // While it is open, and before it was half open, nothing speaks for or against the target.
  if (state_ == State::open || state_ == State::given_up || interval.start_ns < since_ns_) return;
  window_.push_back(interval);
}

rules::LoadSum Breaker::sum() const {
  rules::LoadSum sum;
  for (const rules::LoadSum& interval : window_) sum.add(interval);
  return sum;
}

bool Breaker::trips(const rules::LoadSum& sum) {
  if (sum.attempted < settings_.min_operations) return false;
  const std::string over = " of " + rules::number(static_cast<double>(sum.attempted)) +
                           " operations (window " + rules::seconds(settings_.window_ns) + ")";
  const double p99 = static_cast<double>(sum.p99_ns) / 1e9;
  if (settings_.errors && sum.error_share() >= *settings_.errors) {
    value_ = sum.error_share();
    limit_ = *settings_.errors;
    cause_ =
        "errors were " + rules::percent(value_) + ", the limit is " + rules::percent(limit_) + ",";
  } else if (settings_.p99_ns && sum.p99_ns > *settings_.p99_ns) {
    value_ = p99;
    limit_ = static_cast<double>(*settings_.p99_ns) / 1e9;
    cause_ = "p99 was " + rules::number(value_) + " s, over the limit of " + rules::number(limit_) +
             " s,";
  } else if (settings_.p99_over_p50 && sum.p50_ns > 0 &&
             static_cast<double>(sum.p99_ns) >
                 *settings_.p99_over_p50 * static_cast<double>(sum.p50_ns)) {
    value_ = static_cast<double>(sum.p99_ns) / static_cast<double>(sum.p50_ns);
    limit_ = *settings_.p99_over_p50;
    cause_ = "p99 was " + rules::number(value_) + " times p50, over the limit of " +
             rules::number(limit_) + ",";
  } else {
    return false;
  }
  cause_ += over;
  return true;
}

void Breaker::open(std::uint64_t now_ns) {
  ++openings_;
  window_.clear();
  if (openings_ >= settings_.openings) {
    state_ = State::given_up;
    return;
  }
  state_ = State::open;
  const std::uint64_t doublings = std::min<std::uint64_t>(openings_ - 1, 40);
  std::uint64_t length = settings_.open_for_ns;
  for (std::uint64_t i = 0; i < doublings && length < settings_.longest_open_ns; ++i) length *= 2;
  until_ns_ = now_ns + std::min(length, settings_.longest_open_ns);
}

void Breaker::move_on(std::uint64_t now_ns) {
  while (!window_.empty() && now_ns > window_.front().end_ns &&
         now_ns - window_.front().end_ns > settings_.window_ns) {
    window_.pop_front();
  }
  const rules::LoadSum seen = sum();
  if (state_ == State::open && now_ns >= until_ns_) {
    state_ = State::half_open;
    since_ns_ = now_ns;
    until_ns_ = now_ns + settings_.half_open_for_ns;
  } else if ((state_ == State::closed || state_ == State::half_open) && trips(seen)) {
    open(now_ns);
  } else if (state_ == State::half_open && now_ns >= until_ns_ &&
             seen.attempted >= settings_.min_operations) {
    state_ = State::closed;  // a probe too small to say anything goes on
  }
}

std::uint32_t Breaker::level() const {
  switch (state_) {
    case State::closed:
      return ORDEAL_VERDICT_OK;
    case State::open:
      return ORDEAL_VERDICT_HOLD;
    case State::half_open:
      return ORDEAL_VERDICT_THROTTLE;
    case State::given_up:
      return settings_.final_verdict;
  }
  return ORDEAL_VERDICT_OK;
}

}  // namespace circuit_breaker
