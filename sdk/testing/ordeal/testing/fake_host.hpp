// SPDX-License-Identifier: Apache-2.0
/// A host for unit tests of plugins: everything a plugin says is kept for the test to look at.
///
///   ordeal::testing::FakeHost host;
///   ordeal::testing::PluginFile plugin("org.example.echo.so");
///   auto* factory = plugin.factory<ordeal_collector_factory>(ORDEAL_COLLECTOR);
///   ordeal::testing::Instance collector(factory, host, "echo", "{}");
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fake_clock.hpp"
#include "ordeal/abi/scenario.h"
#include "ordeal/host.hpp"
#include "poll_reactor.hpp"

namespace ordeal::testing {

struct LogLine {
  std::uint32_t severity;
  std::string text;
};
struct DeclaredSeries {
  std::string name;
  std::uint32_t type;
  std::string labels;
};
struct PublishedEvent {
  std::string topic;
  std::string payload;
  std::string body;
};

/// The host of one component instance. One thread, except where the ABI says [any].
class FakeHost {
 public:
  FakeHost() : reactor_(clock_) {
    host_.struct_size = sizeof host_;
    host_.abi_major = ORDEAL_ABI_MAJOR;
    host_.abi_minor = ORDEAL_ABI_MINOR;
    host_.self = this;
    host_.get_extension = get_extension;
    host_.set_error = set_error;
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  [[nodiscard]] const ordeal_host* handle() const { return &host_; }
  [[nodiscard]] FakeClock& clock() { return clock_; }
  [[nodiscard]] PollReactor& reactor() { return reactor_; }

  /// Acts like a host without that service. Before the instance is made.
  void withhold(std::string_view id) { withheld_.insert(std::string(id)); }

  /// The text of the last set_error; take_error also forgets it.
  [[nodiscard]] const std::string& error() const { return error_; }
  std::string take_error() { return std::exchange(error_, {}); }

  /// Everything logged so far. [any]
  [[nodiscard]] std::vector<LogLine> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  /// Whether a line of at least this severity contains `text`. [any]
  [[nodiscard]] bool logged(std::string_view text,
                            std::uint32_t severity = ORDEAL_LOG_DEBUG) const {
    const std::lock_guard lock(mutex_);
    for (const LogLine& line : log_) {
      if (line.severity >= severity && line.text.find(text) != std::string::npos) return true;
    }
    return false;
  }

  /// What the plugin declared and recorded through ordeal.host.metrics/1: "name{labels}" -> value.
  [[nodiscard]] const std::vector<DeclaredSeries>& declared() const { return declared_; }
  [[nodiscard]] const std::map<std::string, double>& recorded() const { return recorded_; }

  /// The topics of the plugin's manifest: from now on others are ORDEAL_E_NOT_FOUND, and events
  /// carry their index in `subscribes`. Without this call every topic is declared.
  void declare_topics(std::vector<std::string> publishes, std::vector<std::string> subscribes) {
    publishes_ = std::move(publishes);
    subscribes_ = std::move(subscribes);
    topics_declared_ = true;
  }
  [[nodiscard]] const std::vector<PublishedEvent>& published() const { return published_; }
  /// Subscriptions end with the instance that made them.
  void forget_subscriptions() { subscribers_.clear(); }
  /// Delivers an event to every subscriber of `topic`; returns how many there are.
  std::size_t deliver(std::string_view topic, std::string_view payload,
                      std::string_view body = {}) {
    std::size_t count = 0;
    for (const Subscriber& to : subscribers_) {
      if (to.topic != topic) continue;
      ordeal_event event{};
      event.struct_size = sizeof event;
      event.topic = to.index;
      event.revision = 1;
      event.payload_size = static_cast<std::uint32_t>(payload.size());
      event.seq = ++seq_;
      event.mono_ns = clock_.now_ns();
      event.payload = payload.data();
      event.body = abi::str(body);
      to.fn(to.user, &event);
      ++count;
    }
    return count;
  }

  /// Runs the reactor until `done()` holds. False after `limit` of real time without it.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      reactor_.run_once(20);
    }
    return true;
  }
  /// Runs the reactor until nothing is ready.
  void run_ready() {
    while (reactor_.run_once(0) > 0) {
    }
  }

 private:
  struct Subscriber {
    std::string topic;
    std::uint32_t index;  // in the manifest's subscribes
    ordeal_event_fn fn;
    void* user;
  };

  static FakeHost& of(const ordeal_host* host) { return *static_cast<FakeHost*>(host->self); }

  static const void* get_extension(const ordeal_host* host, ordeal_str id) noexcept {
    static constexpr ordeal_host_log log{sizeof log, 0, write_log};
    static constexpr ordeal_host_clock clock{
        sizeof clock, 0, [](const ordeal_host* h) noexcept { return of(h).clock_.now_ns(); },
        [](const ordeal_host* h) noexcept { return of(h).clock_.wall_ns(); }};
    static constexpr ordeal_host_metrics metrics{sizeof metrics, 0, declare, record};
    static constexpr ordeal_host_bus bus{sizeof bus, 0, publish, subscribe};
    static constexpr ordeal_host_reactor reactor{sizeof reactor, 0,     watch,        rewatch,
                                                 unwatch,        timer, cancel_timer, post};
    const std::string_view wanted = abi::view(id);
    if (of(host).withheld_.count(std::string(wanted)) != 0) return nullptr;
    if (wanted == ORDEAL_HOST_LOG) return &log;
    if (wanted == ORDEAL_HOST_CLOCK) return &clock;
    if (wanted == ORDEAL_HOST_METRICS) return &metrics;
    if (wanted == ORDEAL_HOST_BUS) return &bus;
    if (wanted == ORDEAL_HOST_REACTOR) return &reactor;
    return nullptr;
  }
  static void set_error(const ordeal_host* host, ordeal_str message) noexcept {
    of(host).error_ = std::string(abi::view(message).substr(0, 1024));
  }
  static void write_log(const ordeal_host* host, std::uint32_t severity,
                        ordeal_str message) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    self.log_.push_back({severity, std::string(abi::view(message).substr(0, 4096))});
  }
  static std::int32_t declare(const ordeal_host* host, const ordeal_metric_info* info,
                              std::uint32_t* index) noexcept {
    FakeHost& self = of(host);
    const ordeal_metric_info known = abi::read(info);
    if (index == nullptr || known.name.len == 0) return ORDEAL_E_INVALID;
    if (self.declared_.size() >= 256) return ORDEAL_E_LIMIT;
    *index = static_cast<std::uint32_t>(self.declared_.size());
    self.declared_.push_back(
        {std::string(abi::view(known.name)), known.type, std::string(abi::view(known.labels))});
    return ORDEAL_OK;
  }
  static std::int32_t record(const ordeal_host* host, std::uint32_t index, ordeal_str labels,
                             double value) noexcept {
    FakeHost& self = of(host);
    if (index >= self.declared_.size()) return ORDEAL_E_NOT_FOUND;
    const std::string values(abi::view(labels));
    self.recorded_[self.declared_[index].name + "{" + values + "}"] = value;
    return ORDEAL_OK;
  }
  static std::int32_t publish(const ordeal_host* host, ordeal_str topic, const void* payload,
                              std::uint32_t size, ordeal_str body) noexcept {
    FakeHost& self = of(host);
    if (self.topics_declared_ && position(self.publishes_, topic) == self.publishes_.size())
      return ORDEAL_E_NOT_FOUND;
    if (payload == nullptr && size != 0) return ORDEAL_E_INVALID;
    if (size > ORDEAL_EVENT_PAYLOAD_MAX || body.len > ORDEAL_EVENT_BODY_MAX || self.too_fast())
      return ORDEAL_E_LIMIT;
    of(host).published_.push_back({std::string(abi::view(topic)),
                                   std::string(static_cast<const char*>(payload), size),
                                   std::string(abi::view(body))});
    return ORDEAL_OK;
  }
  static std::int32_t subscribe(const ordeal_host* host, ordeal_str topic, ordeal_event_fn fn,
                                void* user) noexcept {
    FakeHost& self = of(host);
    const std::size_t index = position(self.subscribes_, topic);
    if (self.topics_declared_ && index == self.subscribes_.size()) return ORDEAL_E_NOT_FOUND;
    if (fn == nullptr) return ORDEAL_E_INVALID;
    for (const Subscriber& known : self.subscribers_) {
      if (known.topic == abi::view(topic)) return ORDEAL_E_STATE;
    }
    self.subscribers_.push_back(
        {std::string(abi::view(topic)), static_cast<std::uint32_t>(index), fn, user});
    return ORDEAL_OK;
  }
  /// Index of a topic in a list; its size when it is not there.
  static std::size_t position(const std::vector<std::string>& list, ordeal_str topic) {
    std::size_t index = 0;
    while (index < list.size() && list[index] != abi::view(topic)) ++index;
    return index;
  }
  /// ORDEAL_EVENTS_PER_SECOND by the fake clock.
  bool too_fast() {
    const std::uint64_t now = clock_.now_ns();
    while (!recent_.empty() && now - recent_.front() >= 1'000'000'000U) recent_.pop_front();
    if (recent_.size() >= ORDEAL_EVENTS_PER_SECOND) return true;
    recent_.push_back(now);
    return false;
  }
  static std::int32_t watch(const ordeal_host* host, std::int32_t fd, std::uint32_t events,
                            ordeal_io_fn fn, void* user, std::uint64_t* id) noexcept {
    return of(host).reactor_.watch(fd, events, fn, user, id);
  }
  static std::int32_t rewatch(const ordeal_host* host, std::uint64_t id,
                              std::uint32_t events) noexcept {
    return of(host).reactor_.rewatch(id, events);
  }
  static std::int32_t unwatch(const ordeal_host* host, std::uint64_t id) noexcept {
    return of(host).reactor_.unwatch(id);
  }
  static std::int32_t timer(const ordeal_host* host, std::uint64_t at_ns, ordeal_task_fn fn,
                            void* user, std::uint64_t* id) noexcept {
    return of(host).reactor_.timer(at_ns, fn, user, id);
  }
  static std::int32_t cancel_timer(const ordeal_host* host, std::uint64_t id) noexcept {
    return of(host).reactor_.cancel_timer(id);
  }
  static std::int32_t post(const ordeal_host* host, ordeal_task_fn fn, void* user) noexcept {
    return of(host).reactor_.post(fn, user);
  }

  ordeal_host host_{};
  FakeClock clock_;
  PollReactor reactor_;
  std::set<std::string> withheld_;
  std::string error_;
  mutable std::mutex mutex_;
  std::vector<LogLine> log_;
  std::vector<DeclaredSeries> declared_;
  std::map<std::string, double> recorded_;
  std::vector<PublishedEvent> published_;
  bool topics_declared_ = false;
  std::vector<std::string> publishes_;
  std::vector<std::string> subscribes_;
  std::deque<std::uint64_t> recent_;  // when events were published, within the last second
  std::vector<Subscriber> subscribers_;
  std::uint64_t seq_ = 0;
};

}  // namespace ordeal::testing
