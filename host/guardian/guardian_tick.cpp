// SPDX-License-Identifier: Apache-2.0
// The guardian's checks, 10 to 50 times a second.
#include <algorithm>
#include <atomic>

#include "guardian/guardian.h"
#include "guardian/kernel.h"

namespace ordeal {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t blind_ns = second / 2;
constexpr std::uint64_t silence_ns = 2 * second;
constexpr std::uint64_t disk_period_ns = second;
constexpr std::uint64_t shortest_tick_ns = 20'000'000;
constexpr std::uint64_t longest_tick_ns = 100'000'000;
/// How fast a machine can fill its memory: measured 6 GB/s. A quarter of the time to the limit is
/// slept at most.
constexpr double fill_bytes_per_ns = 6.0;

}  // namespace

void Guardian::tick(std::uint64_t now) noexcept {
  const std::uint64_t late = now - next_tick_ns_;
  const bool blind = late > blind_ns;
  if (blind) {
    Text text;
    text << "the guardian's tick came " << Decimal{static_cast<double>(late) / 1e9, 2}
         << " s late; it counts for nothing";
    note("blind", text.view(), static_cast<std::int64_t>(late));
  }
  counters_->guardian.fetch_add(1, std::memory_order_relaxed);
  check_controller(now, blind);
  check_memory(now);
  if (now >= next_disk_ns_) {
    check_disk(now);
    next_disk_ns_ = now + disk_period_ns;
  }
  if (options_.max_duration_ns != 0 && now - armed_ns_ > options_.max_duration_ns &&
      stage_ == Stage::running) {
    Text text;
    text << "duration: " << Decimal{static_cast<double>(now - armed_ns_) / 1e9, 1} << " s, limit "
         << Decimal{static_cast<double>(options_.max_duration_ns) / 1e9, 1} << " s";
    hit_limit(StopReason::duration_limit, text.view());
  }
  if (stop_unsent_) send_stop();
  next_tick_ns_ = now + tick_ns_;
}

std::uint64_t Guardian::memory_floor(const MemoryReading& memory) const noexcept {
  const auto by_percent =
      static_cast<std::uint64_t>(static_cast<double>(memory.total) * (100 - memory_percent_) / 100);
  return std::max(by_percent, memory_available_least_);
}

void Guardian::check_memory(std::uint64_t now) noexcept {
  auto memory = sensors_.memory();
  Text text;
  if (memory && memory->available < memory_floor(*memory)) memory = sensors_.memory();
  if (!memory) {
    if (now - memory_seen_ns_ <= silence_ns || stage_ == Stage::limited) return;
    text << "memory: MemAvailable could not be read for 2 s";
    hit_limit(StopReason::memory_limit, text.view());
    return;
  }
  memory_seen_ns_ = now;
  const std::uint64_t floor = memory_floor(*memory);
  if (memory->available >= floor) {
    const auto sleep = static_cast<std::uint64_t>(static_cast<double>(memory->available - floor) /
                                                  fill_bytes_per_ns / 4);
    tick_ns_ = std::clamp(sleep, shortest_tick_ns, longest_tick_ns);
    still_over_at_ = 0;
    return;
  }
  tick_ns_ = shortest_tick_ns;
  text << "memory: " << Decimal{memory->used_percent(), 1} << " % used (MemAvailable "
       << memory->available / (1u << 20) << " MiB of " << memory->total / (1u << 20)
       << " MiB), limit " << Decimal{memory_percent_, 1} << " %";
  if (memory_available_least_ != 0)
    text << " and " << memory_available_least_ / (1u << 20) << " MiB available";
  if (stage_ != Stage::limited || still_over_at_ == 0) {
    still_over_at_ = now + second / 2;
    if (stage_ != Stage::limited) hit_limit(StopReason::memory_limit, text.view());
  } else if (now >= still_over_at_) {
    // The load is gone and it is still too much: the rest of the run may be what fills it.
    end_with(final_code().value_or(static_cast<int>(ExitCode::safety_stop)), text.view());
  }
}

void Guardian::check_disk(std::uint64_t) noexcept {
  const auto used = sensors_.disk_used_percent();
  if (!used || *used <= disk_percent_ || stage_ == Stage::limited) return;
  Text text;
  text << "disk: " << Decimal{*used, 1} << " % used under the run directory, limit "
       << Decimal{disk_percent_, 1} << " %";
  hit_limit(StopReason::disk_limit, text.view());
}

void Guardian::check_controller(std::uint64_t now, bool blind) noexcept {
  if (options_.guard_mode || stage_ == Stage::aborting || !controller_alive()) return;
  if (std::atomic_ref(counters_->controller_armed).load(std::memory_order_acquire) != 1) return;
  if (final_code()) return;  // its loops may rest; advance() sees that it ends
  const auto check = [&](Watched& watched, std::uint64_t count, std::string_view name) {
    if (blind || watched.changed_ns == 0 || watched.count != count) {
      watched = {count, now};
    } else if (now - watched.changed_ns > silence_ns) {
      controller_silent(name, now - watched.changed_ns);
      return false;
    }
    return true;
  };
  if (check(scheduler_, counters_->scheduler.load(std::memory_order_relaxed), "scheduler"))
    check(journal_, counters_->journal.load(std::memory_order_relaxed), "journal");
}

}  // namespace ordeal
