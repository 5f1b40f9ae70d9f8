// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.h"
#include "bus/bus_impl.h"

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

}  // namespace

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

Event& Event::operator=(const Event& other) {
  if (this == &other) return *this;
  copy_plain(other);
  if (body || other.header.bodied != 0) body = other.body;
  return *this;
}

std::unique_ptr<Bus> Bus::make(std::vector<TopicSpec> topics, const Clock& clock,
                               std::size_t ingress, std::chrono::milliseconds deadline) {
  return std::make_unique<BusImpl>(std::move(topics), clock, ingress, deadline, clock_domain());
}

}  // namespace ordeal
