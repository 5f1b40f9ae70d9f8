// SPDX-License-Identifier: Apache-2.0
#include "bus/subscriber.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace ordeal {

void Room::announce() {
  // seq_cst on both sides: either the waiter sees the freed place, or we see the waiter.
  if (waiters.load() == 0) return;
  { const std::lock_guard lock(mutex); }
  freed.notify_all();
}

Subscriber::Subscriber(std::string name, std::size_t topics, std::size_t depth, bool state,
                       UniqueFd wake, std::shared_ptr<Room> room)
    : name_(std::move(name)),
      has_state_(state),
      wake_(std::move(wake)),
      room_(std::move(room)),
      counts_(topics),
      ring_(depth) {}

void Subscriber::count_dropped(std::uint32_t topic, std::uint64_t count) {
  counts_[topic].dropped.fetch_add(count, std::memory_order_relaxed);
}

void Subscriber::count_replaced(std::uint32_t topic) {
  counts_[topic].replaced.fetch_add(1, std::memory_order_relaxed);
}

DropCount Subscriber::counted(std::uint32_t topic) const {
  DropCount count;
  count.subscriber = name_;
  count.dropped = counts_[topic].dropped.load(std::memory_order_relaxed);
  count.replaced = counts_[topic].replaced.load(std::memory_order_relaxed);
  return count;
}

void Subscriber::listen(bool on) {
  const std::lock_guard lock(room_->mutex);
  listening_ = on;
  // Whoever waits for a place here need not any more.
  room_->freed.notify_all();
}

void Subscriber::deliver_reserved(std::span<const Event> events) {
  for (const Event& event : events) ring_.push(event);
  ring_.publish();
}

void Subscriber::deliver_stream(std::span<const Event> events) {
  while (!events.empty()) {
    const std::size_t places = ring_.promise(events.size());
    if (places == 0) {
      count_dropped(events.front().header.topic, events.size());
      return;
    }
    deliver_reserved(events.first(places));
    events = events.subspan(places);
  }
}

void Subscriber::deliver_state(std::span<const Event> events) {
  const std::lock_guard lock(slots_mutex_);
  for (const Event& event : events) {
    const SlotKey key{event.header.topic, event.header.key};
    const auto [slot, fresh] = slots_.try_emplace(key, event);
    if (!fresh) {
      order_.erase(slot->second.header.seq);
      slot->second = event;
      count_replaced(event.header.topic);
    } else if (slots_.size() > state_keys_max) {
      const auto oldest = order_.begin();
      count_dropped(oldest->second.first);
      slots_.erase(oldest->second);
      order_.erase(oldest);
    }
    order_.emplace(event.header.seq, key);
  }
}

void Subscriber::end() {
  ended_.store(true, std::memory_order_release);
  wake();
}

void Subscriber::wake() {
  // The load first: a subscriber that is awake costs its publishers a look and no more.
  if (signalled_.load() || signalled_.exchange(true)) return;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void Subscriber::clear_wake() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  // After the read, and as an exchange: whoever found the flag set, and so did not write, has
  // pushed before, and the caller who looks again sees it.
  signalled_.exchange(false);
}

void Subscriber::free(std::size_t count) {
  ring_.free(count);
  room_->announce();
}

bool Subscriber::take_from_ring(Event& event) {
  if (ring_.waiting() == 0) return false;
  event = ring_.at(0);
  free(1);
  return true;
}

bool Subscriber::take_one(Event& event) {
  if (!has_state_) return take_from_ring(event);
  {
    // Under the lock the publishers cannot get past a slot: what the ring then shows is complete up
    // to the first slot, and comparing the two gives the next event of the total order.
    const std::lock_guard lock(slots_mutex_);
    const bool ringed = ring_.waiting() != 0;
    if (!order_.empty() && (!ringed || order_.begin()->first < ring_.at(0).header.seq)) {
      const auto first = order_.begin();
      const auto slot = slots_.find(first->second);
      event = slot->second;
      slots_.erase(slot);
      order_.erase(first);
      return true;
    }
    if (!ringed) return false;
  }
  return take_from_ring(event);
}

bool Subscriber::next(Event& event) {
  if (take_one(event)) return true;
  clear_wake();
  return take_one(event);
}

std::size_t Subscriber::take(const std::function<void(const Event&)>& fn, std::size_t max) {
  std::size_t taken = 0;
  if (has_state_) {
    for (Event event; taken < max && take_one(event); ++taken) fn(event);
    return taken;
  }
  taken = std::min(max, ring_.waiting());
  for (std::size_t i = 0; i < taken; ++i) {
    ring_.prefetch(i);
    fn(ring_.at(i));
  }
  if (taken != 0) free(taken);
  return taken;
}

bool Subscriber::waiting() {
  if (ring_.waiting() != 0) return true;
  if (!has_state_) return false;
  const std::lock_guard lock(slots_mutex_);
  return !order_.empty();
}

bool Subscriber::wait(std::chrono::milliseconds timeout, std::chrono::microseconds linger) {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + timeout;
  const auto found = [&] {
    // The flag is set by now or will be by one publisher: those of the meantime make no call.
    if (linger.count() > 0) std::this_thread::sleep_for(linger);
    return true;
  };
  for (;;) {
    // Read before looking: what was delivered before the end must still be found.
    const bool ended = ended_.load(std::memory_order_acquire);
    if (ended) return waiting();
    if (waiting()) return found();
    clear_wake();
    if (waiting()) return found();
    if (ended_.load(std::memory_order_acquire)) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now()).count();
    if (left <= 0) return false;
    pollfd readable{wake_.get(), POLLIN, 0};
    ::poll(&readable, 1, static_cast<int>(std::min<std::int64_t>(left, 1'000'000)));
  }
}

}  // namespace ordeal
