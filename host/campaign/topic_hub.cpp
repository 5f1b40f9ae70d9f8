// SPDX-License-Identifier: Apache-2.0
#include "campaign/topic_hub.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "ordeal/abi/bus.h"

namespace ordeal {

namespace {

constexpr std::uint64_t ms = 1'000'000;
/// Events gather so long before they go to a cell, in one message.
constexpr std::uint64_t gather_ns = 20 * ms;
/// How long a control event may find no place: as long as a publisher inside the controller waits.
constexpr std::uint64_t control_deadline_ns = 2'000 * ms;
/// More than an instance may publish within that deadline.
constexpr std::size_t pending_max = 512;

}  // namespace

TopicHub::TopicHub(Loop& loop, Bus& bus, const TopicPlan& plan, std::uint32_t first_topic)
    : loop_(loop), bus_(bus), plan_(plan), first_topic_(first_topic) {
  for (const TopicUser& user : plan.users) {
    auto endpoint = std::make_unique<Endpoint>();
    endpoint->user = &user;
    endpoints_.push_back(std::move(endpoint));
  }
  if (!endpoints_.empty()) ticker_ = loop_.every(20 * ms, [this] { tick(); });
}

TopicHub::~TopicHub() {
  loop_.remove(ticker_);
  for (const auto& endpoint : endpoints_) {
    loop_.remove(endpoint->watch);
    loop_.remove(endpoint->timer);
  }
}

Result<void> TopicHub::subscribe() {
  for (const auto& endpoint : endpoints_) {
    std::vector<std::string> topics;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < endpoint->user->subscribes.size(); ++i) {
      const auto topic = endpoint->user->subscribes[i];
      if (!topic) continue;
      topics.push_back(plan_.topics[*topic].name);
      depth += endpoint->user->plugin->subscribes[i].depth;
    }
    if (topics.empty()) continue;
    auto made = bus_.subscribe(endpoint->user->label, topics, depth);
    if (!made) return std::move(made).error();
    endpoint->events = std::move(*made);
    endpoint->watch = loop_.watch(endpoint->events->fd(), POLLIN,
                                  [this, to = endpoint.get()](short) { gather(*to); });
  }
  return {};
}

void TopicHub::begin() {
  for (const auto& endpoint : endpoints_)
    if (endpoint->events) endpoint->events->listen(false);
}

TopicHub::Endpoint* TopicHub::find(std::string_view kind, std::size_t index) {
  for (const auto& endpoint : endpoints_)
    if (endpoint->user->kind == kind && endpoint->user->index == index) return endpoint.get();
  return nullptr;
}

void TopicHub::attach(std::string_view kind, std::size_t index, CellLink& link,
                      std::uint32_t instance, std::uint32_t generation) {
  Endpoint* to = find(kind, index);
  if (to == nullptr) return;
  drop_in_flight(*to, true);
  to->expected = true;
  if (to->events) to->events->listen(true);
  to->link = &link;
  to->instance = instance;
  to->generation = generation;
  to->ready = false;
  to->window = least_window;
  to->subscribed.assign(to->user->subscribes.size(), false);
}

void TopicHub::lost(std::string_view kind, std::size_t index) {
  Endpoint* to = find(kind, index);
  if (to == nullptr) return;
  drop_in_flight(*to, true);
  to->link = nullptr;
  to->ready = false;
}

void TopicHub::gone(std::string_view kind, std::size_t index) {
  Endpoint* to = find(kind, index);
  if (to == nullptr) return;
  drop_in_flight(*to, false);
  to->expected = false;
  to->link = nullptr;
  to->ready = false;
  if (!to->events) return;
  to->events->listen(false);
  pump(*to);
}

void TopicHub::drop_in_flight(Endpoint& to, bool keep_control) {
  std::deque<Event> again;
  to.in_flight.insert(to.in_flight.end(), to.again.begin(), to.again.end());
  for (Event& event : to.in_flight) {
    const std::uint32_t topic = event.header.topic - first_topic_;
    if (keep_control && plan_.topics[topic].overflow == Overflow::control)
      again.push_back(event);
    else
      ++to.dropped[topic];
  }
  to.in_flight.clear();
  to.again = std::move(again);
}

bool TopicHub::message(std::string_view kind, std::size_t index, CellMessage type, Decoder& in) {
  if (type != CellMessage::publish && type != CellMessage::subscribed && type != CellMessage::taken)
    return false;
  Endpoint* endpoint = find(kind, index);
  if (endpoint == nullptr) return true;
  if (type == CellMessage::publish) {
    publish(*endpoint, in);
  } else if (type == CellMessage::subscribed) {
    const std::uint32_t entry = in.u32();
    if (entry < endpoint->subscribed.size()) endpoint->subscribed[entry] = true;
  } else {
    const std::size_t count = std::min<std::size_t>(in.u32(), endpoint->in_flight.size());
    endpoint->in_flight.erase(endpoint->in_flight.begin(),
                              endpoint->in_flight.begin() + static_cast<std::ptrdiff_t>(count));
    if (endpoint->in_flight.empty())
      endpoint->window = loop_.now() - endpoint->sent_ns < gather_ns
                             ? std::min(2 * endpoint->window, most_window)
                             : least_window;
    // Otherwise nothing waits, or its time has not come.
    if (endpoint->events && !endpoint->watching && endpoint->timer == 0) pump(*endpoint);
  }
  return true;
}

void TopicHub::publish(Endpoint& from, Decoder& in) {
  const std::uint32_t entry = in.u32();
  const auto payload = in.bytes();
  const auto body = in.bytes();
  if (settled_ || !in.ok() || entry >= from.user->publishes.size() ||
      payload.size() > event_payload_max || body.size() > ORDEAL_EVENT_BODY_MAX)
    return;
  Pending event{from.user->publishes[entry], {payload.begin(), payload.end()}, {}, 0};
  event.deadline_ns = loop_.now() + control_deadline_ns;
  if (!body.empty())
    event.body = std::make_shared<std::vector<std::byte>>(body.begin(), body.end());
  if (from.pending.size() >= pending_max) {
    bus_.give_up(first_topic_ + event.topic);
    return;
  }
  from.pending.push_back(std::move(event));
  retry(from);
}

/// One publisher's events keep their order: nothing overtakes a control event that waits.
bool TopicHub::retry(Endpoint& from) {
  while (!from.pending.empty()) {
    const Pending& first = from.pending.front();
    const std::uint32_t topic = first_topic_ + first.topic;
    const auto accepted = bus_.try_publish(topic, {first.payload, first.body, from.user->source},
                                           from.user->source, from.generation);
    if (accepted == Accepted::full) {
      if (loop_.now() < first.deadline_ns) return false;
      bus_.give_up(topic);
    }
    from.pending.pop_front();
  }
  return true;
}

std::size_t TopicHub::entry_of(const Endpoint& to, const Event& event) const {
  const auto& entries = to.user->subscribes;
  const auto found = std::find(entries.begin(), entries.end(), event.header.topic - first_topic_);
  return static_cast<std::size_t>(found - entries.begin());
}

void TopicHub::watch(Endpoint& to, bool on) {
  if (to.watching == on) return;
  to.watching = on;
  loop_.change(to.watch, on ? POLLIN : 0);
}

void TopicHub::gather(Endpoint& to) {
  watch(to, false);
  if (to.timer == 0) to.timer = loop_.every(gather_ns, [this, &to] { pump(to); });
}

void TopicHub::rest(Endpoint& to, bool watched) {
  loop_.remove(std::exchange(to.timer, 0));
  watch(to, watched);
}

void TopicHub::pump(Endpoint& to) {
  if (!to.expected) {
    Event event;
    while (to.events->next(event)) continue;
    rest(to, true);
    return;
  }
  // Until its cell is there; tick() looks.
  if (to.link == nullptr || !to.ready) return rest(to, false);
  const std::size_t before = to.in_flight.size();
  const auto keep = [&](const Event& event) {
    if (to.subscribed[entry_of(to, event)]) to.in_flight.push_back(event);
  };
  for (std::size_t left = to.window - std::min(to.window, before); left > 0 && !to.again.empty();
       --left) {
    keep(to.again.front());
    to.again.pop_front();
  }
  while (to.in_flight.size() < to.window &&
         to.events->take(keep, to.window - to.in_flight.size()) != 0)
    continue;
  const bool any = to.in_flight.size() > before;
  if (any) send(to, before);
  if (to.in_flight.size() >= to.window) return rest(to, false);  // until the cell has taken some
  // As long as there are some each time, the next are looked for and nobody needs to wake us.
  if (any) return gather(to);
  Event event;
  if (!to.events->next(event)) return rest(to, true);
  keep(event);
  if (to.in_flight.size() > before) send(to, before);
  gather(to);
}

void TopicHub::send(Endpoint& to, std::size_t first) {
  std::vector<TopicEvent> batch;
  for (std::size_t i = first; i < to.in_flight.size(); ++i) {
    const Event& event = to.in_flight[i];
    TopicEvent one;
    one.topic = static_cast<std::uint32_t>(entry_of(to, event));
    one.revision = event.header.revision;
    one.source = event.header.source;
    one.generation = event.header.generation;
    one.seq = event.header.seq;
    one.mono_ns = event.header.mono_ns;
    one.payload = std::span(event.payload).first(event.header.size);
    if (event.body) one.body = *event.body;
    batch.push_back(one);
  }
  to.sent_ns = loop_.now();
  to.link->events(to.instance, batch);
}

void TopicHub::tick() {
  for (const auto& endpoint : endpoints_) {
    retry(*endpoint);
    if (endpoint->link == nullptr || endpoint->ready ||
        !endpoint->link->create_answer(endpoint->instance))
      continue;
    endpoint->ready = true;
    if (endpoint->events) pump(*endpoint);
  }
}

void TopicHub::settle(std::uint64_t limit_ns) {
  if (settled_) return;
  const auto idle = [](const Endpoint& e) {
    return e.pending.empty() &&
           (!e.events || !e.expected ||
            (e.in_flight.empty() && e.again.empty() && e.watching && e.timer == 0));
  };
  settled_ = true;
  for (const auto& endpoint : endpoints_)
    if (endpoint->events) pump(*endpoint);
  loop_.run_until(
      [&] {
        return std::all_of(endpoints_.begin(), endpoints_.end(),
                           [&](const auto& endpoint) { return idle(*endpoint); });
      },
      loop_.now() + limit_ns);
  for (const auto& endpoint : endpoints_) {
    Endpoint& to = *endpoint;
    for (const Pending& pending : to.pending) bus_.give_up(first_topic_ + pending.topic);
    to.pending.clear();
    drop_in_flight(to, false);
    Event event;
    while (to.events && to.expected && to.events->next(event)) {
      const std::size_t entry = entry_of(to, event);
      if (!to.ready || to.subscribed[entry]) ++to.dropped[event.header.topic - first_topic_];
    }
    to.expected = false;
  }
}

std::vector<DropCount> TopicHub::drops() const {
  std::vector<DropCount> all = bus_.drops();
  for (const auto& endpoint : endpoints_)
    for (const auto& [topic, count] : endpoint->dropped) {
      const std::string& name = plan_.topics[topic].name;
      const auto known = std::find_if(all.begin(), all.end(), [&](const DropCount& drop) {
        return drop.topic == name && drop.subscriber == endpoint->user->label;
      });
      if (known != all.end())
        known->dropped += count;
      else
        all.push_back({name, endpoint->user->label, count, 0});
    }
  return all;
}

std::string TopicHub::failure() const {
  for (const DropCount& drop : drops())
    for (const TopicSpec& topic : plan_.topics)
      if (drop.topic == topic.name && topic.overflow == Overflow::control && drop.dropped > 0)
        return drop.topic + " to " + drop.subscriber;
  return "";
}

}  // namespace ordeal
