// SPDX-License-Identifier: Apache-2.0
// The allocator of the case process, when the front has preloaded ordeal-check-heap.so: it counts
// the blocks in use, and can make an allocation of this thread fail.
#pragma once

#include <cstdint>

namespace ordeal::check {

/// Whether the allocator is there; without it the functions below do nothing and answer 0.
bool heap_available();

/// Blocks and bytes in use in the whole process, without those of pauses.
struct HeapUse {
  std::int64_t blocks = 0;
  std::int64_t bytes = 0;
};
HeapUse heap_use();

/// While it lives, allocation number `nth` (from 1) of this thread fails, and with `onwards` all
/// that follow. Not nested.
class HeapFault {
 public:
  HeapFault(std::uint64_t nth, bool onwards);
  ~HeapFault();
  HeapFault(const HeapFault&) = delete;
  HeapFault& operator=(const HeapFault&) = delete;
  /// Allocations of this thread since it was made, those paused not counted.
  [[nodiscard]] std::uint64_t allocations() const;
};

/// While it lives, this thread's allocations and releases neither count nor fail: our own,
/// inside a call that the plugin makes.
class HeapPause {
 public:
  HeapPause();
  ~HeapPause();
  HeapPause(const HeapPause&) = delete;
  HeapPause& operator=(const HeapPause&) = delete;
};

/// While it lives, a pause around it does not hold: a callback of the plugin inside our own work.
class HeapResume {
 public:
  HeapResume();
  ~HeapResume();
  HeapResume(const HeapResume&) = delete;
  HeapResume& operator=(const HeapResume&) = delete;
};

}  // namespace ordeal::check
