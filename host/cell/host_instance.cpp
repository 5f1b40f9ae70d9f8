// SPDX-License-Identifier: Apache-2.0
#include "cell/host_instance.h"

#include <utility>

#include "ordeal/abi/clock.h"
#include "ordeal/abi/log.h"
#include "ordeal/abi/reactor.h"

namespace ordeal {

namespace {

constexpr std::uint32_t lines_per_second = 1000;
constexpr std::size_t error_max = 1024;
constexpr std::size_t line_max = 4096;

HostInstance& instance(const ordeal_host* host) { return *static_cast<HostInstance*>(host->self); }

void log_write(const ordeal_host* host, std::uint32_t severity, ordeal_str message) noexcept {
  instance(host).write_log(severity, view(message).substr(0, line_max));
}
constexpr ordeal_host_log log_table{sizeof(ordeal_host_log), 0, log_write};

std::uint64_t clock_monotonic(const ordeal_host* host) noexcept {
  return instance(host).clock().monotonic_ns();
}
std::uint64_t clock_wall(const ordeal_host* host) noexcept {
  return instance(host).clock().wall_ns();
}
constexpr ordeal_host_clock clock_table{sizeof(ordeal_host_clock), 0, clock_monotonic, clock_wall};

std::int32_t reactor_watch(const ordeal_host* host, std::int32_t fd, std::uint32_t events,
                           ordeal_io_fn fn, void* user, std::uint64_t* watch) noexcept {
  return instance(host).reactor().watch(fd, events, fn, user, watch);
}
std::int32_t reactor_rewatch(const ordeal_host* host, std::uint64_t watch,
                             std::uint32_t events) noexcept {
  return instance(host).reactor().rewatch(watch, events);
}
std::int32_t reactor_unwatch(const ordeal_host* host, std::uint64_t watch) noexcept {
  return instance(host).reactor().unwatch(watch);
}
std::int32_t reactor_timer(const ordeal_host* host, std::uint64_t at_ns, ordeal_task_fn fn,
                           void* user, std::uint64_t* timer) noexcept {
  return instance(host).reactor().timer(at_ns, fn, user, timer);
}
std::int32_t reactor_cancel(const ordeal_host* host, std::uint64_t timer) noexcept {
  return instance(host).reactor().cancel_timer(timer);
}
std::int32_t reactor_post(const ordeal_host* host, ordeal_task_fn fn, void* user) noexcept {
  return instance(host).post(fn, user);
}
constexpr ordeal_host_reactor reactor_table{sizeof(ordeal_host_reactor),
                                            0,
                                            reactor_watch,
                                            reactor_rewatch,
                                            reactor_unwatch,
                                            reactor_timer,
                                            reactor_cancel,
                                            reactor_post};

const void* get_extension(const ordeal_host* host, ordeal_str id) noexcept {
  const auto name = view(id);
  if (name == ORDEAL_HOST_LOG) return &log_table;
  if (name == ORDEAL_HOST_CLOCK) return &clock_table;
  if (name == ORDEAL_HOST_REACTOR) return &reactor_table;
  if (name == ORDEAL_HOST_METRICS)
    return instance(host).metrics() == nullptr ? nullptr : &metrics_table;
  if (name == ORDEAL_HOST_BUS) return instance(host).bus() == nullptr ? nullptr : &bus_table;
  if (name == ORDEAL_HOST_PROCESS)
    return instance(host).processes() == nullptr ? nullptr : &process_table;
  return nullptr;
}

}  // namespace

HostInstance::HostInstance(Reactor& reactor, const Clock& clock, LogFn log,
                           ProcessService* processes)
    : reactor_(reactor), clock_(clock), log_(std::move(log)), processes_(processes) {
  host_.struct_size = sizeof host_;
  host_.abi_major = ORDEAL_ABI_MAJOR;
  host_.abi_minor = ORDEAL_ABI_MINOR;
  host_.self = this;
  host_.get_extension = get_extension;
  host_.set_error = [](const ordeal_host* host, ordeal_str message) noexcept {
    instance(host).error_ = view(message).substr(0, error_max);
  };
}

std::int32_t HostInstance::post(ordeal_task_fn fn, void* user) {
  if (life_->over.load()) return ORDEAL_E_STATE;
  struct Task {
    std::shared_ptr<Life> life;
    ordeal_task_fn fn;
    void* user;
  };
  auto task = std::make_unique<Task>(Task{life_, fn, user});
  const std::int32_t status = reactor_.post(
      [](void* raw) noexcept {
        const std::unique_ptr<Task> posted(static_cast<Task*>(raw));
        if (!posted->life->over.load()) posted->fn(posted->user);
      },
      task.get());
  if (status == ORDEAL_OK) static_cast<void>(task.release());
  return status;
}

void HostInstance::close() {
  if (life_->over.exchange(true)) return;
  if (processes_ != nullptr) std::exchange(processes_, nullptr)->close(*this);
}

std::string HostInstance::take_error(std::string_view fallback) {
  std::string text = error_.empty() ? std::string(fallback) : std::move(error_);
  error_.clear();
  return text;
}

void HostInstance::write_log(std::uint32_t severity, std::string_view message) {
  const std::uint64_t now = clock_.monotonic_ns();
  std::uint64_t start = window_start_ns_.load(std::memory_order_relaxed);
  if (now - start >= 1'000'000'000u &&
      window_start_ns_.compare_exchange_strong(start, now, std::memory_order_relaxed)) {
    const std::uint32_t written = lines_.exchange(0, std::memory_order_relaxed);
    if (written > lines_per_second)
      log_(ORDEAL_LOG_WARNING,
           std::to_string(written - lines_per_second) + " lines were dropped: over 1,000 a second");
  }
  if (lines_.fetch_add(1, std::memory_order_relaxed) < lines_per_second)
    log_(severity, message);
  else
    dropped_lines_.fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t HostInstance::take_dropped_lines() {
  return dropped_lines_.exchange(0, std::memory_order_relaxed);
}

}  // namespace ordeal
