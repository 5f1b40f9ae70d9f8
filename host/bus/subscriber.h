// SPDX-License-Identifier: Apache-2.0
// The bus's side of a subscription. Internal to host/bus.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "bus/bus.h"
#include "bus/ring.h"

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
/// whichever of the two they waited in.
class Subscriber final : public Subscription {
 public:
  Subscriber(std::string name, std::size_t topics, std::size_t depth, bool state, UniqueFd wake,
             std::shared_ptr<Room> room);

  // The subscriber's thread.
  bool next(Event& event) override;
  std::size_t take(const std::function<void(const Event&)>& fn, std::size_t max) override;
  [[nodiscard]] int fd() const override { return wake_.get(); }
  bool wait(std::chrono::milliseconds timeout, std::chrono::microseconds linger) override;

  void listen(bool on) override;

  // Under the room's mutex.
  [[nodiscard]] bool listening() const { return listening_; }
  /// Promises a place in the ring to an event to come; false when there is none.
  bool reserve() { return ring_.promise(1) != 0; }
  void unreserve() { ring_.unpromise(1); }
  void deliver_reserved(std::span<const Event> events);
  void deliver_stream(std::span<const Event> events);
  void deliver_state(std::span<const Event> events);

  /// Any thread, after delivering.
  void wake();
  /// Nothing will be delivered any more.
  void end();
  void count_dropped(std::uint32_t topic, std::uint64_t count = 1);
  void count_replaced(std::uint32_t topic);
  [[nodiscard]] DropCount counted(std::uint32_t topic) const;

 private:
  struct Count {
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> replaced{0};
  };
  using SlotKey = std::pair<std::uint32_t, std::uint64_t>;  // topic, key

  bool take_one(Event& event);
  bool take_from_ring(Event& event);
  void free(std::size_t count);
  [[nodiscard]] bool waiting();
  void clear_wake();

  const std::string name_;
  const bool has_state_;
  const UniqueFd wake_;
  const std::shared_ptr<Room> room_;
  std::vector<Count> counts_;  // by topic

  EventRing ring_;
  bool listening_ = true;  // under the room's mutex
  alignas(64) std::atomic<bool> signalled_{false};
  std::atomic<bool> ended_{false};

  std::mutex slots_mutex_;
  std::map<SlotKey, Event> slots_;
  std::map<std::uint64_t, SlotKey> order_;  // seq of each slot
};

}  // namespace ordeal
