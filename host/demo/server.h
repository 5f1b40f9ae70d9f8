// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "demo/connection.h"
#include "demo/flaws.h"
#include "demo/options.h"

namespace ordeal::demo {

/// The server: one thread, one epoll, loopback only. A request occupies a timer for its service
/// time, never the thread; a stall, on purpose, blocks everything.
class Server {
 public:
  enum class Ended : std::uint8_t { signal, lifetime };

  /// `clock` outlives the server.
  Server(const Options& options, const Clock& clock);

  /// Binds 127.0.0.1 and blocks SIGTERM and SIGINT, to be read in run(). Returns the port.
  /// Error: ExitCode::preflight with the reason ("binding 127.0.0.1:80: Permission denied").
  Result<std::uint16_t> listen();

  /// Serves until a signal or the end of its lifetime. Call listen() first.
  /// Error: ExitCode::internal when epoll itself fails.
  Result<Ended> run();

 private:
  struct Busy {
    std::uint64_t connection;
    std::uint64_t done_ns;
  };

  Result<void> watch(int fd, std::uint64_t id);
  void arm_timer();
  void accept_clients();
  void serve_events(std::uint64_t id, std::uint32_t events);
  void read_from(Connection& connection);
  /// Answers or queues what waits, sends, adjusts epoll; closes the connection if it is over.
  void advance(std::uint64_t id, Connection& connection);
  void complete_due(std::uint64_t now_ns);
  void fill_service();
  void stall_if_due();
  void answer(Connection& connection);
  void close(std::uint64_t id);
  [[nodiscard]] std::string status() const;

  Options options_;
  const Clock& clock_;
  std::uint64_t started_ns_;
  std::uint64_t ends_ns_;
  Flaws flaws_;
  UniqueFd epoll_;
  UniqueFd listener_;
  UniqueFd signals_;
  UniqueFd timer_;
  std::uint64_t armed_ns_ = 0;
  bool accepting_ = true;
  std::uint64_t next_id_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  // One service time for all: who starts first is done first, so queues do instead of a heap.
  std::deque<Busy> busy_;
  std::deque<std::uint64_t> queued_;
  std::uint64_t requests_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t bad_requests_ = 0;
  std::uint64_t accepted_ = 0;
};

}  // namespace ordeal::demo
