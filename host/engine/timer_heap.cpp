// SPDX-License-Identifier: Apache-2.0
#include "engine/timer_heap.h"

#include <algorithm>
#include <limits>

namespace ordeal {

std::uint64_t TimerHeap::add(std::uint64_t at_ns, ordeal_task_fn fn, void* user) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.task = {fn, user};
  slot.used = true;
  const std::uint64_t id = static_cast<std::uint64_t>(slot.generation) << 32 | (index + 1);
  heap_.push_back({at_ns, order_++, id});
  std::push_heap(heap_.begin(), heap_.end(), later);
  ++waiting_;
  return id;
}

TimerHeap::Slot* TimerHeap::find(std::uint64_t id) {
  const std::uint64_t index = (id & 0xffffffff) - 1;  // 0 wraps round to a number out of range
  if (index >= slots_.size()) return nullptr;
  Slot& slot = slots_[index];
  return slot.used && slot.generation == id >> 32 ? &slot : nullptr;
}

void TimerHeap::free(std::uint64_t id) {
  const auto index = static_cast<std::uint32_t>((id & 0xffffffff) - 1);
  Slot& slot = slots_[index];
  slot.used = false;
  ++slot.generation;
  free_.push_back(index);
  --waiting_;
}

bool TimerHeap::cancel(std::uint64_t id) {
  if (!find(id)) return false;
  free(id);
  // A plugin that sets and cancels a timer for every operation must not grow the heap.
  if (heap_.size() > 64 && waiting_ < heap_.size() / 2) {
    std::erase_if(heap_, [this](const Entry& e) { return !find(e.id); });
    std::make_heap(heap_.begin(), heap_.end(), later);
  }
  return true;
}

void TimerHeap::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  heap_.pop_back();
}

void TimerHeap::drop_cancelled() {
  while (!heap_.empty() && !find(heap_.front().id)) pop();
}

std::uint64_t TimerHeap::next_ns() {
  drop_cancelled();
  return heap_.empty() ? std::numeric_limits<std::uint64_t>::max() : heap_.front().at_ns;
}

TimerHeap::Task TimerHeap::take(std::uint64_t now_ns) {
  if (next_ns() > now_ns || heap_.empty()) return {};
  const std::uint64_t id = heap_.front().id;
  const Task task = find(id)->task;
  pop();
  free(id);
  return task;
}

}  // namespace ordeal
