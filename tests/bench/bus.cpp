// SPDX-License-Identifier: Apache-2.0
// The bus beside Boost.Signals2 and a mutex with a deque, in interleaved pairs; medians are
// printed.
//   bus [--pairs N] [--seconds S] [--rows TEXT]
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/signals2/signal.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "bench/contenders.h"
#include "bus/bus.h"
#include "campaign/topic_hub.h"

using namespace ordeal;
using ordeal::bench::PlainQueue;

namespace {

constexpr std::size_t rings = 4;
const SystemClock real_clock;
double seconds = 1;

struct Payload {
  std::uint64_t sent_ns;
  std::uint64_t number;
};

bool any_lost = false;

void lost_events() {
  std::printf("LOST EVENTS\n");
  any_lost = true;
}

std::uint64_t now() { return real_clock.monotonic_ns(); }
std::uint64_t run_ns() { return static_cast<std::uint64_t>(seconds * 1e9); }

std::span<const std::byte> bytes_of(const Payload& payload) {
  return std::as_bytes(std::span(&payload, 1));
}

Event event_of(const Payload& payload) {
  Event event;
  event.header.size = sizeof payload;
  event.header.mono_ns = payload.sent_ns;
  std::memcpy(event.payload, &payload, sizeof payload);
  return event;
}

Payload payload_of(const Event& event) {
  Payload payload;
  std::memcpy(&payload, event.payload, sizeof payload);
  return payload;
}

/// CPU of this process and of its children that were waited for, in ns.
double cpu_ns() {
  double total = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    for (const timeval& t : {usage.ru_utime, usage.ru_stime})
      total += static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
  }
  return total;
}

struct OurBus {
  explicit OurBus(std::size_t subscribers, std::size_t depth) {
    bus = Bus::make({{"stream/1", Overflow::stream, 1}}, real_clock);
    for (std::size_t i = 0; i < subscribers; ++i)
      subscriptions.push_back(*bus->subscribe("s" + std::to_string(i), {"stream/1"}, depth));
    bus->start();
  }
  void publish(const Payload& payload) { bus->publish(0, bytes_of(payload)); }
  std::unique_ptr<Bus> bus;
  std::vector<std::shared_ptr<Subscription>> subscriptions;
};

// Throughput: one publisher, one thread that drains four subscribers in batches. Nothing is lost:
// the publisher keeps within what they have room for.

constexpr std::uint64_t room = 8192;

/// `publish(first number, how many)`, `drain()` returns how many events the slowest has had so far.
double throughput(const std::function<void(std::uint64_t, std::uint64_t)>& publish,
                  const std::function<std::uint64_t()>& drain) {
  std::atomic<std::uint64_t> drained{0};
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> published{0};
  std::thread reader([&] {
    // In batches: a reader that looks all the time takes the lines from the publisher's core.
    while (!over.load() || drained.load() < published.load()) {
      drained.store(drain());
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  const std::uint64_t start = now();
  std::uint64_t count = 0;
  while (now() - start < run_ns()) {
    for (int i = 0; i < 16; ++i) {
      while (count + 32 - drained.load(std::memory_order_acquire) > room) std::this_thread::yield();
      publish(count, 32);
      count += 32;
    }
  }
  published = count;
  over = true;
  reader.join();
  return static_cast<double>(count) / (static_cast<double>(now() - start) / 1e9);
}

double our_throughput() {
  OurBus ours(rings, room);
  std::array<Payload, 32> payloads{};
  std::vector<Outgoing> batch(32);
  for (std::size_t i = 0; i < 32; ++i) batch[i].payload = bytes_of(payloads[i]);
  std::array<std::uint64_t, rings> had{};
  std::uint64_t sum = 0;
  const std::function<void(const Event&)> look = [&](const Event& e) { sum += e.header.seq; };
  const double rate = throughput(
      [&](std::uint64_t first, std::uint64_t) {
        for (std::uint64_t i = 0; i < 32; ++i) payloads[i].number = first + i;
        ours.bus->publish_batch(0, batch);
      },
      [&] {
        for (std::size_t i = 0; i < rings; ++i) had[i] += ours.subscriptions[i]->take(look, 8192);
        return *std::min_element(had.begin(), had.end());
      });
  if (!ours.bus->drops().empty() || sum == 0) lost_events();
  return rate;
}

double queue_throughput() {
  std::array<PlainQueue, rings> queues;
  std::array<std::uint64_t, rings> had{};
  std::uint64_t sum = 0;
  return throughput(
      [&](std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
          const Event event = event_of({0, first + i});
          for (auto& queue : queues) queue.push(event);
        }
      },
      [&] {
        for (std::size_t i = 0; i < rings; ++i)
          for (const Event& event : queues[i].take_all()) sum += event.header.seq, ++had[i];
        return *std::min_element(had.begin(), had.end());
      });
}

/// Signals2 has no queue: four slots, called by the publisher, that copy into a ring of their own.
double signals_throughput() {
  boost::signals2::signal<void(const Event&)> signal;
  std::array<std::vector<Event>, rings> kept;
  std::array<std::uint64_t, rings> had{};
  for (std::size_t i = 0; i < rings; ++i) {
    kept[i].resize(room);
    signal.connect([&, i](const Event& event) { kept[i][had[i]++ % room] = event; });
  }
  const std::uint64_t start = now();
  std::uint64_t count = 0;
  while (now() - start < run_ns())
    for (int i = 0; i < 256; ++i) signal(event_of({0, count++}));
  return static_cast<double>(count) / (static_cast<double>(now() - start) / 1e9);
}

// What one event costs: published and drained by one thread, so that what else the machine does
// does not count.

double cpu_of_thread() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

double our_cost() {
  OurBus ours(rings, 256);
  std::array<Payload, 32> payloads{};
  std::vector<Outgoing> batch(32);
  for (std::size_t i = 0; i < 32; ++i) batch[i].payload = bytes_of(payloads[i]);
  std::uint64_t sum = 0, count = 0;
  const std::function<void(const Event&)> look = [&](const Event& e) { sum += e.header.seq; };
  const double before = cpu_of_thread();
  for (const std::uint64_t end = now() + run_ns(); now() < end;)
    for (int i = 0; i < 256; ++i, count += 32) {
      ours.bus->publish_batch(0, batch);
      for (const auto& subscription : ours.subscriptions) subscription->take(look, 8192);
    }
  if (sum == 0) lost_events();
  return (cpu_of_thread() - before) / static_cast<double>(count);
}

double queue_cost() {
  std::array<PlainQueue, rings> queues;
  std::uint64_t sum = 0, count = 0;
  const double before = cpu_of_thread();
  for (const std::uint64_t end = now() + run_ns(); now() < end;)
    for (int i = 0; i < 256; ++i) {
      for (int n = 0; n < 32; ++n) {
        const Event event = event_of({0, count++});
        for (auto& queue : queues) queue.push(event);
      }
      for (auto& queue : queues)
        for (const Event& event : queue.take_all()) sum += event.header.size;
    }
  if (sum == 0) lost_events();
  return (cpu_of_thread() - before) / static_cast<double>(count);
}

// Latency: 100,000 events a second to one subscriber that polls.

double latency_p99(const std::function<void(const Payload&)>& publish,
                   const std::function<void(const std::function<void(const Payload&)>&)>& poll) {
  constexpr std::uint64_t gap_ns = 10'000;
  const std::uint64_t count = run_ns() / gap_ns;
  std::vector<std::uint64_t> waits;
  waits.reserve(count);
  std::thread reader([&] {
    const std::function<void(const Payload&)> look = [&](const Payload& payload) {
      waits.push_back(now() - payload.sent_ns);
    };
    while (waits.size() < count) poll(look);
  });
  const std::uint64_t start = now();
  for (std::uint64_t i = 0; i < count; ++i) {
    while (now() < start + i * gap_ns) continue;
    publish({now(), i});
  }
  reader.join();
  std::sort(waits.begin(), waits.end());
  return static_cast<double>(waits[waits.size() * 99 / 100]) / 1e3;
}

double our_latency() {
  OurBus ours(1, 65536);
  return latency_p99([&](const Payload& payload) { ours.publish(payload); },
                     [&](const std::function<void(const Payload&)>& look) {
                       ours.subscriptions[0]->take(
                           [&](const Event& event) { look(payload_of(event)); }, 256);
                     });
}

double queue_latency() {
  PlainQueue queue;
  return latency_p99([&](const Payload& payload) { queue.push(event_of(payload)); },
                     [&](const std::function<void(const Payload&)>& look) {
                       if (Event event; queue.try_pop(event)) look(payload_of(event));
                     });
}

// CPU: subscribers that sleep, and cells. `burst` events every `gap_ns`.

struct Pace {
  std::uint64_t burst;
  std::uint64_t gap_ns;
};

/// Publishes for the time of a measurement; returns how many.
std::uint64_t pace(Pace pace, const std::function<void(const Payload&)>& publish) {
  std::uint64_t count = 0;
  for (const std::uint64_t end = now() + run_ns(); now() < end;) {
    for (std::uint64_t i = 0; i < pace.burst; ++i) publish({now(), count++});
    std::this_thread::sleep_for(std::chrono::nanoseconds(pace.gap_ns));
  }
  return count;
}

double pace_alone(Pace how) {
  const double before = cpu_ns();
  std::uint64_t sum = 0;
  const std::uint64_t count = pace(how, [&](const Payload& payload) { sum += payload.number; });
  return (cpu_ns() - before) / static_cast<double>(count);
}

double our_sleepers(Pace how, std::chrono::microseconds linger) {
  OurBus ours(rings, 4096);
  std::atomic<std::uint64_t> had{0};
  std::vector<std::thread> readers;
  const double before = cpu_ns();
  for (const auto& subscription : ours.subscriptions)
    readers.emplace_back([&, subscription] {
      while (subscription->wait(std::chrono::seconds(1), linger)) {
        had += subscription->take([](const Event&) {}, 4096);
      }
    });
  const std::uint64_t count = pace(how, [&](const Payload& payload) { ours.publish(payload); });
  ours.bus->close();
  for (auto& reader : readers) reader.join();
  if (had != count * rings) lost_events();
  return (cpu_ns() - before) / static_cast<double>(count);
}

double queue_sleepers(Pace how) {
  std::array<PlainQueue, rings> queues;
  std::vector<std::thread> readers;
  const double before = cpu_ns();
  for (auto& queue : queues)
    readers.emplace_back([&] {
      for (Event event; queue.pop(event, std::chrono::seconds(1)) && event.header.bodied == 0;)
        continue;
    });
  const std::uint64_t count = pace(how, [&](const Payload& payload) {
    const Event event = event_of(payload);
    for (auto& queue : queues) queue.push(event);
  });
  Event last;
  last.header.size = 0;
  last.header.bodied = 1;
  for (auto& queue : queues) queue.push(last);
  for (auto& reader : readers) reader.join();
  return (cpu_ns() - before) / static_cast<double>(count);
}

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

constexpr double per_million = 1e-6;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Row {
  std::function<double()> apart;  // what is not the contenders'; may be empty
  const char* what;
  const char* unit;
  double scale;
  std::vector<std::pair<const char*, std::function<double()>>> contenders;
};

}  // namespace

int main(int argc, char** argv) {
  int pairs = 5;
  const char* wanted = "";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rows") == 0) wanted = argv[i + 1];
    if (std::strcmp(argv[i], "--pairs") == 0) pairs = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
  }
  if (pairs < 1 || !(seconds > 0)) {
    std::fprintf(stderr, "usage: bus [--pairs N] [--seconds S] [--rows TEXT]\n");
    return 2;
  }
  using std::chrono::microseconds;
  const Pace bursts{20, 5'000'000};
  const Pace trickle{1, 500'000};
  const std::vector<Row> rows{
      {{},
       "to four subscribers, drained in batches by one thread",
       "million events/s",
       per_million,
       {{"bus", our_throughput},
        {"mutex+deque", queue_throughput},
        {"Signals2 (same thread, no queue)", signals_throughput}}},
      {{},
       "CPU, to four subscribers, published and drained by one thread in batches of 32",
       "ns/event",
       1,
       {{"bus", our_cost}, {"mutex+deque", queue_cost}}},
      {{},
       "p99 from publish to readable, 100,000/s, one polling subscriber",
       "us",
       1,
       {{"bus", our_latency}, {"mutex+deque", queue_latency}}},
      {[=] { return pace_alone(trickle); },
       "CPU, four sleeping subscribers, one event every 0.5 ms",
       "us/event",
       1e-3,
       {{"bus, lingering 10 ms", [=] { return our_sleepers(trickle, microseconds(10000)); }},
        {"bus, woken for each", [=] { return our_sleepers(trickle, microseconds(0)); }},
        {"mutex+deque", [=] { return queue_sleepers(trickle); }}}},
      {[=] { return pace_alone(bursts); },
       "CPU, four sleeping subscribers, 20 events every 5 ms",
       "us/event",
       1e-3,
       {{"bus, lingering 10 ms", [=] { return our_sleepers(bursts, microseconds(10000)); }},
        {"bus, woken for each", [=] { return our_sleepers(bursts, microseconds(0)); }},
        {"mutex+deque", [=] { return queue_sleepers(bursts); }}}},
      {[=] { return pace_alone(bursts); },
       "CPU, to a cell, 20 events every 5 ms",
       "us/event",
       1e-3,
       {{"bus and hub", [=] { return our_cell(bursts); }},
        {"mutex+deque, a message each", [=] { return queue_cell(bursts); }}}},
      {[=] { return pace_alone(trickle); },
       "CPU, to a cell, one event every 0.5 ms",
       "us/event",
       1e-3,
       {{"bus and hub", [=] { return our_cell(trickle); }},
        {"mutex+deque, a message each", [=] { return queue_cell(trickle); }}}},
  };
  for (const Row& row : rows) {
    if (std::strstr(row.what, wanted) == nullptr) continue;
    std::vector<std::vector<double>> figures(row.contenders.size());
    const double apart = row.apart ? row.apart() : 0;
    for (int pair = 0; pair < pairs; ++pair)
      for (std::size_t i = 0; i < row.contenders.size(); ++i)
        figures[i].push_back(row.contenders[i].second() - apart);
    std::printf("%s [%s], median of %d (best)\n", row.what, row.unit, pairs);
    const double ours = median(figures[0]);
    const bool more_is_better = row.scale == per_million;
    for (std::size_t i = 0; i < row.contenders.size(); ++i) {
      const auto [least, most] = std::minmax_element(figures[i].begin(), figures[i].end());
      std::printf("  %-34s %10.3f (%.3f)   first/this %.2f\n", row.contenders[i].first,
                  median(figures[i]) * row.scale, (more_is_better ? *most : *least) * row.scale,
                  ours / median(figures[i]));
    }
    std::fflush(stdout);
  }
  return any_lost ? 1 : 0;
}
