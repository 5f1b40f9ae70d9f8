// SPDX-License-Identifier: Apache-2.0
// The bus's side of a subscription. Internal to host/bus.
#pragma once

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "bus/bus.h"

namespace ordeal {

/// Where blocked publishers wait for places, in the ingress or in a ring.
struct Room {
  std::mutex mutex;
  std::condition_variable freed;
  std::atomic<int> waiters{0};

  /// After freeing a place. Takes the mutex only when somebody waits.
  void announce();
};

/// Marks a publisher as waiting. Made under the room's mutex, before looking for a place.
class Waiting {
 public:
  explicit Waiting(Room& room) : room_(room) { room_.waiters.fetch_add(1); }
  ~Waiting() { room_.waiters.fetch_sub(1); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Room& room_;
};

/// One SPSC ring and, for state topics, one slot per key. Events leave in the order of their seq,
/// whichever of the two they waited in. `used_` counts the places of the ring that are taken or
/// promised, so that a push never finds it full.
class Subscriber final : public Subscription {
 public:
  Subscriber(std::string name, std::size_t topics, std::size_t depth, bool state, UniqueFd wake,
             std::shared_ptr<Room> room);

  // The subscriber's thread.
  bool next(Event& event) override;
  [[nodiscard]] int fd() const override { return wake_.get(); }
  bool wait(std::chrono::milliseconds timeout) override;

  /// Any thread. Promises a place in the ring to an event to come; false when there is none.
  bool reserve();
  /// Gives a promised place back. The caller holds the room's mutex.
  void unreserve() { used_.fetch_sub(1); }
  void count_dropped(std::uint32_t topic);
  void count_replaced(std::uint32_t topic);
  [[nodiscard]] DropCount counted(std::uint32_t topic) const;

  // The dispatcher's thread.
  void deliver_reserved(const Event& event);
  void deliver_stream(const Event& event);
  void deliver_state(const Event& event);
  /// Nothing will be delivered any more.
  void end();

 private:
  struct Count {
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> replaced{0};
  };
  using SlotKey = std::pair<std::uint32_t, std::uint64_t>;  // topic, key

  bool take(Event& event);
  bool take_from_ring(Event& event);
  [[nodiscard]] bool waiting();
  void wake();
  void clear_wake();

  const std::string name_;
  const std::size_t depth_;
  const bool has_state_;
  const UniqueFd wake_;
  const std::shared_ptr<Room> room_;
  std::vector<Count> counts_;  // by topic

  boost::lockfree::spsc_queue<Event> ring_;
  std::atomic<std::size_t> used_{0};
  std::atomic<bool> signalled_{false};
  std::atomic<bool> ended_{false};

  std::mutex slots_mutex_;
  std::map<SlotKey, Event> slots_;
  std::map<std::uint64_t, SlotKey> order_;  // seq of each slot
};

}  // namespace ordeal
