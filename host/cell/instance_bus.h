// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/protocol/cell.h"
#include "base/protocol/cell_codec.h"
#include "ordeal/abi/bus.h"

namespace ordeal {

class HostInstance;

/// The table of ordeal.host.bus/1. Its functions are for hosts whose HostInstance has a bus.
extern const ordeal_host_bus bus_table;

/// The bus as one plugin instance sees it: declared topics only, at a bounded rate, events one at a
/// time. One thread, the cell's.
class InstanceBus {
 public:
  using SendFn = std::function<void(CellMessage, const std::vector<std::byte>&)>;

  /// `host` has this bus and outlives it; `instance` is the number that messages begin with.
  InstanceBus(HostInstance& host, std::uint32_t instance, PluginTopics topics, SendFn send);

  /// As ordeal_host_bus has them.
  std::int32_t publish(std::string_view topic, const void* payload, std::uint32_t size,
                       std::string_view body);
  std::int32_t subscribe(std::string_view topic, ordeal_event_fn fn, void* user);

  /// CellMessage::events behind the instance: calls back later, in each turn of the reactor for no
  /// longer than 200 us and the event begun, so that a slow subscriber does not keep its cell from
  /// saying that it lives.
  void deliver(Decoder& in);

  /// "" or the first use of a topic that the manifest does not declare, as a sentence.
  [[nodiscard]] const std::string& undeclared() const { return undeclared_; }
  /// Events that came too fast and were refused, since the last call.
  std::uint64_t take_refused() { return std::exchange(refused_, 0); }

 private:
  struct Subscription {
    ordeal_event_fn fn = nullptr;
    void* user = nullptr;
  };
  struct Waiting {
    ordeal_event event;
    std::vector<std::byte> payload;
    std::vector<std::byte> body;
  };

  std::int32_t not_declared(std::string_view topic, const char* does, const char* list);
  bool too_fast();
  void turn();
  void call_next();
  void report_taken();

  HostInstance& host_;
  const std::uint32_t instance_;
  const PluginTopics topics_;
  SendFn send_;
  std::vector<Subscription> subscriptions_;  // by topic
  std::deque<Waiting> waiting_;
  std::uint32_t taken_ = 0;
  bool posted_ = false;
  std::array<std::uint64_t, ORDEAL_EVENTS_PER_SECOND> times_{};  // of the newest events published
  std::size_t next_time_ = 0;
  std::uint64_t refused_ = 0;
  std::string undeclared_;
};

}  // namespace ordeal
