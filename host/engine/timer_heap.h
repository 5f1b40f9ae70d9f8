// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ordeal/abi/reactor.h"

namespace ordeal {

/// One-shot timers in order of time, those of equal time in the order they were added. Cancelling
/// is lazy: O(1), and the heap is swept when most of it is cancelled. One thread.
class TimerHeap {
 public:
  struct Task {
    ordeal_task_fn fn = nullptr;
    void* user = nullptr;
  };

  /// Returns the timer's number, never 0.
  std::uint64_t add(std::uint64_t at_ns, ordeal_task_fn fn, void* user);
  /// False when it has been taken or cancelled already.
  bool cancel(std::uint64_t id);
  /// The earliest time, or UINT64_MAX.
  [[nodiscard]] std::uint64_t next_ns();
  /// Takes the earliest timer when it is due at `now_ns`; fn is nullptr when none is.
  Task take(std::uint64_t now_ns);
  /// Timers that wait. For tests, `stored()` also counts those cancelled and not yet swept.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  [[nodiscard]] std::size_t stored() const { return heap_.size(); }

 private:
  struct Entry {
    std::uint64_t at_ns;
    std::uint64_t order;
    std::uint64_t id;
  };
  struct Slot {
    Task task;
    std::uint32_t generation = 1;
    bool used = false;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.at_ns != b.at_ns ? a.at_ns > b.at_ns : a.order > b.order;
  }
  Slot* find(std::uint64_t id);
  void free(std::uint64_t id);
  void pop();
  void drop_cancelled();

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t waiting_ = 0;
  std::uint64_t order_ = 0;
};

}  // namespace ordeal
