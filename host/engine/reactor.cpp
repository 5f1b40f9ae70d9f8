// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <limits>
#include <mutex>
#include <span>
#include <vector>

#include "base/generator_limits.h"
#include "base/unique_fd.h"
#include "engine/poller.h"
#include "engine/timer_heap.h"
#include "engine/wake_lead.h"

namespace ordeal {

namespace {

constexpr std::size_t max_posted = 65'536;
constexpr std::uint64_t overrun_ns = 100'000'000;
// A look at the descriptors that finds nothing takes less, unless something else had the core.
constexpr std::uint64_t look_ns = 5'000;

std::uint64_t read_clock(clockid_t id) {
  timespec t{};
  ::clock_gettime(id, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(t.tv_nsec);
}

constexpr std::uint32_t if_set(std::uint32_t events, std::uint32_t bit, std::uint32_t then) {
  return (events & bit) != 0 ? then : 0;
}

std::uint32_t to_epoll(std::uint32_t events) {
  return if_set(events, ORDEAL_IO_READ, EPOLLIN) | if_set(events, ORDEAL_IO_WRITE, EPOLLOUT);
}

std::uint32_t from_epoll(std::uint32_t events) {
  return if_set(events, EPOLLIN, ORDEAL_IO_READ) | if_set(events, EPOLLOUT, ORDEAL_IO_WRITE) |
         if_set(events, EPOLLERR, ORDEAL_IO_ERROR) | if_set(events, EPOLLHUP, ORDEAL_IO_HANGUP);
}

std::int32_t to_status(int error) {
  switch (error) {
    case 0:
      return ORDEAL_OK;
    case EBADF:
      return ORDEAL_E_NOT_FOUND;
    case EEXIST:
    case EPERM:  // a regular file
      return ORDEAL_E_INVALID;
    case ENOMEM:
    case ENOSPC:
      return ORDEAL_E_LIMIT;
    default:
      return ORDEAL_E_IO;
  }
}

struct Task {
  ordeal_task_fn fn;
  void* user;
};

class EpollReactor final : public Reactor {
 public:
  EpollReactor(Poller poller, UniqueFd wake) : poller_(std::move(poller)), wake_(std::move(wake)) {}

  std::int32_t watch(int fd, std::uint32_t events, ordeal_io_fn fn, void* user,
                     std::uint64_t* watch) override {
    if (fn == nullptr || watch == nullptr) return ORDEAL_E_INVALID;
    const std::uint32_t index =
        free_.empty() ? static_cast<std::uint32_t>(watches_.size()) : free_.back();
    if (free_.empty()) watches_.emplace_back();
    Watch& w = watches_[index];
    const std::uint64_t id = static_cast<std::uint64_t>(w.generation) << 32 | (index + 1);
    if (const int error = poller_.add(fd, to_epoll(events), id); error != 0) {
      if (free_.empty()) watches_.pop_back();
      return to_status(error);
    }
    if (!free_.empty()) free_.pop_back();
    w.fn = fn;
    w.user = user;
    w.fd = fd;
    *watch = id;
    return ORDEAL_OK;
  }

  std::int32_t rewatch(std::uint64_t watch, std::uint32_t events) override {
    const Watch* w = find(watch);
    return w ? to_status(poller_.change(w->fd, to_epoll(events), watch)) : ORDEAL_E_NOT_FOUND;
  }

  std::int32_t unwatch(std::uint64_t watch) override {
    Watch* w = find(watch);
    if (!w) return ORDEAL_E_NOT_FOUND;
    poller_.remove(w->fd);  // fails only for a descriptor closed too early, whose watch is gone too
    w->fn = nullptr;
    ++w->generation;
    free_.push_back(static_cast<std::uint32_t>((watch & 0xffffffff) - 1));
    return ORDEAL_OK;
  }

  std::int32_t timer(std::uint64_t at_ns, ordeal_task_fn fn, void* user,
                     std::uint64_t* timer) override {
    if (fn == nullptr || timer == nullptr) return ORDEAL_E_INVALID;
    *timer = timers_.add(at_ns, fn, user);
    return ORDEAL_OK;
  }

  std::int32_t cancel_timer(std::uint64_t timer) override {
    return timers_.cancel(timer) ? ORDEAL_OK : ORDEAL_E_NOT_FOUND;
  }

  std::int32_t post(ordeal_task_fn fn, void* user) override {
    if (fn == nullptr) return ORDEAL_E_INVALID;
    {
      const std::lock_guard lock(posted_mutex_);
      if (posted_.size() >= max_posted) return ORDEAL_E_LIMIT;
      posted_.push_back({fn, user});
      if (posted_.size() > 1) return ORDEAL_OK;  // whoever was first has woken the thread
    }
    wake();
    return ORDEAL_OK;
  }

  void defer(ordeal_task_fn fn, void* user) override { deferred_.push_back({fn, user}); }

  void cancel_deferred(void* user) override {
    for (auto* tasks : {&deferred_, &running_})
      for (Task& task : *tasks)
        if (task.user == user) task.fn = nullptr;
  }

  void run() override {
    while (!stopping_.load(std::memory_order_acquire) && !poller_.broken())
      turn(std::numeric_limits<std::uint64_t>::max());
    stopping_.store(false, std::memory_order_release);
  }

  void run_once(std::uint64_t timeout_ns) override { turn(timeout_ns); }

  void stop() override {
    stopping_.store(true, std::memory_order_release);
    wake();
  }

  std::uint64_t take_overruns() override { return std::exchange(overruns_, 0); }

  LoopUse take_loop_use() override {
    if (backlog_) end_stretch();  // what goes on counts up to now
    return std::exchange(loop_use_, {});
  }

  // The eventfd's own watch, for make().
  std::int32_t watch_wake() {
    std::uint64_t watch_id = 0;
    return watch(
        wake_.get(), ORDEAL_IO_READ,
        [](void* self, std::uint32_t) noexcept { static_cast<EpollReactor*>(self)->run_posted(); },
        this, &watch_id);
  }

 private:
  struct Watch {
    ordeal_io_fn fn = nullptr;
    void* user = nullptr;
    int fd = -1;
    std::uint32_t generation = 1;
  };

  Watch* find(std::uint64_t id) {
    const std::uint64_t index = (id & 0xffffffff) - 1;
    if (index >= watches_.size()) return nullptr;
    Watch& w = watches_[index];
    return w.fn != nullptr && w.generation == id >> 32 ? &w : nullptr;
  }

  void wake() {
    const std::uint64_t one = 1;
    // Can fail only when the counter is full, and then the thread is awake anyway.
    [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
  }

  // Calls back, then runs what that deferred. The coarse clock (a few ns to read, a few ms exact)
  // is good enough for a limit of 100 ms.
  template <typename Call>
  void call(Call&& callback) {
    callback();
    if (!deferred_.empty()) run_deferred();
    const std::uint64_t now = read_clock(CLOCK_MONOTONIC_COARSE);
    if (now - last_coarse_ns_ > overrun_ns) [[unlikely]]
      ++overruns_;
    last_coarse_ns_ = now;
  }

  void run_deferred() {
    if (!running_.empty()) return;  // nested run_once: the outer one goes on with its list
    running_.swap(deferred_);
    for (std::size_t i = 0; i < running_.size(); ++i) {
      const Task task = running_[i];
      if (task.fn) task.fn(task.user);
    }
    running_.clear();
  }

  void run_posted() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof count);
    std::vector<Task> tasks;
    {
      const std::lock_guard lock(posted_mutex_);
      tasks.swap(posted_);
    }
    for (const Task& task : tasks) call([&] { task.fn(task.user); });
  }

  void turn(std::uint64_t timeout_ns) {
    if (!tight_slack_) {
      // The default of 50 us is more than a whole request on a fast target.
      ::prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
      tight_slack_ = true;
    }
    const auto events = wait(deferred_.empty() ? timeout_ns : 0);
    last_coarse_ns_ = read_clock(CLOCK_MONOTONIC_COARSE);
    if (!backlog_) stretch_ns_ = last_coarse_ns_;
    backlog_ = events.size() == Poller::batch;
    if (!deferred_.empty()) call([] {});
    // A nested run_once overwrites the poller's events: those left are reported again, being level
    // triggered.
    const std::uint64_t turn = ++turns_;
    for (const epoll_event& event : events) {
      if (const Watch* w = find(event.data.u64))
        call([fn = w->fn, user = w->user, ready = from_epoll(event.events)] { fn(user, ready); });
      if (turn != turns_) break;
    }
    if (timers_.waiting() != 0) run_timers();
    if (!backlog_ && last_coarse_ns_ != stretch_ns_) end_stretch();
  }

  // Sleeps until shortly before the next timer and then looks out for it with its eyes open: a
  // sleeper is woken late. What is so short a sleep would cost as much processor time as looking.
  std::span<const epoll_event> wait(std::uint64_t timeout_ns) {
    const std::uint64_t next = timers_.next_ns();
    if (next == UINT64_MAX || timeout_ns == 0) return poller_.wait(timeout_ns);
    std::uint64_t now = read_clock(CLOCK_MONOTONIC);
    if (next <= now) return poller_.wait(0);
    if (timeout_ns < next - now) return poller_.wait(timeout_ns);
    if (const std::uint64_t wake = next - std::min(next, lead_.ns()); wake > now) {
      if (const auto events = poller_.wait(wake - now); !events.empty()) return events;
      now = read_clock(CLOCK_MONOTONIC);
      if (now < wake) return {};  // by a signal
      lead_.woke(now - wake);
    }
    while (now < next && !poller_.broken()) {
      const auto events = poller_.wait(0);
      if (!events.empty()) return events;
      const std::uint64_t looked = read_clock(CLOCK_MONOTONIC);
      loop_use_.lookout_ns += std::min(looked - now, look_ns);
      now = looked;
    }
    return {};
  }

  void end_stretch() {
    const std::uint64_t length = last_coarse_ns_ - stretch_ns_;
    loop_use_.longest_ns = std::max(loop_use_.longest_ns, length);
    if (length > generator_limits::receive_lag_ns) loop_use_.late_ns += length;
    stretch_ns_ = last_coarse_ns_;
  }

  void run_timers() {
    const std::uint64_t now = read_clock(CLOCK_MONOTONIC);
    // Bounded: a timer that sets itself again for a time gone by must not starve the descriptors.
    for (std::size_t left = timers_.waiting(); left > 0; --left) {
      const TimerHeap::Task task = timers_.take(now);
      if (!task.fn) break;
      call([&] { task.fn(task.user); });
    }
  }

  Poller poller_;
  UniqueFd wake_;
  std::vector<Watch> watches_;
  std::vector<std::uint32_t> free_;
  TimerHeap timers_;
  std::vector<Task> deferred_;
  std::vector<Task> running_;
  std::mutex posted_mutex_;
  std::vector<Task> posted_;
  std::atomic<bool> stopping_{false};
  std::uint64_t last_coarse_ns_ = 0;
  std::uint64_t overruns_ = 0;
  std::uint64_t turns_ = 0;
  std::uint64_t stretch_ns_ = 0;  // when it began
  bool backlog_ = false;          // more may be ready than was taken
  LoopUse loop_use_;
  bool tight_slack_ = false;
  WakeLead lead_;
};

}  // namespace

Result<std::unique_ptr<Reactor>> Reactor::make() {
  auto poller = Poller::make();
  if (!poller) return poller.error();
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return errno_error(ExitCode::internal, "eventfd", errno);
  auto reactor = std::make_unique<EpollReactor>(std::move(poller).value(), std::move(wake));
  if (reactor->watch_wake() != ORDEAL_OK)
    return errno_error(ExitCode::internal, "epoll_ctl", errno);
  return std::unique_ptr<Reactor>(std::move(reactor));
}

}  // namespace ordeal
