// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "e2e/program.h"

namespace ordeal::testing {

/// A real nginx on 127.0.0.1 with a folder, port and configuration of its own; stopped by pid.
class Nginx {
 public:
  /// `failing_percent` of the requests for / are answered 503; `more` goes into the http block.
  explicit Nginx(const std::string& folder, int failing_percent = 0, const std::string& more = {});
  ~Nginx();

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }
  /// Requests served so far, as stub_status counts them, without our own status reads.
  std::uint64_t requests();
  void stop();
  /// Its worker answers nothing until resumed; the kernel goes on accepting.
  void pause() const;
  void resume() const;
  /// Ends its worker, and with it all connections; another takes its place.
  void replace_worker() const;

 private:
  void signal_worker(int number) const;

  int port_ = 0;
  std::uint64_t own_reads_ = 0;
  std::unique_ptr<Program> program_;
};

/// A TCP port of 127.0.0.1 that was free a moment ago.
int free_port();
/// The body of GET `path`, or "" when nothing answers.
std::string http_get(int port, const std::string& path);

}  // namespace ordeal::testing
