// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace process_collector {

/// One reading of a process. What could not be read is absent.
struct Reading {
  std::string comm;
  std::uint64_t start_ticks = 0;  // since boot: with the pid, the identity of the process
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double threads = 0;
  std::optional<double> open_fds;
  std::optional<double> read_bytes;
  std::optional<double> write_bytes;
};

/// One process id, watched through a descriptor of its /proc folder: after the process has gone it
/// can never lead to another one.
class Target {
 public:
  Target(const std::string& proc, int pid) : proc_(proc), pid_(pid) {}
  ~Target() { close(); }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  /// Nothing when there is no such process (any more); a zombie is none.
  std::optional<Reading> read();
  [[nodiscard]] int pid() const { return pid_; }

 private:
  std::optional<Reading> read_open();
  std::optional<std::string> text_of(const char* name) const;
  std::optional<double> count_fds() const;
  void close();

  const std::string proc_;
  const int pid_;
  int folder_ = -1;
};

/// Seconds since 1970 at which the machine was started, from PROC/stat.
std::optional<double> boot_time(const std::string& proc);

}  // namespace process_collector
