// SPDX-License-Identifier: Apache-2.0
// One producer's and one consumer's ring of events. Internal to host/bus.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bus/bus.h"

namespace ordeal {

/// Slots are written in place and shown in place. The producer promises places before it pushes, so
/// that a push never finds the ring full; both sides keep to cache lines of their own.
class EventRing {
 public:
  explicit EventRing(std::size_t depth)
      : depth_(depth),
        mask_(std::bit_ceil(depth) - 1),
        slots_(std::make_unique<Event[]>(mask_ + 1)) {}

  // The producer. One at a time: calls are ordered by a mutex.
  /// Promises up to `wanted` places; returns how many there were.
  std::size_t promise(std::size_t wanted) {
    if (depth_ - (promised_ - freed_seen_) < wanted) freed_seen_ = freed_.load();
    const auto free = static_cast<std::size_t>(depth_ - (promised_ - freed_seen_));
    const std::size_t given = wanted < free ? wanted : free;
    promised_ += given;
    return given;
  }
  /// Gives promised places back.
  void unpromise(std::size_t count) { promised_ -= count; }
  /// Writes into a promised place, whose last body is gone; shown to the consumer by publish().
  void push(const Event& event) {
    // The slot was read by the other core: fetching the lines of several at a time hides most of
    // it.
    __builtin_prefetch(&slots_[(written_ + ahead) & mask_], 1);
    Event& slot = slots_[written_++ & mask_];
    slot.copy_plain(event);
    if (event.header.bodied != 0) slot.body = event.body;
  }
  void publish() { tail_.store(written_); }

  // The consumer.
  [[nodiscard]] std::size_t waiting() const {
    return static_cast<std::size_t>(tail_.load() - head_);
  }
  /// For whoever takes one event after another.
  void prefetch(std::size_t index) const {
    __builtin_prefetch(&slots_[(head_ + index + ahead) & mask_]);
  }
  [[nodiscard]] Event& at(std::size_t index) { return slots_[(head_ + index) & mask_]; }
  /// Gives the first `count` places back.
  void free(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      if (Event& event = at(i); event.header.bodied != 0) event.body.reset();
    head_ += count;
    freed_.store(head_);
  }

 private:
  static constexpr std::size_t ahead = 8;

  const std::uint64_t depth_;
  const std::uint64_t mask_;
  const std::unique_ptr<Event[]> slots_;
  // Sequentially consistent, here and with the flags of Subscriber and Room: whoever sleeps has
  // looked after saying so, and whoever changes these looks for sleepers afterwards.
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  alignas(64) std::uint64_t written_ = 0;
  std::uint64_t promised_ = 0;
  std::uint64_t freed_seen_ = 0;
  alignas(64) std::atomic<std::uint64_t> freed_{0};
  alignas(64) std::uint64_t head_ = 0;
};

}  // namespace ordeal
