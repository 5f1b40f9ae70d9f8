// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

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
        listeners_(topics_.size()) {}
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
  [[nodiscard]] bool failed() const override { return failed_.load(std::memory_order_acquire); }
  [[nodiscard]] std::vector<DropCount> drops() const override;
  void close() override;

 private:
  using Lock = std::unique_lock<std::mutex>;

  bool publish_control(Lock& lock, Event event);
  bool publish_state(Lock& lock, Event event);
  bool publish_stream(Event event);
  void accept(Event event);
  bool accept_control(Event& event);
  void replace_waiting(const Event& event);
  bool reserve_everywhere(std::uint32_t topic);
  void fail(std::uint32_t topic);
  void run();
  void dispatch(Event& event);
  [[nodiscard]] bool full() const { return ingress_.size() >= capacity_; }

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
  std::deque<Event> ingress_;
  std::condition_variable arrived_;
  bool closing_ = false;

  std::uint64_t seq_ = 0;  // the dispatcher's
  std::atomic<bool> failed_{false};
  std::mutex closing_mutex_;  // one close() at a time
  bool closed_ = false;
  std::thread dispatcher_;
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
  if (dispatcher_.joinable() || closed_) {
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
  if (dispatcher_.joinable() || closed_) return;
  dispatcher_ = std::thread([this] { run(); });
}

bool BusImpl::publish(std::uint32_t topic, std::span<const std::byte> payload, EventBody body,
                      std::uint32_t source, std::uint32_t generation, std::uint64_t key) {
  if (topic >= topics_.size() || payload.size() > event_payload_max) return false;
  Event event;
  event.header.size = static_cast<std::uint32_t>(payload.size());
  event.header.topic = topic;
  event.header.revision = topics_[topic].revision;
  event.header.node = node_;
  event.header.source = source;
  event.header.generation = generation;
  event.header.mono_ns = clock_.monotonic_ns();
  event.header.key = key;
  if (!payload.empty()) std::memcpy(event.payload, payload.data(), payload.size());
  event.body = std::move(body);

  Lock lock(room_->mutex);
  if (closing_) return false;
  switch (topics_[topic].overflow) {
    case Overflow::control:
      return publish_control(lock, std::move(event));
    case Overflow::state:
      return publish_state(lock, std::move(event));
    case Overflow::stream:
      return publish_stream(std::move(event));
  }
  return false;
}

void BusImpl::accept(Event event) {
  ingress_.push_back(std::move(event));
  if (ingress_.size() == 1) arrived_.notify_one();
}

bool BusImpl::reserve_everywhere(std::uint32_t topic) {
  const auto& listeners = listeners_[topic];
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    if (listeners[i]->reserve()) continue;
    while (i-- > 0) listeners[i]->unreserve();
    return false;
  }
  return true;
}

bool BusImpl::accept_control(Event& event) {
  if (full() || !reserve_everywhere(event.header.topic)) return false;
  accept(std::move(event));
  return true;
}

bool BusImpl::publish_control(Lock& lock, Event event) {
  if (failed()) return false;
  if (accept_control(event)) return true;
  const auto end = std::chrono::steady_clock::now() + deadline_;
  const Waiting waiting(*room_);
  for (;;) {
    // Closing is no loss: whoever closes knows that nothing follows.
    if (closing_ || failed()) return false;
    if (accept_control(event)) return true;
    if (std::chrono::steady_clock::now() >= end) {
      fail(event.header.topic);
      return false;
    }
    room_->freed.wait_until(lock, end);
  }
}

void BusImpl::fail(std::uint32_t topic) {
  bool blamed = false;
  for (auto* listener : listeners_[topic]) {
    if (listener->reserve()) {
      listener->unreserve();
    } else {
      listener->count_dropped(topic);
      blamed = true;
    }
  }
  if (!blamed)
    for (auto* listener : listeners_[topic]) listener->count_dropped(topic);
  failed_.store(true, std::memory_order_release);
  room_->freed.notify_all();
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

bool BusImpl::publish_state(Lock& lock, Event event) {
  if (full()) replace_waiting(event);
  if (full()) {
    const Waiting waiting(*room_);
    const auto end = std::chrono::steady_clock::now() + deadline_;
    room_->freed.wait_until(lock, end, [&] { return closing_ || !full(); });
    if (closing_) return false;
    if (full()) return publish_stream(std::move(event));
  }
  accept(std::move(event));
  return true;
}

bool BusImpl::publish_stream(Event event) {
  if (full()) {
    for (auto* listener : listeners_[event.header.topic])
      listener->count_dropped(event.header.topic);
    return true;
  }
  accept(std::move(event));
  return true;
}

void BusImpl::dispatch(Event& event) {
  event.header.seq = ++seq_;
  for (auto* listener : listeners_[event.header.topic]) {
    switch (topics_[event.header.topic].overflow) {
      case Overflow::control:
        listener->deliver_reserved(event);
        break;
      case Overflow::state:
        listener->deliver_state(event);
        break;
      case Overflow::stream:
        listener->deliver_stream(event);
        break;
    }
  }
}

void BusImpl::run() {
  std::deque<Event> batch;
  for (;;) {
    {
      Lock lock(room_->mutex);
      arrived_.wait(lock, [&] { return closing_ || !ingress_.empty(); });
      if (ingress_.empty()) return;
      batch.swap(ingress_);
    }
    room_->announce();
    for (auto& event : batch) dispatch(event);
    batch.clear();
  }
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
  }
  arrived_.notify_all();
  room_->freed.notify_all();
  if (dispatcher_.joinable()) {
    dispatcher_.join();
  } else {
    run();  // never started: deliver here what was published
  }
  for (const auto& subscriber : subscribers_) subscriber->end();
}

}  // namespace

std::unique_ptr<Bus> Bus::make(std::vector<TopicSpec> topics, const Clock& clock,
                               std::size_t ingress, std::chrono::milliseconds deadline) {
  return std::make_unique<BusImpl>(std::move(topics), clock, ingress, deadline);
}

}  // namespace ordeal
