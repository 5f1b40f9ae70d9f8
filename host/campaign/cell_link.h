// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/channel.h"
#include "base/protocol/cell.h"
#include "base/protocol/cell_codec.h"
#include "campaign/loop.h"
#include "engine/feeder_spec.h"
#include "engine/load_spec.h"
#include "engine/worker_progress.h"
#include "registry/registry.h"

namespace ordeal {

/// The host's end of one ordeal-cell: messages out, messages in, and how it ended. One thread, the
/// loop's. Restarting means a new CellLink.
class CellLink {
 public:
  /// Called for every message the link does not handle itself (it handles hello, alive, log_line,
  /// loaded and created). A trouble's first field is its instance, too.
  using MessageFn = std::function<void(CellLink&, CellMessage, Decoder&)>;

  /// `name` is the cell's in logs and reports; the channel is ours, its other end the cell's.
  CellLink(Loop& loop, std::string name, Channel channel, MessageFn on_message);
  ~CellLink();
  CellLink(const CellLink&) = delete;
  CellLink& operator=(const CellLink&) = delete;

  /// What all plugins of the cell together may do, and how many descriptors it may have (0: as many
  /// as the host). Before the first load, which otherwise grants what its own plugin asks for.
  void confine(const std::vector<std::string>& privileges, std::uint32_t files);
  /// Keeps the whole process on one core. Before the first load.
  void pin(std::uint32_t core);
  void load(const PluginInfo& plugin);
  void create(std::uint32_t instance, const std::string& plugin, std::string_view kind,
              std::string_view component, std::string_view config);
  void begin(std::uint32_t instance, std::uint32_t load, std::uint32_t worker,
             std::uint32_t generation, std::uint64_t interval_ns, const LoadSpec& spec);
  /// Where a scenario's operations get their data. Before begin(); the descriptors are borrowed.
  void feed(std::uint32_t instance, const FeederSpec& spec, int file, int index);
  void keep_progress(std::uint32_t instance, const SharedProgress& progress);
  void throttle(std::uint32_t instance, double factor);
  void stop(std::uint32_t instance, std::uint64_t drain_ns);
  void collect(std::uint32_t instance, std::uint64_t token);
  void evaluate(std::uint32_t instance, std::uint64_t token, const Snapshot& snapshot);
  void render(std::uint32_t instance, std::uint64_t token, std::uint32_t stage,
              std::string_view document);
  /// One interval/1 event for a report that streams. False: too much waits already, it was dropped.
  bool interval(std::uint32_t instance, std::string_view json);
  /// Events of third-party topics; answered by `taken`, which bounds what is sent.
  void events(std::uint32_t instance, std::span<const TopicEvent> events);
  void shutdown();

  [[nodiscard]] const std::string& name() const { return name_; }
  /// The host's view of its pid; 0 until it has said hello.
  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] bool up() const { return pid_ != 0 && !ended(); }
  /// The channel is closed: the process is gone or going.
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool ended() const { return wait_status_.has_value() || start_error_ != 0; }
  [[nodiscard]] std::uint64_t last_alive_ns() const { return last_alive_ns_; }
  /// "" while it lives; how it died. One that has been silent for 5 s, or has closed its channel
  /// and goes on, is killed.
  std::string death();
  /// "" while nothing stands against it; else why `plugin` (with its component `instance`) cannot
  /// be used, naming it. A cell that died before it answered is such a reason.
  [[nodiscard]] std::string refusal(const PluginInfo& plugin, std::uint32_t instance) const;
  [[nodiscard]] std::uint64_t overruns() const { return overruns_; }
  [[nodiscard]] const std::deque<std::string>& last_log() const { return last_log_; }

  /// What load and create came to: "" succeeded, text failed, nullopt not answered yet.
  [[nodiscard]] std::optional<std::string> load_answer(const std::string& plugin) const;
  [[nodiscard]] std::optional<std::string> create_answer(std::uint32_t instance) const;
  [[nodiscard]] const Declared& declared(std::uint32_t instance) { return declared_[instance]; }

  /// Told by whoever started the process.
  void set_started(int start_errno, UniqueFd pidfd);
  void set_exited(int wait_status);
  /// Sends `signal` through the pidfd, if it is known.
  void kill(int signal);
  /// "signal SIGKILL", "exit 3", "start: No such file", "running".
  [[nodiscard]] std::string how_it_ended() const;

 private:
  void send(CellMessage type, const std::vector<std::byte>& payload, std::span<const int> fds = {});
  /// `all`: until nothing is left, as of a process that has ended.
  void readable(bool all);
  void update_events();
  [[nodiscard]] std::string how_it_closed() const;
  void message(const Message& message);

  Loop& loop_;
  std::string name_;
  Channel channel_;
  MessageFn on_message_;
  Loop::Id watch_ = 0;
  int pid_ = 0;
  bool closed_ = false;
  std::string broken_;  // what it sent that is no message
  bool confined_ = false;
  std::uint64_t closed_ns_ = 0;
  UniqueFd pidfd_;
  int start_error_ = 0;
  std::optional<int> wait_status_;
  std::uint64_t last_alive_ns_ = 0;
  std::uint64_t overruns_ = 0;
  std::deque<std::string> last_log_;
  // Of what was asked for, and never twice: a plugin could write to the channel itself.
  std::map<std::string, std::optional<std::string>> load_answers_;
  std::map<std::uint32_t, std::optional<std::string>> create_answers_;
  std::map<std::uint32_t, Declared> declared_;
};

/// Starts cells: through the init of a containment, or as children of this process.
class CellStarter {
 public:
  virtual ~CellStarter() = default;
  /// Starts a cell and makes its link. The starter tells the link how the process fares; it must
  /// outlive the link or be told by forget().
  virtual Result<std::unique_ptr<CellLink>> start(const std::string& name,
                                                  CellLink::MessageFn on_message) = 0;
  virtual void forget(CellLink& link) = 0;
};

}  // namespace ordeal
