// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/unique_fd.h"

namespace ordeal {

/// The processes of the machine by parent, read from /proc without allocating. Large: make it once,
/// on the heap, before arming. One thread.
class ProcessTable {
 public:
  static constexpr std::size_t capacity = 32768;

  struct Entry {
    pid_t pid = 0;
    pid_t parent = 0;
    std::uint64_t start_ticks = 0;
    char state = '?';
    bool marked = false;
  };

  /// What a process uses, for evidence.
  struct Usage {
    pid_t pid = 0;
    char state = '?';
    std::array<char, 17> name{};
    std::uint64_t rss_bytes = 0;
    std::uint64_t cpu_ms = 0;  // user and system, since it began
  };
  static constexpr std::size_t heaviest_max = 10;
  using Heaviest = std::array<Usage, heaviest_max>;

  /// Keeps /proc open. Returns errno or 0.
  int open() noexcept;
  /// The same in a clone whose descriptors were all closed: the number kept is another's by now.
  int open_in_clone() noexcept;
  /// Reads the table anew; no marks. Zombies that are wholly dead are left out. False: /proc cannot
  /// be read. Of more than `capacity` processes the rest is left for the next scan.
  bool scan() noexcept;
  /// Marks all descendants of `root`, without root itself and without the trees of `spared`.
  /// Returns how many are newly marked.
  std::size_t mark_descendants(pid_t root, std::span<const pid_t> spared = {}) noexcept;
  /// SIGKILL for every marked process that is still the one that was scanned. Returns how many are
  /// marked.
  std::size_t kill_marked() noexcept;
  /// Reads the marked processes once more and keeps those that use the most memory and the most
  /// processor time, the heaviest first. Returns how many there are in each.
  std::size_t heaviest(Heaviest& by_memory, Heaviest& by_cpu) noexcept;
  /// The first marked process, nullptr if none.
  [[nodiscard]] const Entry* first_marked() const noexcept;

 private:
  bool read_entry(const char* name, Entry& entry, Usage* usage = nullptr) noexcept;
  Entry* find(pid_t pid) noexcept;

  UniqueFd proc_;
  std::uint64_t page_bytes_ = 4096;
  std::uint64_t ticks_per_s_ = 100;
  std::size_t size_ = 0;
  std::array<Entry, capacity> entries_{};
  alignas(8) std::array<char, 32768> names_{};
};

}  // namespace ordeal
