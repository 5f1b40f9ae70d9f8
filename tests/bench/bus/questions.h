// SPDX-License-Identifier: Apache-2.0
// The questions of the bus bench; each returns its figure, see the rows in main.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/contenders.h"
#include "bus/bus.h"

namespace ordeal::bench {

constexpr std::size_t rings = 4;
/// How long one measurement takes.
extern double seconds;

struct Payload {
  std::uint64_t sent_ns;
  std::uint64_t number;
};

/// Says so and lets the program end with 1.
void lost_events();
bool any_lost();

std::uint64_t now();
std::uint64_t run_ns();
std::span<const std::byte> bytes_of(const Payload& payload);
Event event_of(const Payload& payload);
Payload payload_of(const Event& event);
/// CPU of this process and of its children that were waited for, in ns.
double cpu_ns();

struct OurBus {
  OurBus(std::size_t subscribers, std::size_t depth);
  void publish(const Payload& payload) { bus->publish(0, bytes_of(payload)); }
  std::unique_ptr<Bus> bus;
  std::vector<std::shared_ptr<Subscription>> subscriptions;
};

/// Events per second: one publisher, one thread that drains four subscribers in batches. Nothing is
/// lost: the publisher keeps within what they have room for.
double our_throughput();
double queue_throughput();
/// Signals2 has no queue: four slots, called by the publisher, that copy into a ring of their own.
double signals_throughput();

/// CPU ns per event, published and drained by one thread, so that what else the machine does does
/// not count.
double our_cost();
double queue_cost();

/// p99 in us: 100,000 events a second to one subscriber that polls.
double our_latency();
double queue_latency();

/// `burst` events every `gap_ns`.
struct Pace {
  std::uint64_t burst;
  std::uint64_t gap_ns;
};
/// Publishes for the time of a measurement; returns how many.
std::uint64_t pace(Pace pace, const std::function<void(const Payload&)>& publish);

/// CPU ns per event: nobody but the publisher; four sleeping subscribers; another process.
double pace_alone(Pace how);
double our_sleepers(Pace how, std::chrono::microseconds linger);
double queue_sleepers(Pace how);
double our_cell(Pace how);
double queue_cell(Pace how);

}  // namespace ordeal::bench
