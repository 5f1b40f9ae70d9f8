// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/clock.h"
#include "bench/bus/questions.h"
#include "campaign/topic_hub.h"

namespace ordeal::bench {

namespace {

const SystemClock real_clock;

/// The other process: takes events and, as a cell does, says how many it has dealt with.
pid_t fork_cell(Channel channel, bool answers) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (answers) {
    static_cast<void>(channel.receive_for(1000));  // create
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(1);
    out.u32(0);
    static_cast<void>(channel.send(static_cast<std::uint16_t>(CellMessage::subscribed), bytes));
    bytes.clear();
    out.u32(1);
    out.text("");
    put(out, Declared{});
    static_cast<void>(channel.send(static_cast<std::uint16_t>(CellMessage::created), bytes));
  }
  for (;;) {
    auto message = channel.receive_for(1000);
    if (!message || (message->has_value() &&
                     (*message)->type == static_cast<std::uint16_t>(CellMessage::shutdown)))
      ::_exit(0);
    if (!message->has_value()) continue;
    Decoder in((*message)->payload);
    in.u32();
    const std::uint32_t n = in.u32();
    for (std::uint32_t i = 0; i < n && in.ok(); ++i) static_cast<void>(get_topic_event(in));
    if (!answers) continue;
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(1);
    out.u32(n);
    static_cast<void>(channel.send(static_cast<std::uint16_t>(CellMessage::taken), bytes));
  }
}

}  // namespace

double our_cell(Pace how) {
  auto ends = Channel::pair();
  const double before = cpu_ns();
  const pid_t child = fork_cell(std::move(ends->second), true);
  PluginInfo reader;
  reader.subscribes.resize(1);
  reader.subscribes[0].depth = 4096;
  TopicPlan plan;
  plan.topics = {{"a.b/c", Overflow::stream, 1}};
  plan.users.push_back({"report", 0, 1, &reader, "reader", {}, {0u}});
  const auto bus = Bus::make(plan.topics, real_clock);
  Loop loop(real_clock);
  std::uint64_t count = 0;
  {
    TopicHub hub(loop, *bus, plan, 0);
    static_cast<void>(hub.subscribe());
    bus->start();
    hub.begin();
    CellLink link(loop, "cell", std::move(ends->first),
                  [&](CellLink&, CellMessage type, Decoder& in) {
                    in.u32();
                    hub.message("report", 0, type, in);
                  });
    hub.attach("report", 0, link, 1, 1);
    link.create(1, "a.plugin", "report", "r", "{}");
    std::atomic<bool> over{false};
    std::thread publisher([&] {
      count = pace(how, [&](const Payload& payload) { bus->publish(0, bytes_of(payload)); });
      over = true;
    });
    loop.run_until([&] { return over.load(); }, now() + 10 * run_ns());
    publisher.join();
    hub.settle(1'000'000'000);
    if (!hub.drops().empty()) lost_events();
    link.shutdown();
    ::waitpid(child, nullptr, 0);
  }
  return (cpu_ns() - before) / static_cast<double>(count);
}

double queue_cell(Pace how) {
  auto ends = Channel::pair();
  const double before = cpu_ns();
  const pid_t child = fork_cell(std::move(ends->second), false);
  Channel& channel = ends->first;
  PlainQueue queue;
  std::thread forwarder([&] {
    for (Event event; queue.pop(event, std::chrono::seconds(1)) && event.header.bodied == 0;) {
      std::vector<std::byte> bytes;
      Encoder out(bytes);
      out.u32(1);
      out.u32(1);
      TopicEvent one;
      one.payload = std::span(event.payload).first(event.header.size);
      put(out, one);
      static_cast<void>(channel.send(static_cast<std::uint16_t>(CellMessage::events), bytes));
    }
    static_cast<void>(channel.send(static_cast<std::uint16_t>(CellMessage::shutdown), {}));
  });
  const std::uint64_t count =
      pace(how, [&](const Payload& payload) { queue.push(event_of(payload)); });
  Event last;
  last.header.size = 0;
  last.header.bodied = 1;
  queue.push(last);
  forwarder.join();
  ::waitpid(child, nullptr, 0);
  return (cpu_ns() - before) / static_cast<double>(count);
}

}  // namespace ordeal::bench
