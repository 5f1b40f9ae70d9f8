// SPDX-License-Identifier: Apache-2.0
// The event bus of the controller: typed topics, one total order, one SPSC ring per subscriber.
// Whoever publishes dispatches, under the bus's lock: no thread stands between publisher and rings.
// Control plane only: nothing per operation comes here.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ordeal {

inline constexpr std::size_t event_payload_max = 256;

/// What happens to an event whose subscriber is behind. A property of the topic. Whatever it is,
/// dispatching never waits, so that one slow subscriber delays no other.
enum class Overflow : std::uint32_t {
  control,  // lossless: the publisher blocks up to its deadline, then the bus fails closed
  state,    // the newest per key replaces the older one that waits; takes no place in the ring
  stream,   // the newest is dropped and counted
};

/// State values of different keys that may wait for one subscriber; beyond, the oldest is dropped.
inline constexpr std::size_t state_keys_max = 4096;

struct TopicSpec {
  std::string name;  // "interval/1"
  Overflow overflow = Overflow::stream;
  std::uint32_t revision = 1;
};

/// Larger content, shared by all subscribers and immutable.
using EventBody = std::shared_ptr<const std::vector<std::byte>>;

/// Fixed-size and copyable with memcpy. `node` names the clock domain of mono_ns (machine + boot
/// id).
struct EventHeader {
  std::uint16_t size = 0;    // of the payload
  std::uint16_t bodied = 0;  // 1: there is a body
  std::uint32_t topic = 0;
  std::uint32_t revision = 1;
  std::uint32_t node = 0;
  std::uint32_t source = 0;
  std::uint32_t generation = 0;
  std::uint64_t seq = 0;  // set by the bus: the total order
  std::uint64_t mono_ns = 0;
  std::uint64_t key = 0;  // of a state topic
};

/// A whole number of cache lines: of a small event without a body only the first is ever touched.
/// Copying takes over the used part of the payload only.
struct alignas(64) Event {
  Event() = default;
  Event(const Event& other) { *this = other; }
  Event& operator=(const Event& other);
  /// Header and payload, not the body.
  void copy_plain(const Event& other) {
    header = other.header;
    // What the controller itself sends fits the first cache line; a fixed size needs no call.
    std::memcpy(payload, other.payload, header.size <= 16 ? 16 : header.size);
  }

  EventHeader header;
  std::byte payload[event_payload_max];
  EventBody body;
};

/// What publish_batch() takes: one event's content. The payload is borrowed for the call.
struct Outgoing {
  std::span<const std::byte> payload;
  EventBody body = {};
  std::uint64_t key = 0;
};

/// What try_publish() came to.
enum class Accepted : std::uint32_t {
  yes,
  full,  // a control topic, and somebody's ring has no place at present
  no,    // as when publish() answers false
};

/// What was lost, and where.
struct DropCount {
  std::string topic;
  std::string subscriber;
  std::uint64_t dropped = 0;   // on a control topic: by the subscribers whose ring was full
  std::uint64_t replaced = 0;  // state topics: older values overtaken by newer ones
};

/// One subscriber's end. Its functions belong to one thread, the subscriber's. May outlive the bus.
class Subscription {
 public:
  virtual ~Subscription() = default;
  /// Takes the next event in the bus's order, or returns false. Never blocks.
  virtual bool next(Event& event) = 0;
  /// Shows `fn` up to `max` events in the bus's order, in place, and takes them; returns how many
  /// there were. Their places are free again when it returns. Never blocks and makes no system
  /// call: for whoever polls. Finding nothing here does not clear the descriptor.
  virtual std::size_t take(const std::function<void(const Event&)>& fn, std::size_t max) = 0;
  /// While off, what is published is not for this subscriber: neither kept nor counted as dropped.
  /// On at first; changed after Bus::start() only, from any thread.
  virtual void listen(bool on) = 0;
  /// Becomes readable when events wait, and once when the bus closes (eventfd). Cleared by calling
  /// next() until it returns false. Ours: only poll it.
  [[nodiscard]] virtual int fd() const = 0;
  /// Waits for an event, without taking it. False: timed out, or the bus is closed and drained.
  /// `linger`: once there is one, sleeps that long for others to gather, so that a steady trickle
  /// costs one wake-up each `linger` and not one each event.
  virtual bool wait(std::chrono::milliseconds timeout,
                    std::chrono::microseconds linger = std::chrono::microseconds(0)) = 0;
};

class Bus {
 public:
  /// Topics are fixed before start(). `ingress` bounds the events that wait for start(). The
  /// clock is borrowed for the life of the bus; `deadline` is how long a publisher may block, in
  /// real time.
  static std::unique_ptr<Bus> make(
      std::vector<TopicSpec> topics, const Clock& clock, std::size_t ingress = 1024,
      std::chrono::milliseconds deadline = std::chrono::milliseconds(2000));
  virtual ~Bus() = default;

  /// Number of a topic by name, or -1.
  [[nodiscard]] virtual int topic(std::string_view name) const = 0;

  /// Before start() only. `depth` is the ring's capacity. Error: internal, unknown topic, already
  /// started, or no descriptor left.
  virtual Result<std::shared_ptr<Subscription>> subscribe(const std::string& subscriber,
                                                          const std::vector<std::string>& topics,
                                                          std::size_t depth = 256) = 0;
  /// Dispatches what has been published; from then on publishing dispatches.
  virtual void start() = 0;

  /// Any thread. Header fields other than topic, source, generation and key are filled in. Events
  /// of one thread keep their order. A control topic blocks while rings are full (so do not publish
  /// on one from a subscriber's thread that also drains it). True: accepted, and on a control topic
  /// sure to reach every ring. False: the deadline passed and the topic has failed closed (it then
  /// takes no event any more), or the bus is closed, or there is no such topic, or the payload is
  /// too large.
  virtual bool publish(std::uint32_t topic, std::span<const std::byte> payload, EventBody body = {},
                       std::uint32_t source = 0, std::uint32_t generation = 0,
                       std::uint64_t key = 0) = 0;

  /// As publish() for each of `events`, in their order and with nobody else's in between, for one
  /// lock, one look at the clock and one wake-up. Returns how many were accepted: on a control
  /// topic those before the first that was not.
  virtual std::size_t publish_batch(std::uint32_t topic, std::span<const Outgoing> events,
                                    std::uint32_t source = 0, std::uint32_t generation = 0) = 0;
  /// As publish(), but never blocks: for a thread that drains subscriptions as well. After `full`
  /// the caller tries again, keeps the deadline itself and ends with give_up().
  virtual Accepted try_publish(std::uint32_t topic, const Outgoing& event, std::uint32_t source = 0,
                               std::uint32_t generation = 0) = 0;
  /// Says that an event of a control topic is lost: that topic fails closed, and the subscribers
  /// whose rings are full are to blame.
  virtual void give_up(std::uint32_t topic) = 0;

  /// A control event was lost: the run must fail. Only its own topic is closed.
  [[nodiscard]] virtual bool failed() const = 0;
  [[nodiscard]] virtual std::vector<DropCount> drops() const = 0;
  /// Dispatches what was published, then takes nothing more. Subscribers can drain afterwards.
  virtual void close() = 0;
};

/// Orders that overtake the bus: an atomic and an eventfd. Any thread may order; level only rises.
class StopFlag {
 public:
  enum class Level : std::uint32_t { run = 0, stop = 1, abort = 2 };
  StopFlag();
  ~StopFlag();
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;
  void order(Level level);
  [[nodiscard]] Level level() const { return level_.load(std::memory_order_acquire); }
  /// Readable from the first order on.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  std::atomic<Level> level_{Level::run};
  int fd_ = -1;
};

}  // namespace ordeal
