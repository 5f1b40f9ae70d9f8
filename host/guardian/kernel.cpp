// SPDX-License-Identifier: Apache-2.0
#include "guardian/kernel.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace ordeal {

namespace {

constexpr unsigned close_range_cloexec = 1u << 2;

std::uint64_t read_clock(clockid_t id) noexcept {
  timespec t{};
  ::clock_gettime(id, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(t.tv_nsec);
}

/// Kernels before 5.9 have no close_range.
template <typename Action>
void each_from(unsigned first, Action action) noexcept {
  const long limit = ::sysconf(_SC_OPEN_MAX);
  for (unsigned fd = first; fd < static_cast<unsigned>(limit > 0 ? limit : 1024); ++fd)
    action(static_cast<int>(fd));
}

}  // namespace

std::uint64_t monotonic_ns() noexcept { return read_clock(CLOCK_MONOTONIC); }
std::uint64_t boottime_ns() noexcept { return read_clock(CLOCK_BOOTTIME); }
std::uint64_t wall_ns() noexcept { return read_clock(CLOCK_REALTIME); }

void sleep_ns(std::uint64_t ns) noexcept {
  const timespec t{static_cast<time_t>(ns / 1'000'000'000u),
                   static_cast<long>(ns % 1'000'000'000u)};
  ::nanosleep(&t, nullptr);
}

pid_t clone_process(std::uint64_t namespaces, int* pidfd) noexcept {
  clone_args args;
  std::memset(&args, 0, sizeof args);
  int fd = -1;
  args.flags = namespaces | (pidfd != nullptr ? CLONE_PIDFD : 0);
  args.pidfd = reinterpret_cast<std::uint64_t>(&fd);
  args.exit_signal = SIGCHLD;
  long pid = ::syscall(SYS_clone3, &args, sizeof args);
  // Older seccomp profiles answer ENOSYS to clone3, whose arguments they cannot look into.
  if (pid < 0 && errno == ENOSYS)
    pid = ::syscall(SYS_clone, args.flags | SIGCHLD, nullptr, &fd, nullptr, nullptr);
  if (pid > 0 && pidfd != nullptr) *pidfd = fd;
  return static_cast<pid_t>(pid);
}

void close_from(unsigned first) noexcept {
  if (::syscall(SYS_close_range, first, ~0u, 0u) != 0)
    each_from(first, [](int fd) { ::close(fd); });
}

void close_from_on_exec(unsigned first) noexcept {
  if (::syscall(SYS_close_range, first, ~0u, close_range_cloexec) != 0)
    each_from(first, [](int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); });
}

void reset_signals() noexcept {
  for (int s = 1; s < NSIG; ++s) ::signal(s, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

int write_small_file(const char* path, const char* text) noexcept {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const auto size = std::strlen(text);
  const ssize_t n = ::write(fd, text, size);
  const int error = n == static_cast<ssize_t>(size) ? 0 : errno;
  ::close(fd);
  return error;
}

}  // namespace ordeal
