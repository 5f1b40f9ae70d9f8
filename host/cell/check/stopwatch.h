// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ctime>

#include "engine/thread_usage.h"

namespace ordeal::check {

/// How long this thread took or slept, without the time it waited for a processor: a busy machine
/// must not fail a plugin. One thread.
class Stopwatch {
 public:
  void start() {
    usage_.restart();
    started_ = now_ns();
  }
  /// Nanoseconds since start().
  [[nodiscard]] std::uint64_t stop() {
    const std::uint64_t wall = now_ns() - started_;
    const std::uint64_t delay = usage_.take().run_delay_ns;
    return wall > delay ? wall - delay : 0;
  }
  static std::uint64_t now_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(t.tv_nsec);
  }

 private:
  ThreadUsage usage_;
  std::uint64_t started_ = 0;
};

}  // namespace ordeal::check
