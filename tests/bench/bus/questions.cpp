// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <thread>

#include "base/clock.h"
#include "bench/bus/questions.h"

namespace ordeal::bench {

double seconds = 1;

namespace {
const SystemClock real_clock;
bool lost = false;
}  // namespace

bool any_lost() { return lost; }

void lost_events() {
  std::printf("LOST EVENTS\n");
  lost = true;
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

OurBus::OurBus(std::size_t subscribers, std::size_t depth) {
  bus = Bus::make({{"stream/1", Overflow::stream, 1}}, real_clock);
  for (std::size_t i = 0; i < subscribers; ++i)
    subscriptions.push_back(*bus->subscribe("s" + std::to_string(i), {"stream/1"}, depth));
  bus->start();
}

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

}  // namespace ordeal::bench
