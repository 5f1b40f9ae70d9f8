// SPDX-License-Identifier: Apache-2.0
#include "cell/check/check_host.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cell/check/heap.h"

namespace ordeal::check {

namespace {

int thread_id() { return static_cast<int>(::syscall(SYS_gettid)); }

std::string text_of(ordeal_str text, std::size_t most = 4096) {
  return text.ptr == nullptr ? std::string()
                             : std::string(text.ptr, std::min<std::uint64_t>(text.len, most));
}

constexpr std::size_t most_boxes = 1'000'000;

}  // namespace

struct CheckHost::Box {
  CheckHost* host;
  ordeal_io_fn io = nullptr;
  ordeal_task_fn task = nullptr;
  void* user = nullptr;
  const char* what = "";
};

/// The functions of the tables.
struct HostCalls {
  /// The host behind a call; our own allocations during it are none of the plugin's.
  struct Entry {
    Entry(const ordeal_host* host, const char* function, bool worker_only)
        : self(*static_cast<CheckHost*>(host->self)) {
      if (self.gone_.load()) {
        self.misuse(Misuse::Kind::after_destroy,
                    std::string(function) + " was called after destroy had returned");
        allowed = false;
      } else if (worker_only && !self.on_worker(function)) {
        allowed = false;
      }
    }
    HeapPause pause;
    CheckHost& self;
    bool allowed = true;
  };

  static const void* get_extension(const ordeal_host* host, ordeal_str id) noexcept {
    const Entry call(host, "get_extension", false);
    const CheckHost& self = call.self;
    const std::string wanted = text_of(id);
    if (self.shape_.no_services || self.shape_.withheld.count(wanted) != 0) return nullptr;
    if (wanted == ORDEAL_HOST_LOG) return self.log_;
    if (wanted == ORDEAL_HOST_CLOCK) return self.clock_table_;
    if (wanted == ORDEAL_HOST_REACTOR) return self.reactor_table_;
    if (wanted == ORDEAL_HOST_METRICS) return self.metrics_;
    if (wanted == ORDEAL_HOST_BUS) return self.bus_;
    if (wanted == ORDEAL_HOST_PROCESS) return self.process_;
    return nullptr;
  }
  static void set_error(const ordeal_host* host, ordeal_str message) noexcept {
    const Entry call(host, "set_error", true);
    const std::lock_guard lock(call.self.mutex_);
    call.self.error_ = text_of(message, 1024);
  }
  static void log_write(const ordeal_host* host, std::uint32_t severity,
                        ordeal_str message) noexcept {
    const Entry call(host, "log.write", false);
    static_cast<void>(text_of(message));
    if (severity > ORDEAL_LOG_ERROR)
      call.self.misuse(Misuse::Kind::argument,
                       "log.write with severity " + std::to_string(severity));
  }
  static std::uint64_t monotonic(const ordeal_host* host) noexcept {
    const Entry call(host, "clock.monotonic_ns", false);
    return call.self.clock_.now_ns();
  }
  static std::uint64_t wall(const ordeal_host* host) noexcept {
    const Entry call(host, "clock.wall_ns", false);
    return call.self.clock_.wall_ns() + call.self.shape_.wall_shift_ns;
  }
  static std::int32_t watch(const ordeal_host* host, std::int32_t fd, std::uint32_t events,
                            ordeal_io_fn fn, void* user, std::uint64_t* id) noexcept {
    const Entry call(host, "reactor.watch", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    CheckHost& self = call.self;
    const std::int32_t status = self.reactor_->watch(
        fd, events, io_callback, box(self, fn, nullptr, user, "an I/O callback"), id);
    if (status == ORDEAL_OK) self.watched_[*id] = fd;
    if (fn == nullptr || status == ORDEAL_E_INVALID)
      self.misuse(Misuse::Kind::argument, "reactor.watch of descriptor " + std::to_string(fd) +
                                              ", which is not open, or without a callback");
    return status;
  }
  static std::int32_t rewatch(const ordeal_host* host, std::uint64_t id,
                              std::uint32_t events) noexcept {
    const Entry call(host, "reactor.rewatch", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    const std::int32_t status = call.self.reactor_->rewatch(id, events);
    if (status != ORDEAL_OK)
      call.self.misuse(Misuse::Kind::argument, "reactor.rewatch of a watch that does not exist");
    return status;
  }
  static std::int32_t unwatch(const ordeal_host* host, std::uint64_t id) noexcept {
    const Entry call(host, "reactor.unwatch", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    const std::int32_t status = call.self.reactor_->unwatch(id);
    call.self.watched_.erase(id);
    if (status != ORDEAL_OK)
      call.self.misuse(Misuse::Kind::argument, "reactor.unwatch of a watch that does not exist");
    return status;
  }
  static std::int32_t timer(const ordeal_host* host, std::uint64_t at_ns, ordeal_task_fn fn,
                            void* user, std::uint64_t* id) noexcept {
    const Entry call(host, "reactor.timer", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    if (fn == nullptr || id == nullptr) {
      call.self.misuse(Misuse::Kind::argument, "reactor.timer without a callback or a number");
      return ORDEAL_E_INVALID;
    }
    return call.self.reactor_->timer(at_ns, task_callback,
                                     box(call.self, nullptr, fn, user, "a timer"), id);
  }
  static std::int32_t cancel_timer(const ordeal_host* host, std::uint64_t id) noexcept {
    const Entry call(host, "reactor.cancel_timer", true);
    return call.allowed ? call.self.reactor_->cancel_timer(id) : ORDEAL_E_STATE;
  }
  static std::int32_t post(const ordeal_host* host, ordeal_task_fn fn, void* user) noexcept {
    const Entry call(host, "reactor.post", false);
    if (!call.allowed || call.self.closing_.load()) return ORDEAL_E_STATE;
    if (fn == nullptr) {
      call.self.misuse(Misuse::Kind::argument, "reactor.post without a callback");
      return ORDEAL_E_INVALID;
    }
    auto* const task = box(call.self, nullptr, fn, user, "a posted task");
    const std::lock_guard lock(call.self.mutex_);
    return call.self.reactor_ == nullptr ? ORDEAL_E_STATE
                                         : call.self.reactor_->post(task_callback, task);
  }
  static std::int32_t declare(const ordeal_host* host, const ordeal_metric_info* info,
                              std::uint32_t* index) noexcept {
    const Entry call(host, "metrics.declare", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    if (info == nullptr || index == nullptr || info->name.len == 0) return ORDEAL_E_INVALID;
    if (call.self.declared_.size() >= 256) return ORDEAL_E_LIMIT;
    *index = static_cast<std::uint32_t>(call.self.declared_.size());
    call.self.declared_.push_back(text_of(info->name));
    return ORDEAL_OK;
  }
  static std::int32_t record(const ordeal_host* host, std::uint32_t index, ordeal_str,
                             double value) noexcept {
    const Entry call(host, "metrics.record", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    if (index >= call.self.declared_.size()) {
      call.self.misuse(Misuse::Kind::argument, "metrics.record of a metric it did not declare");
      return ORDEAL_E_NOT_FOUND;
    }
    return std::isfinite(value) ? ORDEAL_OK : ORDEAL_E_INVALID;
  }
  static std::int32_t publish(const ordeal_host* host, ordeal_str, const void* payload,
                              std::uint32_t size, ordeal_str) noexcept {
    const Entry call(host, "bus.publish", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    if (size > ORDEAL_EVENT_PAYLOAD_MAX || (payload == nullptr && size != 0)) {
      call.self.misuse(Misuse::Kind::argument,
                       "bus.publish of " + std::to_string(size) + " bytes in one event");
      return ORDEAL_E_LIMIT;
    }
    return ORDEAL_OK;
  }
  static std::int32_t subscribe(const ordeal_host* host, ordeal_str, ordeal_event_fn fn,
                                void*) noexcept {
    const Entry call(host, "bus.subscribe", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    return fn == nullptr ? ORDEAL_E_INVALID : ORDEAL_OK;
  }
  /// There is no init here that could start a child: answered as by a run that is ending.
  static std::int32_t start(const ordeal_host* host, const ordeal_process_spec* spec,
                            ordeal_process_started_fn started, ordeal_process_exit_fn exited, void*,
                            std::uint64_t* process) noexcept {
    const Entry call(host, "process.start", true);
    if (!call.allowed) return ORDEAL_E_STATE;
    if (spec == nullptr || spec->n_argv == 0 || started == nullptr || exited == nullptr ||
        process == nullptr) {
      call.self.misuse(Misuse::Kind::argument, "process.start without argv or a callback");
      return ORDEAL_E_INVALID;
    }
    return ORDEAL_E_IO;
  }
  static std::int32_t signal(const ordeal_host* host, std::uint64_t, std::int32_t) noexcept {
    const Entry call(host, "process.signal", true);
    return call.allowed ? ORDEAL_E_NOT_FOUND : ORDEAL_E_STATE;
  }

  static CheckHost::Box* box(CheckHost& self, ordeal_io_fn io, ordeal_task_fn task, void* user,
                             const char* what) {
    auto made = std::make_unique<CheckHost::Box>(CheckHost::Box{&self, io, task, user, what});
    CheckHost::Box* raw = made.get();
    const std::lock_guard lock(self.mutex_);
    // A long fuzz would keep every callback for ever; the oldest are long over by then.
    if (self.boxes_.size() >= most_boxes)
      self.boxes_.erase(self.boxes_.begin(), self.boxes_.begin() + most_boxes / 2);
    self.boxes_.push_back(std::move(made));
    return raw;
  }
  static void io_callback(void* user, std::uint32_t events) noexcept {
    auto& box = *static_cast<CheckHost::Box*>(user);
    box.host->called(box, events);
  }
  static void task_callback(void* user) noexcept {
    auto& box = *static_cast<CheckHost::Box*>(user);
    box.host->called(box, 0);
  }
};

CheckHost::CheckHost(HostShape shape)
    : shape_(std::move(shape)), worker_(thread_id()), reactor_(new testing::PollReactor(clock_)) {
  constexpr std::size_t last = sizeof(void (*)());  // tables end in a function that may be missing
  const Sizes sizes = shape_.sizes;
  const auto zero = std::uint32_t{0};
  log_ = guarded_struct(ordeal_host_log{zero, 0, HostCalls::log_write}, sizes, last);
  clock_table_ = guarded_struct(ordeal_host_clock{zero, 0, HostCalls::monotonic, HostCalls::wall},
                                sizes, last);
  reactor_table_ = guarded_struct(
      ordeal_host_reactor{zero, 0, HostCalls::watch, HostCalls::rewatch, HostCalls::unwatch,
                          HostCalls::timer, HostCalls::cancel_timer, HostCalls::post},
      sizes, last);
  metrics_ = guarded_struct(ordeal_host_metrics{zero, 0, HostCalls::declare, HostCalls::record},
                            sizes, last);
  bus_ = guarded_struct(ordeal_host_bus{zero, 0, HostCalls::publish, HostCalls::subscribe}, sizes,
                        last);
  process_ = guarded_struct(ordeal_host_process{zero, 0, HostCalls::start, HostCalls::signal},
                            sizes, last);
  host_ = guarded_struct(ordeal_host{zero, ORDEAL_ABI_MAJOR, ORDEAL_ABI_MINOR, 0, this,
                                     HostCalls::get_extension, HostCalls::set_error},
                         sizes, last);
}

bool CheckHost::on_worker(const char* function) {
  if (thread_id() == worker_) return true;
  misuse(Misuse::Kind::thread, std::string(function) +
                                   " was called on a thread of the plugin; it may be called on the "
                                   "worker's thread only");
  return false;
}

void CheckHost::misuse(Misuse::Kind kind, std::string text) {
  const HeapPause pause;
  const std::lock_guard lock(mutex_);
  if (misuses_.size() >= 64) return;
  const bool known = std::any_of(misuses_.begin(), misuses_.end(),
                                 [&](const Misuse& one) { return one.text == text; });
  if (!known) misuses_.push_back({kind, std::move(text)});
}

std::vector<Misuse> CheckHost::misuses() const {
  const std::lock_guard lock(mutex_);
  return misuses_;
}

std::string CheckHost::take_error() {
  const std::lock_guard lock(mutex_);
  std::string text = error_;  // a copy: what was allocated in a pause is released in one
  const HeapPause pause;
  error_ = {};
  return text;
}

void CheckHost::closing() { closing_.store(true); }

void CheckHost::gone() {
  const HeapPause pause;
  gone_.store(true);
  const std::lock_guard lock(mutex_);
  reactor_.reset();
}

void CheckHost::turn(int timeout_ms) {
  const HeapPause pause;
  static_cast<void>(reactor_->run_once(timeout_ms));
}

void CheckHost::called(Box& box, std::uint32_t events) {
  // Posted before and due after: forgotten, as the real host does.
  if (closing_.load()) return;
  watch_.start();
  {
    const HeapResume resume;
    if (box.io != nullptr) {
      box.io(box.user, events);
    } else {
      box.task(box.user);
    }
  }
  const std::uint64_t took = watch_.stop();
  if (took > longest_ns_) {
    longest_ns_ = took;
    longest_ = box.what;
  }
}

}  // namespace ordeal::check
