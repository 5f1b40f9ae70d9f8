// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "guardian/fixed_text.h"
#include "guardian/sensors.h"

namespace ordeal {

/// Every sensor over the last minute, a row a second, for the evidence of a stop. Of fixed size.
class SensorHistory {
 public:
  static constexpr std::size_t rows = 60;
  static constexpr std::uint64_t row_ns = 1'000'000'000;

  struct Row {
    std::uint64_t begin_ns = 0;
    std::uint32_t ticks = 0;
    std::uint64_t available_least = 0;
    std::uint64_t available_last = 0;
    std::uint64_t total = 0;
    double fill_rate = 0;      // the highest, bytes per second
    double disk_percent = -1;  // -1: not read in this second
    double stalled_percent = -1;
    double files_percent = -1;
    double tasks_percent = -1;
    std::uint64_t oom_kills = 0;
  };

  void memory(std::uint64_t now_ns, const MemoryReading& reading, double fill_rate) noexcept {
    if (count_ == 0 || now_ns - newest().begin_ns >= row_ns) {
      rows_[count_++ % rows] = {};
      newest().begin_ns = now_ns;
      newest().available_least = reading.available;
    }
    Row& row = newest();
    ++row.ticks;
    row.total = reading.total;
    row.available_last = reading.available;
    row.available_least = std::min(row.available_least, reading.available);
    row.fill_rate = std::max(row.fill_rate, fill_rate);
  }
  void disk(double used_percent) noexcept {
    if (count_ != 0) newest().disk_percent = used_percent;
  }
  void host(const HostReading& reading, double stalled_percent) noexcept {
    if (count_ == 0) return;
    Row& row = newest();
    row.stalled_percent = stalled_percent;
    row.files_percent = reading.files_percent.value_or(-1);
    row.tasks_percent = reading.tasks_percent.value_or(-1);
    row.oom_kills = reading.oom_kills.value_or(0);
  }

  [[nodiscard]] std::size_t size() const noexcept { return std::min(count_, rows); }
  /// 0: the oldest.
  [[nodiscard]] const Row& at(std::size_t i) const noexcept {
    return rows_[(count_ - size() + i) % rows];
  }
  /// "12 s before: ..."
  static FixedText<400> text(const Row& row, std::uint64_t now_ns) noexcept {
    const auto part = [](FixedText<400>& to, const char* name, double percent) {
      if (percent >= 0) to << ", " << name << " " << Decimal{percent, 1} << " %";
    };
    FixedText<400> text;
    text << Decimal{static_cast<double>(now_ns - row.begin_ns) / 1e9, 1}
         << " s before: MemAvailable " << row.available_last / (1u << 20) << " MiB, least "
         << row.available_least / (1u << 20) << " of " << row.total / (1u << 20)
         << " MiB, filling at " << Decimal{row.fill_rate / 1e6, 0} << " MB/s";
    part(text, "disk", row.disk_percent);
    part(text, "memory stall of 10 s", row.stalled_percent);
    part(text, "descriptors", row.files_percent);
    part(text, "tasks", row.tasks_percent);
    text << ", OOM kills since boot " << row.oom_kills << ", " << row.ticks << " ticks";
    return text;
  }

 private:
  Row& newest() noexcept { return rows_[(count_ - 1) % rows]; }

  std::array<Row, rows> rows_{};
  std::size_t count_ = 0;
};

}  // namespace ordeal
