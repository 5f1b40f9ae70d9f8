// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ordeal {

/// An epoll descriptor that can wait for nanoseconds: by epoll_pwait2, or on kernels before 5.11 by
/// a timerfd of its own. One thread.
///
/// Not io_uring: measured beside a bare epoll loop on Linux 6.18 (64 connections, HTTP/1.1, medians
/// of 15), polls through it cost 1.5 % more CPU time per request, and giving it all sends and
/// receives, for which plugins would need another contract than descriptors, saved 1 %. Containers
/// commonly forbid it besides. To measure again: tests/bench/bare_uring_http.cpp.
class Poller {
 public:
  /// The most that wait() gives at once.
  static constexpr int batch = 256;

  /// `with_pwait2` false forces the older way, for tests. Error: internal (errno).
  static Result<Poller> make(bool with_pwait2 = true);

  /// As epoll_ctl; returns 0 or an errno.
  int add(int fd, std::uint32_t events, std::uint64_t data);
  int change(int fd, std::uint32_t events, std::uint64_t data);
  int remove(int fd);

  /// Waits at most `timeout_ns` (UINT64_MAX: for ever). The span lives until the next call; it is
  /// empty after a timeout or a signal.
  std::span<const epoll_event> wait(std::uint64_t timeout_ns);
  /// Its descriptor was closed by somebody else: nothing will ever be ready.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  int wait_with_timerfd(std::uint64_t timeout_ns);

  static constexpr std::uint64_t own_data = UINT64_MAX;
  UniqueFd epoll_;
  UniqueFd timerfd_;
  bool pwait2_ = true;
  bool broken_ = false;
  epoll_event events_[batch];
};

}  // namespace ordeal
