// SPDX-License-Identifier: Apache-2.0
#include "engine/poller.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>

namespace ordeal {

namespace {

timespec to_timespec(std::uint64_t ns) {
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

Result<Poller> Poller::make(bool with_pwait2) {
  Poller poller;
  poller.epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!poller.epoll_) return errno_error(ExitCode::internal, "epoll_create1", errno);
  const timespec none{};
  poller.pwait2_ =
      with_pwait2 && (::epoll_pwait2(poller.epoll_.get(), poller.events_, 1, &none, nullptr) == 0 ||
                      errno != ENOSYS);
  if (!poller.pwait2_) {
    poller.timerfd_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!poller.timerfd_) return errno_error(ExitCode::internal, "timerfd_create", errno);
    if (const int error = poller.add(poller.timerfd_.get(), EPOLLIN, own_data); error != 0)
      return errno_error(ExitCode::internal, "epoll_ctl", error);
  }
  return poller;
}

int Poller::add(int fd, std::uint32_t events, std::uint64_t data) {
  epoll_event event{events, {.u64 = data}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

int Poller::change(int fd, std::uint32_t events, std::uint64_t data) {
  epoll_event event{events, {.u64 = data}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : errno;
}

int Poller::remove(int fd) {
  epoll_event event{};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &event) == 0 ? 0 : errno;
}

std::span<const epoll_event> Poller::wait(std::uint64_t timeout_ns) {
  int count = 0;
  if (timeout_ns == 0) {
    count = ::epoll_wait(epoll_.get(), events_, batch, 0);
  } else if (pwait2_) {
    const timespec limit = to_timespec(timeout_ns);
    count = ::epoll_pwait2(epoll_.get(), events_, batch,
                           timeout_ns == UINT64_MAX ? nullptr : &limit, nullptr);
  } else {
    count = wait_with_timerfd(timeout_ns);
  }
  if (count < 0 && errno == EBADF) broken_ = true;
  return {events_, static_cast<std::size_t>(std::max(count, 0))};
}

int Poller::wait_with_timerfd(std::uint64_t timeout_ns) {
  itimerspec limit{};  // all zero disarms
  if (timeout_ns != UINT64_MAX) limit.it_value = to_timespec(timeout_ns);
  ::timerfd_settime(timerfd_.get(), 0, &limit, nullptr);
  const int count = ::epoll_wait(epoll_.get(), events_, batch, -1);
  const auto end = std::remove_if(events_, events_ + std::max(count, 0),
                                  [](const epoll_event& e) { return e.data.u64 == own_data; });
  return static_cast<int>(end - events_);
}

}  // namespace ordeal
