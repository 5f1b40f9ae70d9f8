// SPDX-License-Identifier: Apache-2.0
// The inside of Bus, shared by bus.cpp and bus_publish.cpp.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "bus/bus.h"
#include "bus/subscriber.h"

namespace ordeal {

class BusImpl final : public Bus {
 public:
  BusImpl(std::vector<TopicSpec> topics, const Clock& clock, std::size_t ingress,
          std::chrono::milliseconds deadline, std::uint32_t node)
      : topics_(std::move(topics)),
        clock_(clock),
        capacity_(std::max<std::size_t>(ingress, 1)),
        deadline_(deadline),
        node_(node),
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

}  // namespace ordeal
