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

/// What the hard limits are judged by. One thread; reading allocates nothing.
class Sensors {
 public:
  /// `proc_root` is /proc, or a folder with a meminfo for tests. Error: preflight.
  static Result<Sensors> open(const std::string& proc_root, const std::string& run_dir);

  [[nodiscard]] std::optional<MemoryReading> memory() const noexcept;
  /// Used share of the run directory's file system in percent, as df counts it.
  [[nodiscard]] std::optional<double> disk_used_percent() const noexcept;

 private:
  UniqueFd meminfo_;
  UniqueFd run_dir_;
};

}  // namespace ordeal
