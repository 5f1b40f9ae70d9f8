// SPDX-License-Identifier: Apache-2.0
// What a stop leaves behind: why, when, and what the machine looked like before.
#include "guardian/guardian.h"
#include "guardian/kernel.h"

namespace ordeal {

namespace {

void describe(FixedText<400>& text, const ProcessTable::Usage& usage) {
  text << usage.pid << " " << std::string_view(usage.name.data()) << " in state "
       << std::string_view(&usage.state, 1) << ", " << usage.rss_bytes / (1u << 20) << " MiB, "
       << Decimal{static_cast<double>(usage.cpu_ms) / 1e3, 2} << " s of CPU";
}

}  // namespace

void Guardian::begin_stop(const Cause& cause) noexcept {
  if (stop_.decided_ns != 0) return;
  stop_.cause = cause;
  stop_.decided_ns = clock_.now();
}

/// After the signals: 60 rows of sensors and up to 20 processes take some tenths of a millisecond.
void Guardian::record_surroundings() noexcept {
  if (stop_.surroundings) return;
  stop_.surroundings = true;
  for (std::size_t i = 0; i < history_.size(); ++i) {
    const auto& row = history_.at(i);
    evidence_.record("sensors", SensorHistory::text(row, stop_.decided_ns).view(),
                     static_cast<std::int64_t>(row.available_least),
                     static_cast<std::int64_t>(row.ticks));
  }
  if (top_.ns == 0) return;
  const double age = static_cast<double>(stop_.decided_ns - top_.ns) / 1e9;
  for (const bool by_memory : {true, false}) {
    for (std::size_t i = 0; i < top_.count; ++i) {
      const auto& usage = (by_memory ? top_.by_memory : top_.by_cpu)[i];
      Text text;
      text << (by_memory ? "by memory, " : "by CPU, ") << Decimal{age, 1} << " s before: ";
      describe(text, usage);
      evidence_.record("process", text.view(), usage.pid, static_cast<std::int64_t>(i) + 1);
    }
  }
}

void Guardian::record_stop() noexcept {
  if (stop_.decided_ns == 0) return;
  const auto after = [this](std::uint64_t ns) {
    return Decimal{static_cast<double>(ns - stop_.cause.seen_ns) / 1e6, 2};
  };
  const std::uint64_t now = clock_.now();
  Text text;
  text << stop_id_.view() << ", rule " << stop_.cause.rule << ", dwell "
       << Decimal{static_cast<double>(stop_.cause.dwell_ns) / 1e6, 0} << " ms; after it was seen: "
       << "decided " << after(stop_.decided_ns) << " ms, signalled " << after(stop_.signalled_ns)
       << " ms, ";
  if (stop_.load_empty_ns != 0) text << "load empty " << after(stop_.load_empty_ns) << " ms, ";
  text << "everything " << after(now) << " ms";
  const std::uint64_t empty = stop_.load_empty_ns != 0 ? stop_.load_empty_ns : now;
  note("stop", text.view(), static_cast<std::int64_t>(empty - stop_.decided_ns),
       static_cast<std::int64_t>(now - stop_.cause.seen_ns));
}

/// Those that are still there, whom the kernel holds (state D) or who were just started.
void Guardian::name_survivors(Text& text) noexcept {
  top_.count = table_.heaviest(top_.by_memory, top_.by_cpu);
  for (std::size_t i = 0; i < top_.count && i < 5; ++i) {
    text << (i == 0 ? ": " : "; ");
    describe(text, top_.by_memory[i]);
  }
}

}  // namespace ordeal
