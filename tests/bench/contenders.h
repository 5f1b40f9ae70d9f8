// SPDX-License-Identifier: Apache-2.0
// What the bus is measured beside: a mutex and a deque for each subscriber.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "bus/bus.h"

namespace ordeal::bench {

/// As one writes it when one needs a queue: whoever pushes locks and notifies.
class PlainQueue {
 public:
  void push(const Event& event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
    }
    arrived_.notify_one();
  }
  /// All that waits; empty at once when there is nothing.
  std::deque<Event> take_all() {
    std::deque<Event> taken;
    const std::lock_guard lock(mutex_);
    taken.swap(events_);
    return taken;
  }
  /// The next one, after at most `patience`.
  bool pop(Event& event, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, patience, [this] { return !events_.empty(); })) return false;
    event = events_.front();
    events_.pop_front();
    return true;
  }
  bool try_pop(Event& event) {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) return false;
    event = events_.front();
    events_.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Event> events_;
};

}  // namespace ordeal::bench
