// SPDX-License-Identifier: Apache-2.0
// What publishers call: each kind of overflow in its own way.
#include <algorithm>
#include <cstring>

#include "bus/bus_impl.h"

namespace ordeal {

void BusImpl::fill(Event& event, std::uint32_t topic, const Outgoing& content, std::uint64_t now,
                   std::uint32_t source, std::uint32_t generation) const {
  event.header.size = static_cast<std::uint16_t>(content.payload.size());
  event.header.bodied = content.body ? 1 : 0;
  event.header.topic = topic;
  event.header.revision = topics_[topic].revision;
  event.header.node = node_;
  event.header.source = source;
  event.header.generation = generation;
  event.header.mono_ns = now;
  event.header.key = content.key;
  if (!content.payload.empty())
    std::memcpy(event.payload, content.payload.data(), content.payload.size());
  if (event.body || content.body) event.body = content.body;
}

bool BusImpl::publish(std::uint32_t topic, std::span<const std::byte> payload, EventBody body,
                      std::uint32_t source, std::uint32_t generation, std::uint64_t key) {
  const Outgoing event{payload, std::move(body), key};
  return publish_batch(topic, std::span(&event, 1), source, generation) == 1;
}

std::size_t BusImpl::publish_batch(std::uint32_t topic, std::span<const Outgoing> events,
                                   std::uint32_t source, std::uint32_t generation) {
  if (topic >= topics_.size()) return 0;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events[i].payload.size() > event_payload_max) events = events.first(i);
  if (events.empty()) return 0;
  const std::uint64_t now = clock_.monotonic_ns();
  std::size_t accepted = 0;
  Lock lock(room_->mutex);
  if (started_ && topics_[topic].overflow != Overflow::control) {
    while (accepted < events.size() && !closing_) {
      const auto part = events.subspan(accepted, std::min(block_.size(), events.size() - accepted));
      for (std::size_t i = 0; i < part.size(); ++i)
        fill(block_[i], topic, part[i], now, source, generation);
      dispatch(Events(block_).first(part.size()));
      for (std::size_t i = 0; i < part.size(); ++i)
        if (block_[i].header.bodied != 0) block_[i].body.reset();
      accepted += part.size();
    }
  } else {
    // Not in the block: others may publish while a control event waits.
    for (Event event; accepted < events.size() && !closing_; ++accepted) {
      fill(event, topic, events[accepted], now, source, generation);
      if (!publish_one(lock, event)) break;
    }
  }
  const bool dispatched = started_;
  lock.unlock();
  if (dispatched) wake(topic);
  return accepted;
}

Accepted BusImpl::try_publish(std::uint32_t topic, const Outgoing& content, std::uint32_t source,
                              std::uint32_t generation) {
  if (topic >= topics_.size() || content.payload.size() > event_payload_max) return Accepted::no;
  if (topics_[topic].overflow != Overflow::control)
    return publish_batch(topic, std::span(&content, 1), source, generation) == 1 ? Accepted::yes
                                                                                 : Accepted::no;
  Event event;
  fill(event, topic, content, clock_.monotonic_ns(), source, generation);
  Lock lock(room_->mutex);
  if (closing_ || closed_topics_[topic]) return Accepted::no;
  if (!accept_control(event)) return Accepted::full;
  const bool dispatched = started_;
  lock.unlock();
  if (dispatched) wake(topic);
  return Accepted::yes;
}

bool BusImpl::publish_one(Lock& lock, Event& event) {
  switch (topics_[event.header.topic].overflow) {
    case Overflow::control:
      return publish_control(lock, event);
    case Overflow::state:
      return publish_state(lock, event);
    case Overflow::stream:
      return publish_stream(event);
  }
  return false;
}

void BusImpl::accept(Events events) {
  if (started_) {
    dispatch(events);
  } else {
    ingress_.insert(ingress_.end(), events.begin(), events.end());
  }
}

bool BusImpl::reserve_everywhere(std::uint32_t topic) {
  const auto& listeners = listeners_[topic];
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    if (!listeners[i]->listening() || listeners[i]->reserve()) continue;
    while (i-- > 0)
      if (listeners[i]->listening()) listeners[i]->unreserve();
    return false;
  }
  return true;
}

bool BusImpl::accept_control(Event& event) {
  if (full() || !reserve_everywhere(event.header.topic)) return false;
  accept({&event, 1});
  return true;
}

bool BusImpl::publish_control(Lock& lock, Event& event) {
  const std::uint32_t topic = event.header.topic;
  if (closed_topics_[topic]) return false;
  if (accept_control(event)) return true;
  const auto end = std::chrono::steady_clock::now() + deadline_;
  const Waiting waiting(*room_);
  if (started_) wake(topic);  // by those of this batch that were accepted
  for (;;) {
    // Closing is no loss: whoever closes knows that nothing follows.
    if (closing_ || closed_topics_[topic]) return false;
    if (accept_control(event)) return true;
    if (std::chrono::steady_clock::now() >= end) {
      fail(topic);
      return false;
    }
    room_->freed.wait_until(lock, end);
  }
}

void BusImpl::fail(std::uint32_t topic) {
  bool blamed = false;
  for (auto* listener : listeners_[topic]) {
    if (!listener->listening()) continue;
    if (listener->reserve()) {
      listener->unreserve();
    } else {
      listener->count_dropped(topic);
      blamed = true;
    }
  }
  if (!blamed)
    for (auto* listener : listeners_[topic])
      if (listener->listening()) listener->count_dropped(topic);
  closed_topics_[topic] = true;
  failed_.store(true, std::memory_order_release);
  room_->freed.notify_all();
}

void BusImpl::give_up(std::uint32_t topic) {
  const Lock lock(room_->mutex);
  if (topic < topics_.size() && topics_[topic].overflow == Overflow::control &&
      !closed_topics_[topic])
    fail(topic);
}

void BusImpl::replace_waiting(const Event& event) {
  const auto older = std::find_if(ingress_.begin(), ingress_.end(), [&](const Event& waiting) {
    return waiting.header.topic == event.header.topic && waiting.header.key == event.header.key;
  });
  if (older == ingress_.end()) return;
  ingress_.erase(older);
  for (auto* listener : listeners_[event.header.topic])
    listener->count_replaced(event.header.topic);
}

bool BusImpl::publish_state(Lock& lock, Event& event) {
  if (full()) replace_waiting(event);
  if (full()) {
    const Waiting waiting(*room_);
    const auto end = std::chrono::steady_clock::now() + deadline_;
    room_->freed.wait_until(lock, end, [&] { return closing_ || !full(); });
    if (closing_) return false;
    if (full()) return publish_stream(event);
  }
  accept({&event, 1});
  return true;
}

bool BusImpl::publish_stream(Event& event) {
  if (full()) {
    for (auto* listener : listeners_[event.header.topic])
      listener->count_dropped(event.header.topic);
    return true;
  }
  accept({&event, 1});
  return true;
}

}  // namespace ordeal
