// SPDX-License-Identifier: Apache-2.0
// What one event costs, and how long it takes.
#include <algorithm>
#include <array>
#include <ctime>
#include <thread>

#include "bench/bus/questions.h"

namespace ordeal::bench {

namespace {

double cpu_of_thread() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

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

}  // namespace

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

}  // namespace ordeal::bench
