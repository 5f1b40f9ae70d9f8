// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/signals2/signal.hpp>
#include <thread>

#include "bench/bus/questions.h"

namespace ordeal::bench {

namespace {

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

}  // namespace

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

}  // namespace ordeal::bench
