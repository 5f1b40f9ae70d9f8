// SPDX-License-Identifier: Apache-2.0
// The guardian's checks, 10 to 50 times a second.
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "guardian/guardian.h"
#include "guardian/kernel.h"

namespace ordeal {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::int64_t blind_ns = second / 2;
constexpr std::uint64_t silence_ns = 2 * second;
constexpr std::uint64_t disk_period_ns = second;
constexpr std::uint64_t host_period_ns = second / 2;
constexpr std::uint64_t least_top_period_ns = 10 * second;

std::uint64_t mib(std::uint64_t bytes) { return bytes / (1u << 20); }

const char* rule_of(MemoryCause cause) {
  switch (cause) {
    case MemoryCause::floor:
      return "memory-floor/1";
    case MemoryCause::deep:
      return "memory-half-floor/1";
    case MemoryCause::last:
      return "memory-last/1";
    case MemoryCause::filling:
      return "memory-filling/1";
    case MemoryCause::none:
      break;
  }
  return "";
}

}  // namespace

void Guardian::tick(std::uint64_t now) noexcept {
  const auto late = static_cast<std::int64_t>(now - next_tick_ns_);
  // The machine slept, or this process did not run. What lasted how long is not known then, so
  // nothing that needs time is judged. Lines that need none are, from the second such tick on.
  const bool blind = late > blind_ns || late < -blind_ns;
  blind_ticks_ = blind ? blind_ticks_ + 1 : 0;
  counters_->guardian.fetch_add(1, std::memory_order_relaxed);
  if (blind) lose_time(late);
  bool checked = false;
  if (!blind || blind_ticks_ > 1) checked = check_memory(now);
  if (!blind) {
    check_controller(now);
    if (now >= next_disk_ns_) {
      check_disk();
      next_disk_ns_ = now + disk_period_ns;
    }
    if (now >= next_host_ns_) {
      check_host(now);
      check_halt();
      next_host_ns_ = now + host_period_ns;
    }
    check_duration(now);
    if (checked) notifier_.alive(now);
  }
  if (stop_unsent_) send_stop();
  next_tick_ns_ = now + tick_ns_;
}

/// Moves what was to happen later by the time that was lost. The duration limit goes on: it is
/// about when the machine is free again.
void Guardian::lose_time(std::int64_t late) noexcept {
  Text text;
  text << "the guardian's tick came " << Decimal{static_cast<double>(late) / 1e9, 2}
       << " s late; it counts for nothing";
  note("blind", text.view(), late);
  for (std::uint64_t* at :
       {&kill_load_at_, &kill_all_at_, &abort_at_, &still_over_at_, &final_deadline_,
        &memory_seen_ns_, &disk_seen_ns_, &next_disk_ns_, &next_host_ns_, &next_top_ns_})
    if (*at != 0) *at += static_cast<std::uint64_t>(late);
  scheduler_.changed_ns = journal_.changed_ns = 0;
  memory_watch_.forget();
  pressure_.forget();
}

std::uint64_t Guardian::memory_floor(const MemoryReading& memory) const noexcept {
  const auto by_percent =
      static_cast<std::uint64_t>(static_cast<double>(memory.total) * (100 - memory_percent_) / 100);
  return std::max(by_percent, memory_available_least_);
}

bool Guardian::check_memory(std::uint64_t now) noexcept {
  auto memory = sensors_.memory();
  Text text;
  if (!memory) {
    if (now - memory_seen_ns_ <= silence_ns || over()) return false;
    text << "memory: MemAvailable could not be read for 2 s";
    hit_limit(StopReason::memory_limit, {"memory-unreadable/1", memory_seen_ns_, silence_ns},
              text.view());
    return false;
  }
  memory_seen_ns_ = now;
  std::uint64_t floor = memory_floor(*memory);
  const bool was_below = memory_watch_.below_since() != 0;
  MemoryCause cause = memory_watch_.judge(now, *memory, floor);
  history_.memory(now, *memory, memory_watch_.fill_rate());
  tick_ns_ = memory_watch_.next_tick_ns(*memory, floor);
  if (cause != MemoryCause::none) {
    const auto again = sensors_.memory();
    if (!again || !memory_watch_.confirms(cause, *again, floor)) return again.has_value();
    memory = again;
  }
  tell_pressure(pressure_.judge_memory(now, *memory, changes_));
  // Who uses it, as long as they can still be asked.
  if (!was_below && memory_watch_.below_since() != 0 && cause == MemoryCause::none)
    look_at_processes(now);
  if (cause == MemoryCause::none) {
    if (memory->available >= floor) still_over_at_ = 0;
    return true;
  }
  text << "memory: " << Decimal{memory->used_percent(), 1} << " % used (MemAvailable "
       << mib(memory->available) << " MiB of " << mib(memory->total) << " MiB), limit "
       << Decimal{memory_percent_, 1} << " %";
  if (memory_available_least_ != 0)
    text << " and " << mib(memory_available_least_) << " MiB available";
  if (cause == MemoryCause::filling)
    text << "; at " << Decimal{memory_watch_.fill_rate() / 1e6, 0}
         << " MB/s it is gone in less than a second";
  else
    text << "; below " << mib(memory_watch_.threshold(cause, *memory, floor)) << " MiB";
  if (cause == MemoryCause::floor) text << " for 0.5 s";
  if (!over()) {
    still_over_at_ = now + second / 2;
    const std::uint64_t since = memory_watch_.below_since();
    hit_limit(StopReason::memory_limit,
              {rule_of(cause), cause == MemoryCause::floor ? since : now,
               cause == MemoryCause::floor ? MemoryWatch::dwell_ns : 0},
              text.view());
  } else if (still_over_at_ == 0) {
    still_over_at_ = now + second / 2;
  } else if (now >= still_over_at_) {
    // The load is gone and it is still too much: the rest of the run may be what fills it.
    end_with(final_code().value_or(static_cast<int>(ExitCode::safety_stop)), text.view());
  }
  return true;
}

void Guardian::check_disk() noexcept {
  const std::uint64_t now = clock_.now();
  const auto used = sensors_.disk_used_percent();
  Text text;
  if (!used) {
    if (now - disk_seen_ns_ <= silence_ns || over()) return;
    text << "disk: its use could not be read for 2 s";
    hit_limit(StopReason::disk_limit, {"disk-unreadable/1", disk_seen_ns_, silence_ns},
              text.view());
    return;
  }
  disk_seen_ns_ = now;
  history_.disk(*used);
  if (*used <= disk_percent_ || over()) return;
  text << "disk: " << Decimal{*used, 1} << " % used under the run directory, limit "
       << Decimal{disk_percent_, 1} << " %";
  hit_limit(StopReason::disk_limit, {"disk/1", now, 0}, text.view());
}

void Guardian::check_duration(std::uint64_t now) noexcept {
  if (options_.max_duration_ns == 0 || now < armed_ns_ ||
      now - armed_ns_ <= options_.max_duration_ns || stage_ != Stage::running)
    return;
  Text text;
  text << "duration: " << Decimal{static_cast<double>(now - armed_ns_) / 1e9, 1} << " s, limit "
       << Decimal{static_cast<double>(options_.max_duration_ns) / 1e9, 1} << " s";
  hit_limit(StopReason::duration_limit, {"duration/1", now, 0}, text.view());
}

void Guardian::check_host(std::uint64_t now) noexcept {
  const HostReading reading = sensors_.host();
  tell_pressure(pressure_.judge_host(now, reading, changes_));
  history_.host(reading, pressure_.stalled_percent());
  if (now >= next_top_ns_) look_at_processes(now);
}

/// Never more than a thousandth of the time, however many processes the machine has.
void Guardian::look_at_processes(std::uint64_t now) noexcept {
  const std::uint64_t begin = monotonic_ns();
  if (table_.scan()) {
    table_.mark_descendants(::getpid());
    top_.count = table_.heaviest(top_.by_memory, top_.by_cpu);
    top_.ns = now;
  }
  next_top_ns_ = now + std::max(least_top_period_ns, 1000 * (monotonic_ns() - begin));
}

void Guardian::tell_pressure(std::size_t changes) noexcept {
  for (std::size_t i = 0; i < changes; ++i) {
    OutgoingFrame frame(GuardMessage::pressure);
    frame.u32(pressure_.level()).text(changes_[i].text.view());
    if (!options_.guard_mode) send(frame);
    note("pressure", changes_[i].text.view(), changes_[i].level);
    notifier_.status(changes_[i].text.view());
  }
}

void Guardian::check_controller(std::uint64_t now) noexcept {
  if (options_.guard_mode || stage_ == Stage::silent || stage_ == Stage::aborting ||
      !controller_alive())
    return;
  if (std::atomic_ref(counters_->controller_armed).load(std::memory_order_acquire) != 1) return;
  if (final_code()) return;  // its loops may rest; advance() sees that it ends
  const auto check = [&](Watched& watched, std::uint64_t count, std::string_view name) {
    if (watched.changed_ns == 0 || watched.count != count) {
      watched = {count, now};
    } else if (now - watched.changed_ns > silence_ns) {
      controller_silent(name, watched.changed_ns, now);
      return false;
    }
    return true;
  };
  if (check(scheduler_, counters_->scheduler.load(std::memory_order_relaxed), "scheduler"))
    check(journal_, counters_->journal.load(std::memory_order_relaxed), "journal");
}

}  // namespace ordeal
