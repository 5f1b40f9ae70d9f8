// SPDX-License-Identifier: Apache-2.0
#include "engine/arrivals.h"

#include <algorithm>
#include <cmath>

namespace ordeal {

namespace {

constexpr double latest_ns = 9e18;

}  // namespace

Arrivals::Arrivals(std::uint64_t start_ns, std::vector<RatePiece> pieces, std::uint64_t elapsed_ns,
                   double first_gap, std::optional<Random> random)
    : pieces_(std::move(pieces)), random_(random) {
  if (pieces_.empty()) return;
  begin_piece(0, 0);
  offset_ = random_ ? random_->exponential() : first_gap;
  if (elapsed_ns > 0) {
    move_to(elapsed_ns);
    // What is left of the gap in progress; at random, any moment is as good as the start.
    offset_ = random_ ? random_->exponential() : offset_ - std::floor(offset_);
  }
  // Up to here the schedule's own time.
  if (end_ns_ != never) end_ns_ = end_ns_ - base_ns_ + start_ns;
  base_ns_ = start_ns;
  find_next();
}

void Arrivals::begin_piece(std::size_t piece, std::uint64_t at_ns) {
  piece_ = piece;
  base_ns_ = at_ns;
  end_ns_ = never;
  rate_ = slope_ = 0;
  if (piece >= pieces_.size()) return;
  const RatePiece& p = pieces_[piece];
  rate_ = p.from;
  if (!endless()) {
    end_ns_ = at_ns + p.duration_ns;
    slope_ = p.duration_ns > 0 ? (p.to - p.from) * 1e9 / static_cast<double>(p.duration_ns) : 0;
  }
}

bool Arrivals::endless() const {
  return piece_ >= pieces_.size() ||
         (piece_ + 1 == pieces_.size() && pieces_[piece_].from == pieces_[piece_].to);
}

double Arrivals::length_s() const { return static_cast<double>(end_ns_ - base_ns_) / 1e9; }

double Arrivals::operations_in(double seconds) const {
  return (rate_ + slope_ * seconds / 2) * seconds * factor_;
}

// Solves operations_in(t) = operations for t; infinite when the rate falls to 0 before.
double Arrivals::time_ns_of(double operations) const {
  if (operations <= 0) return 0;
  const double rate = rate_ * factor_;
  if (slope_ == 0) return operations * 1e9 / rate;
  const double root = rate * rate + 2 * slope_ * factor_ * operations;
  if (root < 0) return std::numeric_limits<double>::infinity();
  return 2 * operations * 1e9 / (rate + std::sqrt(root));
}

// Makes `at_ns` the base, what has passed until then taken from the present gap. The offset may
// then be negative: arrivals that were due before.
void Arrivals::move_to(std::uint64_t at_ns) {
  offset_ += static_cast<double>(index_);
  index_ = 0;
  while (at_ns >= end_ns_) {
    offset_ -= operations_in(length_s());
    begin_piece(piece_ + 1, end_ns_);
  }
  const double seconds = static_cast<double>(at_ns - base_ns_) / 1e9;
  offset_ -= operations_in(seconds);
  rate_ = std::max(0.0, rate_ + slope_ * seconds);
  base_ns_ = at_ns;
}

void Arrivals::find_next() {
  next_ns_ = never;
  while (factor_ > 0) {
    const double after = time_ns_of(offset_ + static_cast<double>(index_));
    if (end_ns_ == never) {
      if (piece_ < pieces_.size() && rate_ > 0 && after < latest_ns)
        next_ns_ = base_ns_ + static_cast<std::uint64_t>(after);
      return;
    }
    if (after < static_cast<double>(end_ns_ - base_ns_)) {
      next_ns_ = base_ns_ + static_cast<std::uint64_t>(after);
      return;
    }
    offset_ = std::max(0.0, offset_ + static_cast<double>(index_) - operations_in(length_s()));
    index_ = 0;
    begin_piece(piece_ + 1, end_ns_);
  }
}

void Arrivals::set_factor(std::uint64_t now_ns, double factor) {
  if (now_ns >= base_ns_ && piece_ < pieces_.size()) {  // else not begun: the start stays
    const bool held = factor_ <= 0;
    move_to(now_ns);
    offset_ = held ? (random_ ? random_->exponential() : 1) : std::max(0.0, offset_);
  }
  factor_ = factor;
  find_next();
}

}  // namespace ordeal
