// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ctime>

#include "engine/thread_usage.h"

namespace ordeal::check {

/// How long the thread took or slept, without the time it waited for a processor: a busy machine
/// must not fail a plugin. For the one thread that runs the case.
class Stopwatch {
 public:
  void start() {
    started_delay_ns_ = delay_ns();
    started_ns_ = now_ns();
  }
  /// Nanoseconds since start().
  [[nodiscard]] std::uint64_t stop() const {
    const std::uint64_t wall = now_ns() - started_ns_;
    const std::uint64_t delay = delay_ns() - started_delay_ns_;
    return wall > delay ? wall - delay : 0;
  }
  static std::uint64_t now_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(t.tv_nsec);
  }

 private:
  /// One descriptor for all of them, so that none comes and goes with an instance.
  static std::uint64_t delay_ns() {
    static ThreadUsage usage;
    static std::uint64_t total = 0;
    total += usage.take().run_delay_ns;
    return total;
  }

  std::uint64_t started_ns_ = 0;
  std::uint64_t started_delay_ns_ = 0;
};

}  // namespace ordeal::check
