// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>

#include "base/files.h"
#include "bus/subscriber.h"

namespace ordeal {

namespace {

/// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv) of what tells one clock domain from another.
std::uint32_t clock_domain() {
  std::uint32_t hash = 2166136261u;
  for (const char c : hostname() + '\n' + boot_id()) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16777619u;
  }
  return hash;
}

class BusImpl final : public Bus {
 public:
  BusImpl(std::vector<TopicSpec> topics, const Clock& clock, std::size_t ingress,
          std::chrono::milliseconds deadline)
      : topics_(std::move(topics)),
        clock_(clock),
        capacity_(std::max<std::size_t>(ingress, 1)),
        deadline_(deadline),
        node_(clock_domain()),
        listeners_(topics_.size()),
        closed_topics_(topics_.size(), false) {}
  BusImpl(const BusImpl&) = delete;
  BusImpl& operator=(const BusImpl&) = delete;
  ~BusImpl() override { close(); }

  [[nodiscard]] int topic(std::string_view name) const override;
  Result<std::shared_ptr<Subscription>> subscribe(const std::string& subscriber,
                                                  const std::vector<std::string>& topics,
                                                  std::size_t depth) override;
  void start() override;
  bool publish(std::uint32_t topic, std::span<const std::byte> payload, EventBody body,
               std::uint32_t source, std::uint32_t generation, std::uint64_t key) override;
  std::size_t publish_batch(std::uint32_t topic, std::span<const Outgoing> events,
                            std::uint32_t source, std::uint32_t generation) override;
  Accepted try_publish(std::uint32_t topic, const Outgoing& event, std::uint32_t source,
                       std::uint32_t generation) override;
  void give_up(std::uint32_t topic) override;
  [[nodiscard]] bool failed() const override { return failed_.load(std::memory_order_acquire); }
  [[nodiscard]] std::vector<DropCount> drops() const override;
  void close() override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Events = std::span<Event>;

  void fill(Event& event, std::uint32_t topic, const Outgoing& content, std::uint64_t now,
            std::uint32_t source, std::uint32_t generation) const;
  bool publish_control(Lock& lock, Event& event);
  bool publish_state(Lock& lock, Event& event);
  bool publish_stream(Event& event);
  bool publish_one(Lock& lock, Event& event);
  void accept(Events events);
  bool accept_control(Event& event);
  void replace_waiting(const Event& event);
  bool reserve_everywhere(std::uint32_t topic);
  void fail(std::uint32_t topic);
  void dispatch(Events events);
  void dispatch_waiting();
  void wake(std::uint32_t topic);
  [[nodiscard]] bool full() const { return !started_ && ingress_.size() >= capacity_; }

  const std::vector<TopicSpec> topics_;
  const Clock& clock_;
  const std::size_t capacity_;
  const std::chrono::milliseconds deadline_;
  const std::uint32_t node_;
  // Fixed by start().
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
  std::vector<std::vector<Subscriber*>> listeners_;  // by topic

  const std::shared_ptr<Room> room_ = std::make_shared<Room>();
  // Under room_->mutex.
  std::deque<Event> ingress_;  // what waits for start()
  bool started_ = false;
  bool closing_ = false;
  std::vector<bool> closed_topics_;  // control topics that have lost an event
  std::uint64_t seq_ = 0;
  std::array<Event, 32> block_;  // what is being dispatched; bodies are dropped right after

  std::atomic<bool> failed_{false};
  std::mutex closing_mutex_;  // one close() at a time
  bool closed_ = false;
};

int BusImpl::topic(std::string_view name) const {
  const auto found = std::find_if(topics_.begin(), topics_.end(),
                                  [&](const TopicSpec& spec) { return spec.name == name; });
  return found == topics_.end() ? -1 : static_cast<int>(found - topics_.begin());
}

Result<std::shared_ptr<Subscription>> BusImpl::subscribe(const std::string& subscriber,
                                                         const std::vector<std::string>& topics,
                                                         std::size_t depth) {
  Error error;
  if (started_ || closed_) {
    error.what = "subscribing '" + subscriber + "' after the bus has started";
    return error;
  }
  std::vector<std::size_t> numbers;
  bool state = false;
  for (const auto& name : topics) {
    const int number = topic(name);
    if (number < 0) {
      error.what = "subscriber '" + subscriber + "' wants the unknown topic '" + name + "'";
      return error;
    }
    const auto index = static_cast<std::size_t>(number);
    if (std::find(numbers.begin(), numbers.end(), index) == numbers.end()) numbers.push_back(index);
    state = state || topics_[index].overflow == Overflow::state;
  }
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return errno_error(ExitCode::internal, "making an eventfd", errno);
  auto made = std::make_shared<Subscriber>(
      subscriber, topics_.size(), std::max<std::size_t>(depth, 1), state, std::move(wake), room_);
  subscribers_.push_back(made);
  for (const auto number : numbers) listeners_[number].push_back(made.get());
  return std::shared_ptr<Subscription>(std::move(made));
}

void BusImpl::start() {
  const Lock lock(room_->mutex);
  if (started_ || closing_) return;
  dispatch_waiting();
  started_ = true;
}

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

void BusImpl::dispatch(Events events) {
  const std::uint32_t topic = events.front().header.topic;
  for (Event& event : events) event.header.seq = ++seq_;
  for (auto* listener : listeners_[topic]) {
    if (!listener->listening()) continue;
    switch (topics_[topic].overflow) {
      case Overflow::control:
        listener->deliver_reserved(events);
        break;
      case Overflow::state:
        listener->deliver_state(events);
        break;
      case Overflow::stream:
        listener->deliver_stream(events);
        break;
    }
  }
}

void BusImpl::dispatch_waiting() {
  for (Event& event : ingress_) {
    dispatch({&event, 1});
    wake(event.header.topic);
  }
  ingress_.clear();
  room_->freed.notify_all();
}

void BusImpl::wake(std::uint32_t topic) {
  for (auto* listener : listeners_[topic]) listener->wake();
}

std::vector<DropCount> BusImpl::drops() const {
  std::vector<DropCount> counts;
  for (std::uint32_t topic = 0; topic < topics_.size(); ++topic) {
    for (const auto* listener : listeners_[topic]) {
      auto count = listener->counted(topic);
      if (count.dropped == 0 && count.replaced == 0) continue;
      count.topic = topics_[topic].name;
      counts.push_back(std::move(count));
    }
  }
  return counts;
}

void BusImpl::close() {
  const std::lock_guard closing(closing_mutex_);
  if (closed_) return;
  closed_ = true;
  {
    const Lock lock(room_->mutex);
    closing_ = true;
    if (!started_) dispatch_waiting();
  }
  room_->freed.notify_all();
  for (const auto& subscriber : subscribers_) subscriber->end();
}

}  // namespace

Event& Event::operator=(const Event& other) {
  if (this == &other) return *this;
  copy_plain(other);
  if (body || other.header.bodied != 0) body = other.body;
  return *this;
}

std::unique_ptr<Bus> Bus::make(std::vector<TopicSpec> topics, const Clock& clock,
                               std::size_t ingress, std::chrono::milliseconds deadline) {
  return std::make_unique<BusImpl>(std::move(topics), clock, ingress, deadline);
}

}  // namespace ordeal
