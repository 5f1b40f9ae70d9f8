// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/protocol/cell.h"
#include "base/protocol/cell_codec.h"
#include "base/result.h"
#include "cell/host_instance.h"
#include "cell/loader.h"

namespace ordeal {

/// How a component answers the controller. One thread: the cell's.
using SendFn = std::function<void(CellMessage, const std::vector<std::byte>&)>;

/// One created component of a plugin, of any kind: the runner that turns messages into calls of the
/// C contract and results into messages. Destroying it destroys the plugin's instance.
class Component {
 public:
  Component(std::uint32_t number, std::unique_ptr<HostInstance> host, SendFn send)
      : number_(number), host_(std::move(host)), send_(std::move(send)) {
    host_->offer_metrics();
  }
  virtual ~Component() = default;
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  /// Calls the plugin's create and describe. Error: plugin_rejected, with the plugin's own words.
  virtual Result<Declared> create(const LoadedPlugin& plugin, std::string_view component,
                                  std::string_view config) = 0;
  /// One message for this instance; `in` stands behind the instance number. False: not for this
  /// kind.
  virtual bool handle(CellMessage type, Decoder& in) = 0;

  /// CellMessage::feed behind the instance. The descriptors are borrowed. False: as above.
  virtual bool feed(Decoder& in, std::span<const UniqueFd> fds) {
    static_cast<void>(in), static_cast<void>(fds);
    return false;
  }

  /// CellMessage::progress, likewise.
  virtual bool keep_progress(std::span<const UniqueFd> fds) {
    static_cast<void>(fds);
    return false;
  }

  /// CellMessage::events behind the instance, for a component of any kind.
  void deliver(Decoder& in) {
    if (host_->bus() != nullptr) host_->bus()->deliver(in);
  }
  /// Lines that the plugin logged beyond its rate since the last call.
  std::uint64_t take_dropped_lines() { return host_->take_dropped_lines(); }
  /// Events that it published beyond its rate since the last call.
  std::uint64_t take_refused_events() {
    return host_->bus() != nullptr ? host_->bus()->take_refused() : 0;
  }

 protected:
  [[nodiscard]] std::uint32_t number() const { return number_; }
  HostInstance& host() { return *host_; }
  void send(CellMessage type, const std::vector<std::byte>& payload) { send_(type, payload); }
  /// Sends what the plugin has recorded since the last time, if anything. Called once an interval,
  /// collect, evaluate or render.
  void send_metrics();
  Error rejected(const LoadedPlugin& plugin, std::string_view doing);

 private:
  std::uint32_t number_;
  std::unique_ptr<HostInstance> host_;
  SendFn send_;
};

/// The runner for "scenario", "collector", "rule" or "report"; nullptr for any other word.
std::unique_ptr<Component> make_component(std::string_view kind, std::uint32_t number,
                                          std::unique_ptr<HostInstance> host, SendFn send);

std::unique_ptr<Component> make_scenario(std::uint32_t, std::unique_ptr<HostInstance>, SendFn);
std::unique_ptr<Component> make_collector(std::uint32_t, std::unique_ptr<HostInstance>, SendFn);
std::unique_ptr<Component> make_rule(std::uint32_t, std::unique_ptr<HostInstance>, SendFn);
std::unique_ptr<Component> make_report(std::uint32_t, std::unique_ptr<HostInstance>, SendFn);

/// A plugin's struct as far as both sides know it: copies min(struct_size, known), zeroes the rest.
template <typename T>
T read_struct(const T* theirs) {
  T ours{};
  if (theirs != nullptr)
    std::memcpy(&ours, theirs, std::min<std::size_t>(theirs->struct_size, sizeof ours));
  return ours;
}

}  // namespace ordeal
