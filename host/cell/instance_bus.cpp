// SPDX-License-Identifier: Apache-2.0
#include "cell/instance_bus.h"

#include <algorithm>

#include "cell/host_instance.h"

namespace ordeal {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
/// Acknowledged together: the host sends more when half of what it may send is dealt with.
constexpr std::uint32_t taken_together = 16;
/// How long a turn of the reactor may go on with the next event: what is posted costs system calls,
/// and other work of this thread waits meanwhile.
constexpr std::uint64_t turn_ns = 200'000;

InstanceBus& bus_of(const ordeal_host* host) {
  return *static_cast<HostInstance*>(host->self)->bus();
}

std::int32_t bus_publish(const ordeal_host* host, ordeal_str topic, const void* payload,
                         std::uint32_t size, ordeal_str body) noexcept {
  return bus_of(host).publish(view(topic), payload, size, view(body));
}

std::int32_t bus_subscribe(const ordeal_host* host, ordeal_str topic, ordeal_event_fn fn,
                           void* user) noexcept {
  return bus_of(host).subscribe(view(topic), fn, user);
}

std::span<const std::byte> bytes_of(const void* data, std::size_t size) {
  return {static_cast<const std::byte*>(data), size};
}

}  // namespace

const ordeal_host_bus bus_table{sizeof(ordeal_host_bus), 0, bus_publish, bus_subscribe};

InstanceBus::InstanceBus(HostInstance& host, std::uint32_t instance, PluginTopics topics,
                         SendFn send)
    : host_(host),
      instance_(instance),
      topics_(std::move(topics)),
      send_(std::move(send)),
      subscriptions_(topics_.subscribes.size()) {}

std::int32_t InstanceBus::not_declared(std::string_view topic, const char* does, const char* list) {
  if (undeclared_.empty())
    undeclared_ = std::string("it ") + does + " topic '" + std::string(topic) +
                  "', which its manifest does not declare in topics." + list;
  return ORDEAL_E_NOT_FOUND;
}

bool InstanceBus::too_fast() {
  const std::uint64_t now = host_.clock().monotonic_ns();
  std::uint64_t& oldest = times_[next_time_];
  if (oldest != 0 && now - oldest < second_ns) {
    ++refused_;
    return true;
  }
  oldest = std::max<std::uint64_t>(now, 1);
  next_time_ = (next_time_ + 1) % times_.size();
  return false;
}

std::int32_t InstanceBus::publish(std::string_view topic, const void* payload, std::uint32_t size,
                                  std::string_view body) {
  if (host_.closed()) return ORDEAL_E_STATE;
  const auto found = std::find(topics_.publishes.begin(), topics_.publishes.end(), topic);
  if (found == topics_.publishes.end()) return not_declared(topic, "publishes on", "publishes");
  if (payload == nullptr && size != 0) return ORDEAL_E_INVALID;
  if (size > ORDEAL_EVENT_PAYLOAD_MAX || body.size() > ORDEAL_EVENT_BODY_MAX || too_fast())
    return ORDEAL_E_LIMIT;
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance_);
  out.u32(static_cast<std::uint32_t>(found - topics_.publishes.begin()));
  out.bytes(bytes_of(payload, size));
  out.bytes(bytes_of(body.data(), body.size()));
  send_(CellMessage::publish, bytes);
  return ORDEAL_OK;
}

std::int32_t InstanceBus::subscribe(std::string_view topic, ordeal_event_fn fn, void* user) {
  if (host_.closed()) return ORDEAL_E_STATE;
  const auto found = std::find(topics_.subscribes.begin(), topics_.subscribes.end(), topic);
  if (found == topics_.subscribes.end()) return not_declared(topic, "subscribes to", "subscribes");
  if (fn == nullptr) return ORDEAL_E_INVALID;
  const auto index = static_cast<std::size_t>(found - topics_.subscribes.begin());
  if (subscriptions_[index].fn != nullptr) return ORDEAL_E_STATE;
  subscriptions_[index] = {fn, user};
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance_);
  out.u32(static_cast<std::uint32_t>(index));
  send_(CellMessage::subscribed, bytes);
  return ORDEAL_OK;
}

void InstanceBus::deliver(Decoder& in) {
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    const TopicEvent event = get_topic_event(in);
    if (!in.ok()) break;
    Waiting waiting;
    waiting.payload.assign(event.payload.begin(), event.payload.end());
    waiting.body.assign(event.body.begin(), event.body.end());
    ordeal_event& theirs = waiting.event;
    theirs = {};
    theirs.struct_size = sizeof theirs;
    theirs.topic = event.topic;
    theirs.revision = event.revision;
    theirs.source = event.source;
    theirs.generation = event.generation;
    theirs.payload_size = static_cast<std::uint32_t>(event.payload.size());
    theirs.seq = event.seq;
    theirs.mono_ns = event.mono_ns;
    waiting_.push_back(std::move(waiting));
  }
  turn();
}

void InstanceBus::turn() {
  while (!waiting_.empty() && !posted_) {
    posted_ =
        host_.post(
            [](void* self) noexcept {
              auto& bus = *static_cast<InstanceBus*>(self);
              bus.posted_ = false;
              const std::uint64_t start = bus.host_.clock().monotonic_ns();
              do {
                bus.call_next();
              } while (!bus.waiting_.empty() && bus.host_.clock().monotonic_ns() - start < turn_ns);
              bus.turn();
            },
            this) == ORDEAL_OK;
    if (posted_) return;
    // No room among the posted tasks, or the instance is over.
    if (host_.closed()) return;
    call_next();
  }
}

void InstanceBus::call_next() {
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  if (next.event.topic < subscriptions_.size()) {
    const Subscription to = subscriptions_[next.event.topic];
    next.event.payload = next.payload.data();
    next.event.body = {reinterpret_cast<const char*>(next.body.data()), next.body.size()};
    if (to.fn != nullptr) to.fn(to.user, &next.event);
  }
  ++taken_;
  if (waiting_.empty() || taken_ >= taken_together) report_taken();
}

void InstanceBus::report_taken() {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance_);
  out.u32(std::exchange(taken_, 0));
  send_(CellMessage::taken, bytes);
}

}  // namespace ordeal
