// SPDX-License-Identifier: Apache-2.0
#include "guardian/memory_watch.h"

#include <algorithm>

namespace ordeal {

namespace {

constexpr std::uint64_t shortest_tick_ns = 20'000'000;
constexpr std::uint64_t longest_tick_ns = 100'000'000;
/// How fast a machine can fill its memory: measured 6 GB/s.
constexpr double fill_bytes_per_s = 6e9;

std::uint64_t last_bytes(const MemoryReading& reading) {
  return static_cast<std::uint64_t>(static_cast<double>(reading.total) * MemoryWatch::last_share);
}

}  // namespace

void MemoryWatch::measure(std::uint64_t now_ns, std::uint64_t available) noexcept {
  seen_[count_++ % kept] = {now_ns, available};
  fill_rate_ = 0;
  double slowest = 0;
  std::size_t parts = 0;
  Seen later{now_ns, available};
  for (std::size_t back = 1; back < std::min(count_, kept); ++back) {
    const Seen& then = seen_[(count_ - 1 - back) % kept];
    if (later.ns - then.ns < rate_part_ns) continue;
    if (then.available <= later.available) return;
    const double rate = static_cast<double>(then.available - later.available) /
                        (static_cast<double>(later.ns - then.ns) / 1e9);
    slowest = parts == 0 ? rate : std::min(slowest, rate);
    later = then;
    if (++parts == rate_parts) {
      fill_rate_ = slowest;
      return;
    }
  }
}

MemoryCause MemoryWatch::judge(std::uint64_t now_ns, const MemoryReading& reading,
                               std::uint64_t floor) noexcept {
  measure(now_ns, reading.available);
  const bool gone_soon =
      static_cast<double>(reading.available) < fill_rate_ * static_cast<double>(horizon_ns) / 1e9;
  filling_ = gone_soon ? filling_ + 1 : 0;
  if (reading.available >= floor)
    below_since_ = 0;
  else if (below_since_ == 0)
    below_since_ = now_ns;
  if (reading.available < last_bytes(reading)) return MemoryCause::last;
  if (reading.available < floor / 2) return MemoryCause::deep;
  if (filling_ >= 2) return MemoryCause::filling;
  if (below_since_ != 0 && now_ns - below_since_ >= dwell_ns) return MemoryCause::floor;
  return MemoryCause::none;
}

std::uint64_t MemoryWatch::threshold(MemoryCause cause, const MemoryReading& reading,
                                     std::uint64_t floor) const noexcept {
  switch (cause) {
    case MemoryCause::floor:
      return floor;
    case MemoryCause::deep:
      return floor / 2;
    case MemoryCause::last:
      return last_bytes(reading);
    case MemoryCause::filling:
      return static_cast<std::uint64_t>(fill_rate_ * static_cast<double>(horizon_ns) / 1e9);
    case MemoryCause::none:
      break;
  }
  return 0;
}

bool MemoryWatch::confirms(MemoryCause cause, const MemoryReading& reading,
                           std::uint64_t floor) const noexcept {
  return reading.available < threshold(cause, reading, floor);
}

void MemoryWatch::forget() noexcept {
  count_ = 0;
  fill_rate_ = 0;
  filling_ = 0;
  below_since_ = 0;
}

std::uint64_t MemoryWatch::next_tick_ns(const MemoryReading& reading,
                                        std::uint64_t floor) const noexcept {
  if (reading.available < floor) return shortest_tick_ns;
  const double rate = std::max(fill_bytes_per_s, fill_rate_);
  const double ns = static_cast<double>(reading.available - floor) / rate / 4 * 1e9;
  return std::clamp(static_cast<std::uint64_t>(std::min(ns, 1e9)), shortest_tick_ns,
                    longest_tick_ns);
}

}  // namespace ordeal
