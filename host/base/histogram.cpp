// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include <sys/mman.h>

#include <cassert>
#include <cmath>
#include <cstring>
#include <exception>

#include "base/histogram_state.h"

namespace ordeal {

Histogram::State::~State() {
  if (counts) ::munmap(counts, layout.length() * sizeof *counts);
}

void Histogram::State::map() noexcept {
  if (counts) return;
  void* memory = ::mmap(nullptr, layout.length() * sizeof *counts, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::terminate();
  counts = static_cast<std::uint64_t*>(memory);
}

// A histogram of 1 ns has no state before its first value: interval frames hold many unused ones.
Histogram::Histogram(std::uint32_t unit_ns) {
  assert(unit_ns >= 1 && unit_ns <= 1'000'000);  // up to here the codec can tell units apart
  if (unit_ns != 1) state_ = std::make_unique<State>(unit_ns);
}
Histogram::Histogram(Histogram&&) noexcept = default;
Histogram& Histogram::operator=(Histogram&&) noexcept = default;
Histogram::~Histogram() = default;

Histogram::Histogram(const Histogram& other) : Histogram(other.unit_ns()) { merge(other); }

Histogram& Histogram::operator=(const Histogram& other) {
  if (this != &other) *this = Histogram(other);
  return *this;
}

void Histogram::record(std::uint64_t value_ns, std::uint64_t count) noexcept {
  if (!state_ || !state_->counts) [[unlikely]] {
    if (!state_) state_ = std::make_unique<State>(1);
    state_->map();
  }
  if (count == 0) return;
  State& s = *state_;
  s.counts[HistogramLayout::index(s.to_units(value_ns))] += count;
  s.count += count;
  s.sum = saturating_add(s.sum, count == 1 ? value_ns : saturating_multiply(value_ns, count));
  s.min = std::min(s.min, value_ns);
  s.max = std::max(s.max, value_ns);
}

void Histogram::merge(const Histogram& other) {
  if (other.count() == 0) return;
  if (count() == 0 && unit_ns() != other.unit_ns()) state_.reset();
  if (!state_) state_ = std::make_unique<State>(other.unit_ns());
  assert(unit_ns() == other.unit_ns());
  State& s = *state_;
  const State& o = *other.state_;
  s.map();
  const std::size_t end = o.end_index();
  for (std::size_t i = o.first_index(); i < end; ++i) s.counts[i] += o.counts[i];
  s.count += o.count;
  s.sum = saturating_add(s.sum, o.sum);
  s.min = std::min(s.min, o.min);
  s.max = std::max(s.max, o.max);
}

void Histogram::clear() noexcept {
  if (count() == 0) return;
  State& s = *state_;
  const std::size_t begin = s.first_index();
  std::memset(s.counts + begin, 0, (s.end_index() - begin) * sizeof *s.counts);
  s.count = s.sum = s.max = 0;
  s.min = std::numeric_limits<std::uint64_t>::max();
}

std::uint32_t Histogram::unit_ns() const noexcept { return state_ ? state_->unit_ns : 1; }
std::uint64_t Histogram::count() const noexcept { return state_ ? state_->count : 0; }
std::uint64_t Histogram::min() const noexcept { return count() == 0 ? 0 : state_->min; }
std::uint64_t Histogram::max() const noexcept { return count() == 0 ? 0 : state_->max; }

double Histogram::mean() const noexcept {
  if (count() == 0) return 0;
  if (state_->sum != std::numeric_limits<std::uint64_t>::max())
    return static_cast<double>(state_->sum) / static_cast<double>(state_->count);
  double sum = 0;
  for (const Bucket& b : buckets())
    sum += 0.5 * static_cast<double>(b.from_ns + b.to_ns) * static_cast<double>(b.count);
  return sum / static_cast<double>(state_->count);
}

double Histogram::stddev() const noexcept {
  if (count() == 0) return 0;
  const double average = mean();
  double squares = 0;
  for (const Bucket& b : buckets()) {
    const double away = 0.5 * static_cast<double>(b.from_ns + b.to_ns) - average;
    squares += away * away * static_cast<double>(b.count);
  }
  return std::sqrt(squares / static_cast<double>(state_->count));
}

// HdrHistogram's rule: the first bucket at which the running count reaches ceil(percentile *
// count), less one ulp, so that rounding cannot push an exact percentile into the next bucket.
std::uint64_t Histogram::value_at(double percentile) const noexcept {
  if (count() == 0) return 0;
  const State& s = *state_;
  const double asked = std::clamp(percentile, 0.0, 100.0) / 100.0 * static_cast<double>(s.count);
  const double below = std::nextafter(asked, 0.0);
  const auto wanted =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(below)), 1, s.count);
  std::uint64_t seen = 0;
  const std::size_t end = s.end_index();
  for (std::size_t i = s.first_index(); i < end; ++i) {
    seen += s.counts[i];
    if (seen >= wanted) {
      const std::uint64_t to = (HistogramLayout::to(i) + 1) * s.unit_ns - 1;
      return std::clamp(i + 1 == end && seen == s.count ? s.max : to, s.min, s.max);
    }
  }
  return s.max;
}

std::uint64_t Histogram::count_at_or_below(std::uint64_t value_ns) const noexcept {
  if (count() == 0 || value_ns < state_->min) return 0;
  const State& s = *state_;
  if (value_ns >= s.max) return s.count;
  std::uint64_t total = 0;
  const std::size_t last = HistogramLayout::index(s.to_units(value_ns));
  for (std::size_t i = s.first_index(); i <= last; ++i) total += s.counts[i];
  return total;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> result;
  if (count() == 0) return result;
  const State& s = *state_;
  const std::size_t end = s.end_index();
  for (std::size_t i = s.first_index(); i < end; ++i) {
    if (s.counts[i] == 0) continue;
    result.push_back({HistogramLayout::from(i) * s.unit_ns,
                      (HistogramLayout::to(i) + 1) * s.unit_ns - 1, s.counts[i]});
  }
  return result;
}

}  // namespace ordeal
