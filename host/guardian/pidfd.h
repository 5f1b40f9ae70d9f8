// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace ordeal {

/// A close-on-exec descriptor of a process; -1 and errno.
inline int open_pidfd(pid_t pid) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

/// 0, or -1 and errno.
inline int signal_pidfd(int pidfd, int signal) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

/// Whether the process has ended (or is a zombie); waits up to `timeout_ms` for it.
inline bool pidfd_ended(int pidfd, int timeout_ms = 0) noexcept {
  pollfd p{pidfd, POLLIN, 0};
  return ::poll(&p, 1, timeout_ms) == 1 && (p.revents & (POLLIN | POLLHUP)) != 0;
}

}  // namespace ordeal
