// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.process: what single processes use.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../procfs/text.h"
#include "config.h"
#include "ordeal/plugin.hpp"
#include "run_collector.h"
#include "target.h"

namespace process_collector {
namespace {

enum MetricIndex : std::uint32_t {
  up,
  resident_memory,
  cpu_seconds,
  cpu_ratio,
  open_fds,
  threads,
  read_bytes,
  write_bytes,
  start_time,
  metric_count
};

constexpr std::uint32_t gauge = ORDEAL_METRIC_GAUGE;
constexpr std::uint32_t counter = ORDEAL_METRIC_COUNTER;
constexpr std::string_view labels = "process,pid";

/// In the order of MetricIndex.
constexpr std::array<ordeal::Metric, metric_count> metric_table{{
    {"ordeal_process_up", gauge, "", labels, "1 while the process runs, else 0."},
    {"process_resident_memory_bytes", gauge, "bytes", labels, "Resident memory."},
    {"process_cpu_seconds_total", counter, "seconds", labels, "User and system CPU time."},
    {"ordeal_process_cpu_ratio", gauge, "ratio", labels,
     "CPUs kept busy since the previous reading: 1 is one whole CPU."},
    {"process_open_fds", gauge, "", labels, "Open file descriptors."},
    {"process_threads", gauge, "", labels, "Threads."},
    {"process_read_bytes_total", counter, "bytes", labels, "Bytes fetched from storage."},
    {"process_write_bytes_total", counter, "bytes", labels, "Bytes sent to storage."},
    {"process_start_time_seconds", gauge, "seconds", labels,
     "When the process was started, in seconds since 1970."},
}};

/// A target and what is remembered of it from one reading to the next.
struct Watched {
  Watched(const std::string& proc, int pid, bool may_change)
      : target(proc, pid), may_change(may_change) {}

  Target target;
  const bool may_change;  // another process under the same pid is still the target
  std::string name;       // the last one known
  std::optional<std::uint64_t> start_ticks;
  std::optional<double> cpu_seconds;
  std::uint64_t read_ns = 0;
  bool was_up = true;
};

class ProcessCollector final : public ordeal::Collector {
 public:
  explicit ProcessCollector(const ordeal::Context& context)
      : Collector(context), config_(parse_config(context.config)) {
    for (const int pid : config_.pids) {
      fixed_.push_back(std::make_unique<Watched>(config_.proc, pid, false));
    }
  }

  std::span<const ordeal::Metric> metrics() override { return metric_table; }

  void collect(ordeal::SampleSink& sink) override {
    if (!boot_.has_value()) boot_ = boot_time(config_.proc);
    for (const auto& watched : fixed_) read(*watched, sink);
    if (!config_.pid_file.empty()) read_pid_file(sink);
  }

 private:
  void read_pid_file(ordeal::SampleSink& sink) {
    std::ifstream file(config_.pid_file);
    int pid = 0;
    if (!(file >> pid) || pid < 1) {
      if (!told_) host().warning("no process id in " + config_.pid_file);
      told_ = true;
      if (from_file_ == nullptr) {
        sink.add(up, procfs::label(config_.name) + ",", 0);
        return;
      }
      pid = from_file_->target.pid();  // says that it has gone, or that only its file has
    } else {
      told_ = false;
    }
    if (from_file_ == nullptr || from_file_->target.pid() != pid) {
      from_file_ = std::make_unique<Watched>(config_.proc, pid, true);
    }
    read(*from_file_, sink);
  }

  void read(Watched& watched, ordeal::SampleSink& sink) {
    std::optional<Reading> reading = watched.target.read();
    if (reading.has_value() && watched.start_ticks.has_value() &&
        *watched.start_ticks != reading->start_ticks) {
      if (watched.may_change) {
        watched.cpu_seconds.reset();
      } else {
        reading.reset();  // the number was given to a stranger
      }
    }
    const std::string pid = std::to_string(watched.target.pid());
    if (!reading.has_value()) {
      if (watched.was_up) host().warning("process " + pid + " is not there");
      watched.was_up = false;
      watched.cpu_seconds.reset();
      sink.add(up, series(watched, pid), 0);
      return;
    }
    if (!watched.was_up) host().info("process " + pid + " is there");
    watched.was_up = true;
    watched.start_ticks = reading->start_ticks;
    watched.name = reading->comm;
    put(watched, *reading, series(watched, pid), sink);
  }

  void put(Watched& watched, const Reading& reading, const std::string& of,
           ordeal::SampleSink& sink) {
    const std::uint64_t now = host().now_ns();
    sink.add(up, of, 1);
    sink.add(resident_memory, of, reading.resident_bytes);
    sink.add(cpu_seconds, of, reading.cpu_seconds);
    if (watched.cpu_seconds.has_value() && now > watched.read_ns &&
        reading.cpu_seconds >= *watched.cpu_seconds) {
      sink.add(cpu_ratio, of,
               (reading.cpu_seconds - *watched.cpu_seconds) * 1e9 /
                   static_cast<double>(now - watched.read_ns));
    }
    if (reading.open_fds) sink.add(open_fds, of, *reading.open_fds);
    sink.add(threads, of, reading.threads);
    if (reading.read_bytes) sink.add(read_bytes, of, *reading.read_bytes);
    if (reading.write_bytes) sink.add(write_bytes, of, *reading.write_bytes);
    if (boot_.has_value()) {
      sink.add(start_time, of,
               *boot_ + static_cast<double>(reading.start_ticks) /
                            static_cast<double>(::sysconf(_SC_CLK_TCK)));
    }
    watched.cpu_seconds = reading.cpu_seconds;
    watched.read_ns = now;
  }

  [[nodiscard]] std::string series(const Watched& watched, const std::string& pid) const {
    return procfs::label(config_.name.empty() ? watched.name : config_.name) + "," + pid;
  }

  const Config config_;
  std::vector<std::unique_ptr<Watched>> fixed_;
  std::unique_ptr<Watched> from_file_;
  std::optional<double> boot_;
  bool told_ = false;
};

}  // namespace
}  // namespace process_collector

ORDEAL_PLUGIN("org.ordeal.process", "0.1.0",
              ordeal::collector<process_collector::ProcessCollector>("process"),
              ordeal::collector<process_collector::RunCollector>("run-processes"));
