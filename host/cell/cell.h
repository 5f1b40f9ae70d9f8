// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/channel.h"
#include "base/clock.h"
#include "cell/component.h"
#include "cell/loader.h"
#include "cell/plugin_marks.h"
#include "cell/process_service.h"
#include "cell/sandbox.h"
#include "engine/reactor.h"

namespace ordeal {

/// The life of an ordeal-cell: reads messages from its channel, loads plugins, holds components.
/// One thread, the reactor's, does everything; plugin threads may only log and post.
class Cell {
 public:
  /// `init` may be empty: then plugins get no ordeal.host.process/1.
  Cell(Channel channel, Channel init, Reactor& reactor, const Clock& clock);
  ~Cell();

  /// Says hello and serves until told to shut down or the channel closes. Returns the exit code.
  int run();

 private:
  struct Loaded {
    std::unique_ptr<LoadedPlugin> plugin;
    std::unique_ptr<HostInstance> host;
    std::string manifest;
    PluginTopics topics;
  };
  struct QueuedLine {
    std::uint32_t severity;
    std::string channel;
    std::string text;
  };

  void readable();
  void handle(const Message& message);
  void confine(const Confinement& confinement);
  void pin(std::uint32_t core);
  void load(Decoder& in);
  void create(Decoder& in);
  void send(CellMessage type, const std::vector<std::byte>& payload);
  void watch_output();
  void send_line(const QueuedLine& line);
  void alive();
  void send_trouble(std::uint32_t instance, std::string_view kind, std::uint64_t count,
                    std::string_view detail);
  void look_for_trouble();
  HostInstance::LogFn logger(const std::string& plugin_id);

  Channel channel_;
  Reactor& reactor_;
  const Clock& clock_;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::uint64_t watch_ = 0;
  bool waiting_to_write_ = false;
  bool orderly_ = false;                       // told to end, or nobody is left to serve
  std::unique_ptr<ProcessService> processes_;  // outlives the instances below
  std::unique_ptr<Sandbox> sandbox_;           // from the first load on
  std::unique_ptr<PluginMarks> marks_;
  std::map<std::string, Loaded> plugins_;
  std::map<std::uint32_t, std::unique_ptr<Component>> components_;
  std::mutex lines_mutex_;
  std::deque<QueuedLine> lines_;
};

}  // namespace ordeal
