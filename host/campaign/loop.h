// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "base/clock.h"

namespace ordeal {

/// poll(2) with handlers and periodic tasks, for programs that read as straight-line code: start
/// something, then run_until() it has happened. One thread. Handlers may add and remove freely.
class Loop {
 public:
  using Handler = std::function<void(short events)>;
  using Task = std::function<void()>;
  using Id = std::uint64_t;

  explicit Loop(const Clock& clock) : clock_(clock) {}

  /// Watches `fd` (borrowed) for poll events.
  Id watch(int fd, short events, Handler handler);
  void change(Id id, short events);
  /// Calls `task` every `period_ns`, first after one period. Late calls are not made up for.
  Id every(std::uint64_t period_ns, Task task);
  void remove(Id id);

  /// Serves everything until `done` (checked after every round) or `deadline_ns` of
  /// CLOCK_MONOTONIC. Returns what `done` said last.
  bool run_until(const std::function<bool()>& done, std::uint64_t deadline_ns);

  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] std::uint64_t now() const { return clock_.monotonic_ns(); }

 private:
  struct Watch {
    int fd;
    short events;
    Handler handler;
  };
  struct Periodic {
    std::uint64_t period_ns;
    std::uint64_t next_ns;
    Task task;
  };
  void round(std::uint64_t deadline_ns);

  const Clock& clock_;
  Id next_id_ = 1;
  std::map<Id, Watch> watches_;
  std::map<Id, Periodic> tasks_;
};

}  // namespace ordeal
