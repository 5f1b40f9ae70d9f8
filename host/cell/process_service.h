// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "base/channel.h"
#include "base/codec.h"
#include "engine/reactor.h"
#include "ordeal/abi/process.h"

namespace ordeal {

class HostInstance;

/// The table of ordeal.host.process/1. Its functions are for hosts whose HostInstance has a
/// ProcessService.
extern const ordeal_host_process process_table;

/// Children of a cell's plugins, started by the init of the cell's containment. One thread, the
/// reactor's, on which the plugins' callbacks run too. Outlives the instances it serves.
class ProcessService {
 public:
  /// `init` is the channel that StartFlag::init_channel gave the cell.
  ProcessService(Channel init, Reactor& reactor);
  ~ProcessService();
  ProcessService(const ProcessService&) = delete;
  ProcessService& operator=(const ProcessService&) = delete;

  /// As ordeal_host_process::start, for `owner`. ORDEAL_E_INVALID, ORDEAL_E_LIMIT (longer than one
  /// frame), ORDEAL_E_IO (the init is gone); all but the last with owner's error text set.
  std::int32_t start(HostInstance& owner, const ordeal_process_spec& spec,
                     ordeal_process_started_fn started, ordeal_process_exit_fn exited, void* user,
                     std::uint64_t* process);
  /// As ordeal_host_process::signal. ORDEAL_E_NOT_FOUND for a child that has ended or is another's.
  std::int32_t signal(const HostInstance& owner, std::uint64_t process, std::int32_t signal);
  /// Sends SIGKILL to every child of `owner` and never calls it back again.
  void close(const HostInstance& owner);

 private:
  struct Child {
    const HostInstance* owner;
    ordeal_process_started_fn started;
    ordeal_process_exit_fn exited;
    void* user;
    bool running;  // `started` was called with 0
  };

  void readable();
  void take(Message& message);
  void started(std::uint32_t token, Decoder& in, Message& message);
  void exited(std::uint32_t token, Decoder& in);
  void fail(std::uint32_t token, std::int32_t error);
  void lost(const Error& error);
  void send_signal(std::uint32_t token, std::int32_t signal);
  void watch_output();

  Channel init_;
  Reactor& reactor_;
  std::uint64_t watch_ = 0;
  bool waiting_to_write_ = false;
  bool lost_ = false;
  std::uint32_t next_token_ = 1;
  std::map<std::uint32_t, Child> children_;  // by token, which plugins know as `process`
};

}  // namespace ordeal
