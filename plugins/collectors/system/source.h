// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "../procfs/proc_file.h"
#include "config.h"
#include "metrics.h"
#include "ordeal/collector.hpp"

namespace system_collector {

/// Where the sources put their samples: counts them, so that an empty reading is noticed.
class Out {
 public:
  explicit Out(ordeal::SampleSink& sink) : sink_(sink) {}
  void add(MetricIndex metric, std::string_view labels, double value) {
    if (sink_.add(metric, labels, value) == ORDEAL_OK) ++count_;
  }
  void add(MetricIndex metric, double value) { add(metric, {}, value); }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  ordeal::SampleSink& sink_;
  std::uint64_t count_ = 0;
};

/// A /proc file whose absence is worth one line of log, no more.
class LoggedFile {
 public:
  LoggedFile(const ordeal::Host& host, std::string path) : host_(host), file_(std::move(path)) {}
  std::optional<std::string_view> read(std::string& buffer);

 private:
  const ordeal::Host& host_;
  procfs::ProcFile file_;
  bool told_ = false;
};

/// What one part of the machine says. [worker]
class Source {
 public:
  virtual ~Source() = default;
  /// Reads once. `buffer` is scratch space shared by all sources.
  virtual void read(std::string& buffer, Out& out) = 0;
};

/// `host` must outlive the source.
std::unique_ptr<Source> make_cpu(const ordeal::Host& host, const Config& config);
std::unique_ptr<Source> make_memory(const ordeal::Host& host, const Config& config);
std::unique_ptr<Source> make_pressure(const ordeal::Host& host, const Config& config);
std::unique_ptr<Source> make_filesystems(const ordeal::Host& host, const Config& config);
std::unique_ptr<Source> make_disks(const ordeal::Host& host, const Config& config);
std::unique_ptr<Source> make_network(const ordeal::Host& host, const Config& config);
std::unique_ptr<Source> make_kernel(const ordeal::Host& host, const Config& config);

}  // namespace system_collector
