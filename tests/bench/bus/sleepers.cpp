// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <atomic>
#include <thread>

#include "bench/bus/questions.h"

namespace ordeal::bench {

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

}  // namespace ordeal::bench
