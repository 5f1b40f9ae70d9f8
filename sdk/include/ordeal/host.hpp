// SPDX-License-Identifier: Apache-2.0
/// The host as a plugin sees it: one small, copyable object over the C tables of abi/. Header-only,
/// no allocation. A service that this host does not offer answers ORDEAL_E_UNSUPPORTED; log lines
/// without a log service are lost.
///
/// Every call is [worker] unless its comment says [any]. A call with a status returns what the
/// table's own comment in abi/ says, or ORDEAL_E_UNSUPPORTED. Since 0.1.
#pragma once

#include <cstdint>
#include <cstring>
#include <ctime>
#include <string_view>
#include <type_traits>

#include "abi/base.h"
#include "abi/bus.h"
#include "abi/clock.h"
#include "abi/log.h"
#include "abi/metrics.h"
#include "abi/process.h"
#include "abi/reactor.h"

namespace ordeal {

namespace abi {

/// Copies what both sides know of a struct that begins with struct_size, the rest zero; a NULL
/// pointer gives a zeroed struct. `struct_size` of the copy is the number of bytes taken over.
template <class T>
[[nodiscard]] T read(const T* from) noexcept {
  static_assert(std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>);
  T to{};
  if (from != nullptr) {
    std::uint32_t size = 0;
    std::memcpy(&size, from, sizeof size);
    if (size > sizeof(T)) size = sizeof(T);
    std::memcpy(static_cast<void*>(&to), from, size);
    std::memcpy(static_cast<void*>(&to), &size, sizeof size);
  }
  return to;
}

/// Fills a struct the host passed in, no further than its struct_size says (0 counts as all of it).
template <class T>
void fill(T* to, const T& value) noexcept {
  static_assert(std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>);
  std::uint32_t size = 0;
  std::memcpy(&size, to, sizeof size);
  if (size == 0 || size > sizeof(T)) size = sizeof(T);
  std::memcpy(static_cast<void*>(to), &value, size);
  std::memcpy(static_cast<void*>(to), &size, sizeof size);
}

/// The C form of a text; points at the same bytes.
[[nodiscard]] constexpr ordeal_str str(std::string_view text) noexcept {
  return ordeal_str{text.data(), text.size()};
}

/// The C++ form of a text; points at the same bytes.
[[nodiscard]] constexpr std::string_view view(ordeal_str text) noexcept {
  return text.ptr == nullptr ? std::string_view{}
                             : std::string_view{text.ptr, static_cast<std::size_t>(text.len)};
}

/// The payload of an event as what publish_value() was given; false when the sizes differ.
template <class T>
[[nodiscard]] bool payload_as(const ordeal_event& event, T& value) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  if (event.payload_size != sizeof(T)) return false;
  std::memcpy(static_cast<void*>(&value), event.payload, sizeof(T));
  return true;
}

}  // namespace abi

/// What the host offers one component instance. Copies are equal and cheap (about 200 bytes); all
/// are valid as long as the instance. The tables are looked up once, in the constructor.
class Host {
 public:
  /// `host` may be NULL only in code that never calls anything of it.
  explicit Host(const ordeal_host* host) noexcept
      : host_(host),
        base_(abi::read(host)),
        log_(table<ordeal_host_log>(ORDEAL_HOST_LOG)),
        clock_(table<ordeal_host_clock>(ORDEAL_HOST_CLOCK)),
        reactor_(table<ordeal_host_reactor>(ORDEAL_HOST_REACTOR)),
        metrics_(table<ordeal_host_metrics>(ORDEAL_HOST_METRICS)),
        bus_(table<ordeal_host_bus>(ORDEAL_HOST_BUS)),
        process_(table<ordeal_host_process>(ORDEAL_HOST_PROCESS)) {}

  /// The C handle, for extensions this class does not wrap.
  [[nodiscard]] const ordeal_host* handle() const noexcept { return host_; }

  /// [any] The table of a service by its exact id, or NULL. Lives as long as the process.
  [[nodiscard]] const void* extension(std::string_view id) const noexcept {
    return base_.get_extension == nullptr ? nullptr : base_.get_extension(host_, abi::str(id));
  }

  /// Says why the call in progress is about to return an error. Copied, at most 1,024 bytes.
  void set_error(std::string_view message) const noexcept {
    if (base_.set_error != nullptr) base_.set_error(host_, abi::str(message));
  }

  /// [any] One line of log, copied, at most 4,096 bytes. `severity` is ORDEAL_LOG_*.
  void log(std::uint32_t severity, std::string_view line) const noexcept {
    if (log_.write != nullptr) log_.write(host_, severity, abi::str(line));
  }
  void debug(std::string_view line) const noexcept { log(ORDEAL_LOG_DEBUG, line); }
  void info(std::string_view line) const noexcept { log(ORDEAL_LOG_INFO, line); }
  void warning(std::string_view line) const noexcept { log(ORDEAL_LOG_WARNING, line); }
  void error(std::string_view line) const noexcept { log(ORDEAL_LOG_ERROR, line); }

  /// [any] Nanoseconds of CLOCK_MONOTONIC, from the host's clock when it has one.
  [[nodiscard]] std::uint64_t now_ns() const noexcept {
    return clock_.monotonic_ns != nullptr ? clock_.monotonic_ns(host_) : system_ns(CLOCK_MONOTONIC);
  }
  /// [any] Nanoseconds since 1970-01-01T00:00:00Z.
  [[nodiscard]] std::uint64_t wall_ns() const noexcept {
    return clock_.wall_ns != nullptr ? clock_.wall_ns(host_) : system_ns(CLOCK_REALTIME);
  }

  /// Watches a non-blocking descriptor: `object->*Method(events)` is called on [worker] when one of
  /// `events` (ORDEAL_IO_*) holds. Method: `void T::f(std::uint32_t) noexcept`, checked at compile
  /// time. `*id` is never 0. The descriptor stays the caller's; unwatch it before closing it.
  template <auto Method, class T>
  [[nodiscard]] std::int32_t watch(int fd, std::uint32_t events, T* object,
                                   std::uint64_t* id) const noexcept {
    static_assert(std::is_nothrow_invocable_v<decltype(Method), T&, std::uint32_t>,
                  "a reactor callback takes the events and is noexcept");
    if (reactor_.watch == nullptr) return ORDEAL_E_UNSUPPORTED;
    return reactor_.watch(
        host_, fd, events,
        [](void* user, std::uint32_t ready) noexcept { (static_cast<T*>(user)->*Method)(ready); },
        object, id);
  }
  /// Changes what a watch waits for.
  std::int32_t rewatch(std::uint64_t id, std::uint32_t events) const noexcept {
    return reactor_.rewatch == nullptr ? ORDEAL_E_UNSUPPORTED : reactor_.rewatch(host_, id, events);
  }
  /// Ends a watch. No callback follows.
  std::int32_t unwatch(std::uint64_t id) const noexcept {
    return reactor_.unwatch == nullptr ? ORDEAL_E_UNSUPPORTED : reactor_.unwatch(host_, id);
  }

  /// Calls `object->*Method()` once, at `at_ns` (CLOCK_MONOTONIC) or as soon after it as possible.
  template <auto Method, class T>
  [[nodiscard]] std::int32_t timer(std::uint64_t at_ns, T* object,
                                   std::uint64_t* id) const noexcept {
    if (reactor_.timer == nullptr) return ORDEAL_E_UNSUPPORTED;
    return reactor_.timer(host_, at_ns, task<Method, T>(), object, id);
  }
  /// ORDEAL_E_NOT_FOUND when the timer has fired already.
  std::int32_t cancel_timer(std::uint64_t id) const noexcept {
    return reactor_.cancel_timer == nullptr ? ORDEAL_E_UNSUPPORTED
                                            : reactor_.cancel_timer(host_, id);
  }

  /// [any] Calls `object->*Method()` on [worker], in the order posted. ORDEAL_E_LIMIT when too much
  /// is waiting, ORDEAL_E_STATE once the instance is being destroyed: then it is never called.
  template <auto Method, class T>
  [[nodiscard]] std::int32_t post(T* object) const noexcept {
    if (reactor_.post == nullptr) return ORDEAL_E_UNSUPPORTED;
    return reactor_.post(host_, task<Method, T>(), object);
  }

  /// Declares a metric of the plugin's own. The strings of `info` live until the instance ends.
  [[nodiscard]] std::int32_t declare(const ordeal_metric_info& info,
                                     std::uint32_t* index) const noexcept {
    return metrics_.declare == nullptr ? ORDEAL_E_UNSUPPORTED
                                       : metrics_.declare(host_, &info, index);
  }
  /// Sets the value of one series; `labels` are the label values separated by commas.
  std::int32_t record(std::uint32_t index, std::string_view labels, double value) const noexcept {
    return metrics_.record == nullptr ? ORDEAL_E_UNSUPPORTED
                                      : metrics_.record(host_, index, abi::str(labels), value);
  }

  /// Publishes on a topic of the manifest's `publishes`. The bytes are copied.
  [[nodiscard]] std::int32_t publish(std::string_view topic, const void* payload,
                                     std::uint32_t size,
                                     std::string_view body = {}) const noexcept {
    return bus_.publish == nullptr
               ? ORDEAL_E_UNSUPPORTED
               : bus_.publish(host_, abi::str(topic), payload, size, abi::str(body));
  }
  /// Publishes a value by its bytes, as abi::payload_as() reads it.
  template <class T>
  [[nodiscard]] std::int32_t publish_value(std::string_view topic, const T& value,
                                           std::string_view body = {}) const noexcept {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= ORDEAL_EVENT_PAYLOAD_MAX,
                  "what does not fit goes into the body");
    return publish(topic, &value, static_cast<std::uint32_t>(sizeof value), body);
  }
  /// Calls `object->*Method(event)` on [worker] for each event of a topic of the manifest's
  /// `subscribes`. Method: `void T::f(const ordeal_event&) noexcept`.
  template <auto Method, class T>
  [[nodiscard]] std::int32_t subscribe(std::string_view topic, T* object) const noexcept {
    static_assert(std::is_nothrow_invocable_v<decltype(Method), T&, const ordeal_event&>,
                  "a bus callback takes the event and is noexcept");
    if (bus_.subscribe == nullptr) return ORDEAL_E_UNSUPPORTED;
    return bus_.subscribe(
        host_, abi::str(topic),
        [](void* user, const ordeal_event* event) noexcept {
          (static_cast<T*>(user)->*Method)(abi::read(event));
        },
        object);
  }

  /// Starts a child process of the run, as abi/process.h says. `object->*Started(started)` follows,
  /// and after a successful start `object->*Exited(exit)` once.
  template <auto Started, auto Exited, class T>
  [[nodiscard]] std::int32_t start_process(const ordeal_process_spec& spec, T* object,
                                           std::uint64_t* process) const noexcept {
    static_assert(
        std::is_nothrow_invocable_v<decltype(Started), T&, const ordeal_process_started&> &&
            std::is_nothrow_invocable_v<decltype(Exited), T&, const ordeal_process_exit&>,
        "process callbacks are noexcept");
    if (process_.start == nullptr) return ORDEAL_E_UNSUPPORTED;
    return process_.start(
        host_, &spec,
        [](void* user, const ordeal_process_started* started) noexcept {
          (static_cast<T*>(user)->*Started)(abi::read(started));
        },
        [](void* user, const ordeal_process_exit* exit) noexcept {
          (static_cast<T*>(user)->*Exited)(abi::read(exit));
        },
        object, process);
  }
  /// Sends a signal to a child that still runs.
  std::int32_t signal_process(std::uint64_t process, int signal) const noexcept {
    return process_.signal == nullptr ? ORDEAL_E_UNSUPPORTED
                                      : process_.signal(host_, process, signal);
  }

 private:
  template <class T>
  T table(std::string_view id) const noexcept {
    return abi::read(static_cast<const T*>(extension(id)));
  }

  template <auto Method, class T>
  static constexpr ordeal_task_fn task() noexcept {
    static_assert(std::is_nothrow_invocable_v<decltype(Method), T&>,
                  "a task takes no argument and is noexcept");
    return [](void* user) noexcept { (static_cast<T*>(user)->*Method)(); };
  }

  static std::uint64_t system_ns(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
  }

  const ordeal_host* host_;
  ordeal_host base_;
  ordeal_host_log log_;
  ordeal_host_clock clock_;
  ordeal_host_reactor reactor_;
  ordeal_host_metrics metrics_;
  ordeal_host_bus bus_;
  ordeal_host_process process_;
};

}  // namespace ordeal
