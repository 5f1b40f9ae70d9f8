// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "ordeal/abi/reactor.h"

namespace ordeal {

/// epoll, timers and posted tasks on one thread. Everything but post() and stop() is for that
/// thread. The C callbacks are the fast path (no allocation per event); they serve plugins and
/// engine alike.
class Reactor {
 public:
  static Result<std::unique_ptr<Reactor>> make();
  virtual ~Reactor() = default;

  /// As the functions of ordeal_host_reactor. Return ORDEAL_OK or ORDEAL_E_*.
  virtual std::int32_t watch(int fd, std::uint32_t events, ordeal_io_fn fn, void* user,
                             std::uint64_t* watch) = 0;
  virtual std::int32_t rewatch(std::uint64_t watch, std::uint32_t events) = 0;
  virtual std::int32_t unwatch(std::uint64_t watch) = 0;
  virtual std::int32_t timer(std::uint64_t at_ns, ordeal_task_fn fn, void* user,
                             std::uint64_t* timer) = 0;
  virtual std::int32_t cancel_timer(std::uint64_t timer) = 0;
  virtual std::int32_t post(ordeal_task_fn fn, void* user) = 0;

  /// Calls fn once the present callback has returned (before the next one, and before any waiting).
  /// What fn defers in turn runs after the next callback, or once the reactor has looked at its
  /// descriptors again. Unlike post() this costs no system call; for the reactor's thread only.
  virtual void defer(ordeal_task_fn fn, void* user) = 0;
  /// Forgets everything deferred with this `user`.
  virtual void cancel_deferred(void* user) = 0;

  /// Runs until stop(), or until a plugin has closed the descriptor it waits with. Nanosecond
  /// timers: epoll_pwait2 where the kernel has it, and awake a little before each (WakeLead).
  virtual void run() = 0;
  /// Runs what is ready, waiting at most `timeout_ns`. For tests and nested use.
  virtual void run_once(std::uint64_t timeout_ns) = 0;
  /// Makes run() return after the callback in progress. Any thread.
  virtual void stop() = 0;
  /// Callbacks that took over 100 ms since the last call.
  virtual std::uint64_t take_overruns() = 0;
  /// How long what was ready may have waited for this thread to come to it, since the last call.
  /// A stretch lasts from one look at the descriptors to the next that found fewer ready ones than
  /// it can take at once. Read from the coarse clock: exact to a few ms.
  struct LoopUse {
    std::uint64_t late_ns = 0;  // stretches over generator_limits::receive_lag_ns, added up
    std::uint64_t longest_ns = 0;
    /// Spent looking for what may come in the last moment before a timer, when nothing did.
    std::uint64_t lookout_ns = 0;
  };
  virtual LoopUse take_loop_use() = 0;
};

}  // namespace ordeal
