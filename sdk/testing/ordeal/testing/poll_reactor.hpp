// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "fake_clock.hpp"
#include "ordeal/abi/reactor.h"

namespace ordeal::testing {

/// A real reactor over poll(2): small, not fast. Everything but post() is for one thread. With a
/// frozen clock the timers follow that clock; descriptors are always real.
class PollReactor {
 public:
  explicit PollReactor(const FakeClock& clock) : clock_(clock) {
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_ < 0) throw std::runtime_error("eventfd failed");
  }
  ~PollReactor() { ::close(wake_); }
  PollReactor(const PollReactor&) = delete;
  PollReactor& operator=(const PollReactor&) = delete;

  /// As the functions of ordeal_host_reactor.
  std::int32_t watch(int fd, std::uint32_t events, ordeal_io_fn fn, void* user, std::uint64_t* id) {
    if (fn == nullptr || id == nullptr || ::fcntl(fd, F_GETFD) < 0) return ORDEAL_E_INVALID;
    for (const auto& [other, watch] : watches_) {
      if (watch.fd == fd) return ORDEAL_E_STATE;
    }
    *id = next_id_++;
    watches_[*id] = Watch{fd, events, fn, user};
    return ORDEAL_OK;
  }
  std::int32_t rewatch(std::uint64_t id, std::uint32_t events) {
    const auto it = watches_.find(id);
    if (it == watches_.end()) return ORDEAL_E_NOT_FOUND;
    it->second.events = events;
    return ORDEAL_OK;
  }
  std::int32_t unwatch(std::uint64_t id) {
    return watches_.erase(id) == 1 ? ORDEAL_OK : ORDEAL_E_NOT_FOUND;
  }
  std::int32_t timer(std::uint64_t at_ns, ordeal_task_fn fn, void* user, std::uint64_t* id) {
    if (fn == nullptr || id == nullptr) return ORDEAL_E_INVALID;
    *id = next_id_++;
    timers_[{at_ns, *id}] = Task{fn, user};
    return ORDEAL_OK;
  }
  std::int32_t cancel_timer(std::uint64_t id) {
    const auto it = std::find_if(timers_.begin(), timers_.end(),
                                 [&](const auto& entry) { return entry.first.second == id; });
    if (it == timers_.end()) return ORDEAL_E_NOT_FOUND;
    timers_.erase(it);
    return ORDEAL_OK;
  }
  /// [any]
  std::int32_t post(ordeal_task_fn fn, void* user) {
    if (fn == nullptr) return ORDEAL_E_INVALID;
    const std::lock_guard lock(mutex_);
    if (closed_) return ORDEAL_E_STATE;
    if (posted_.size() >= 65'536) return ORDEAL_E_LIMIT;
    posted_.push_back(Task{fn, user});
    const std::uint64_t one = 1;
    while (::write(wake_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    return ORDEAL_OK;
  }

  /// From now on post() refuses; what was posted is not called, watches and timers are forgotten.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    posted_.clear();
    watches_.clear();
    timers_.clear();
  }
  /// Takes posts again: for the next instance.
  void reopen() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }

  /// Calls what is ready, waiting at most `timeout_ms` of real time for something to become so.
  /// Returns the number of callbacks.
  std::size_t run_once(int timeout_ms) {
    std::vector<pollfd> fds{{wake_, POLLIN, 0}};
    std::vector<std::uint64_t> ids{0};
    for (const auto& [id, watch] : watches_) {
      const auto events = static_cast<short>(((watch.events & ORDEAL_IO_READ) != 0 ? POLLIN : 0) |
                                             ((watch.events & ORDEAL_IO_WRITE) != 0 ? POLLOUT : 0));
      fds.push_back({watch.fd, events, 0});
      ids.push_back(id);
    }
    if (::poll(fds.data(), fds.size(), wait_ms(timeout_ms)) < 0 && errno != EINTR) {
      throw std::runtime_error("poll failed");
    }
    std::size_t called = 0;
    called += run_posted();
    called += run_timers();
    for (std::size_t i = 1; i < fds.size(); ++i) {
      const auto it = watches_.find(ids[i]);  // an earlier callback may have ended it
      if (it == watches_.end() || fds[i].revents == 0) continue;
      std::uint32_t ready = 0;
      if ((fds[i].revents & POLLIN) != 0) ready |= ORDEAL_IO_READ;
      if ((fds[i].revents & POLLOUT) != 0) ready |= ORDEAL_IO_WRITE;
      if ((fds[i].revents & (POLLERR | POLLNVAL)) != 0) ready |= ORDEAL_IO_ERROR;
      if ((fds[i].revents & POLLHUP) != 0) ready |= ORDEAL_IO_HANGUP;
      const Watch watch = it->second;
      watch.fn(watch.user, ready);
      ++called;
    }
    return called;
  }

  /// Descriptors watched, timers armed: to check that a plugin has put everything away.
  [[nodiscard]] std::size_t watches() const { return watches_.size(); }
  [[nodiscard]] std::size_t timers() const { return timers_.size(); }

 private:
  struct Watch {
    int fd;
    std::uint32_t events;
    ordeal_io_fn fn;
    void* user;
  };
  struct Task {
    ordeal_task_fn fn;
    void* user;
  };

  [[nodiscard]] int wait_ms(int timeout_ms) {
    {
      const std::lock_guard lock(mutex_);
      if (!posted_.empty()) return 0;
    }
    if (timers_.empty()) return timeout_ms;
    const std::uint64_t now = clock_.now_ns();
    const std::uint64_t due = timers_.begin()->first.first;
    if (due <= now) return 0;
    if (clock_.frozen()) return timeout_ms;
    return static_cast<int>(
        std::min<std::uint64_t>((due - now) / 1'000'000 + 1, static_cast<unsigned>(timeout_ms)));
  }
  std::size_t run_posted() {
    std::deque<Task> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(posted_);
      std::uint64_t count = 0;
      while (::read(wake_, &count, sizeof count) < 0 && errno == EINTR) {
      }
    }
    for (const Task& task : tasks) task.fn(task.user);
    return tasks.size();
  }
  std::size_t run_timers() {
    std::size_t called = 0;
    const std::uint64_t now = clock_.now_ns();
    while (!timers_.empty() && timers_.begin()->first.first <= now) {
      const Task task = timers_.begin()->second;
      timers_.erase(timers_.begin());
      task.fn(task.user);
      ++called;
    }
    return called;
  }

  const FakeClock& clock_;
  int wake_ = -1;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Watch> watches_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Task> timers_;  // by (due, id)
  std::mutex mutex_;
  std::deque<Task> posted_;
  bool closed_ = false;
};

}  // namespace ordeal::testing
