// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ordeal {

/// /proc/meminfo, in bytes.
struct MemoryReading {
  std::uint64_t total = 0;
  std::uint64_t available = 0;  // MemAvailable: what can be had without swapping

  [[nodiscard]] double used_percent() const {
    return total == 0 ? 0
                      : 100.0 * static_cast<double>(total - available) / static_cast<double>(total);
  }
};

/// What is read about once a second. Counters since boot; a part that cannot be read is empty.
struct HostReading {
  std::optional<std::uint64_t> stalled_us;  // every task waited for memory: "full" of its pressure
  std::optional<std::uint64_t> reclaimed;   // pages scanned for reclaim or swapped
  std::optional<std::uint64_t> oom_kills;
  std::optional<double> files_percent;  // descriptors of the system, of fs.file-max
  std::optional<double> tasks_percent;  // threads of the system, of the least of its limits
};

/// What the hard limits and the softer levels are judged by. One thread; reading allocates nothing.
class Sensors {
 public:
  /// `proc_root` is /proc, or a folder with a meminfo for tests. What else is missing there is not
  /// watched. Error: preflight.
  static Result<Sensors> open(const std::string& proc_root, const std::string& run_dir);

  [[nodiscard]] std::optional<MemoryReading> memory() const noexcept;
  [[nodiscard]] HostReading host() const noexcept;
  /// Used share of the run directory's file system in percent, as df counts it.
  [[nodiscard]] std::optional<double> disk_used_percent() const noexcept;

 private:
  UniqueFd meminfo_;
  UniqueFd pressure_;
  UniqueFd vmstat_;
  UniqueFd file_nr_;
  UniqueFd loadavg_;
  std::uint64_t tasks_max_ = 0;  // 0: unknown
  UniqueFd run_dir_;
};

}  // namespace ordeal
