// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cell/instance_bus.h"
#include "cell/instance_metrics.h"
#include "cell/process_service.h"
#include "engine/reactor.h"
#include "ordeal/abi/base.h"

namespace ordeal {

/// The host as one plugin instance sees it: an ordeal_host and the services behind it. Lives longer
/// than the instance. Its thread is the cell's; only the services marked [any] may come from
/// others.
class HostInstance {
 public:
  /// Where a plugin's log lines go; called on any thread.
  using LogFn = std::function<void(std::uint32_t severity, std::string_view message)>;

  /// Without `processes` there is no ordeal.host.process/1.
  HostInstance(Reactor& reactor, const Clock& clock, LogFn log,
               ProcessService* processes = nullptr);
  ~HostInstance() { close(); }
  HostInstance(const HostInstance&) = delete;
  HostInstance& operator=(const HostInstance&) = delete;

  [[nodiscard]] const ordeal_host* host() const { return &host_; }
  /// The text of the last set_error, cleared by the call; `fallback` when there was none.
  std::string take_error(std::string_view fallback);

  Reactor& reactor() { return reactor_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  /// [any] Posts to the reactor for this instance: a task still queued at close() never runs.
  std::int32_t post(ordeal_task_fn fn, void* user);
  /// Refuses posts from now on and forgets those that wait, kills its processes and forgets their
  /// callbacks. Before the instance is destroyed; again does nothing.
  void close();
  /// nullptr: not in this cell, or closed.
  [[nodiscard]] ProcessService* processes() const { return processes_; }
  /// Offers ordeal.host.metrics/1 from now on: for whoever sends what is recorded.
  void offer_metrics() { metrics_.emplace(); }
  /// nullptr: not offered.
  [[nodiscard]] InstanceMetrics* metrics() { return metrics_ ? &*metrics_ : nullptr; }
  /// Offers ordeal.host.bus/1 from now on: for whoever passes its messages on.
  InstanceBus& offer_bus(std::uint32_t instance, PluginTopics topics, InstanceBus::SendFn send) {
    return bus_.emplace(*this, instance, std::move(topics), std::move(send));
  }
  /// nullptr: not offered.
  [[nodiscard]] InstanceBus* bus() { return bus_ ? &*bus_ : nullptr; }
  /// close() was called.
  [[nodiscard]] bool closed() const { return life_->over.load(); }
  /// [any] Applies the rate limit of ordeal.host.log/1.
  void write_log(std::uint32_t severity, std::string_view message);
  /// Lines that the rate limit dropped since the last call.
  std::uint64_t take_dropped_lines();

 private:
  ordeal_host host_{};
  Reactor& reactor_;
  const Clock& clock_;
  LogFn log_;
  ProcessService* processes_;
  struct Life {
    std::atomic<bool> over{false};
  };
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
  std::optional<InstanceMetrics> metrics_;
  std::optional<InstanceBus> bus_;
  std::string error_;
  std::atomic<std::uint64_t> window_start_ns_{0};
  std::atomic<std::uint32_t> lines_{0};
  std::atomic<std::uint64_t> dropped_lines_{0};
};

/// A C++ view of ABI text, and the reverse. The view lives as long as the text.
inline std::string_view view(ordeal_str text) {
  return text.ptr == nullptr ? std::string_view{} : std::string_view(text.ptr, text.len);
}
inline ordeal_str abi_text(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace ordeal
