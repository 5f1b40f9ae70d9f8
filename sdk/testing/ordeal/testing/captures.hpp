// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordeal/abi/collector.h"
#include "ordeal/abi/report.h"
#include "ordeal/host.hpp"

namespace ordeal::testing {

/// Keeps what one collect call sampled.
class SampleCapture {
 public:
  struct Sample {
    std::uint32_t metric;
    std::string labels;
    double value;
  };

  SampleCapture() {
    sink_.struct_size = sizeof sink_;
    sink_.self = this;
    sink_.sample = [](const ordeal_sample_sink* sink, std::uint32_t metric, ordeal_str labels,
                      double value) noexcept -> std::int32_t {
      auto& self = *static_cast<SampleCapture*>(sink->self);
      if (self.samples_.size() >= 4096) return ORDEAL_E_LIMIT;
      self.samples_.push_back({metric, std::string(abi::view(labels)), value});
      return ORDEAL_OK;
    };
  }
  SampleCapture(const SampleCapture&) = delete;
  SampleCapture& operator=(const SampleCapture&) = delete;

  [[nodiscard]] const ordeal_sample_sink* handle() const { return &sink_; }
  [[nodiscard]] const std::vector<Sample>& samples() const { return samples_; }
  void clear() { samples_.clear(); }

 private:
  ordeal_sample_sink sink_{};
  std::vector<Sample> samples_;
};

/// A collector's metrics by name: pulls once and answers "name", "a,b" -> value.
class Pull {
 public:
  /// `status` is what collect returned.
  Pull(const ordeal_collector_factory* factory, void* collector) {
    const ordeal_metric_info* infos = nullptr;
    std::uint32_t count = 0;
    status = factory->describe(collector, &infos, &count);
    if (status != ORDEAL_OK) return;
    SampleCapture capture;
    status = factory->collect(collector, capture.handle());
    for (const SampleCapture::Sample& sample : capture.samples()) {
      if (sample.metric >= count) {
        ++undeclared;
        continue;
      }
      const auto* at = reinterpret_cast<const unsigned char*>(infos) +
                       std::size_t{sample.metric} * infos->struct_size;
      const ordeal_metric_info info = abi::read(reinterpret_cast<const ordeal_metric_info*>(at));
      values[std::string(abi::view(info.name))][sample.labels] = sample.value;
    }
  }
  /// The value of one series, or nothing when it was not sampled.
  [[nodiscard]] std::optional<double> get(const std::string& name,
                                          const std::string& labels = {}) const {
    const auto metric = values.find(name);
    if (metric == values.end()) return std::nullopt;
    const auto series = metric->second.find(labels);
    if (series == metric->second.end()) return std::nullopt;
    return series->second;
  }

  std::int32_t status = ORDEAL_OK;
  std::size_t undeclared = 0;  // samples whose index is not a declared metric
  std::map<std::string, std::map<std::string, double>> values;
};

/// Keeps the files of render calls in memory.
class FileCapture {
 public:
  FileCapture() {
    sink_.struct_size = sizeof sink_;
    sink_.self = this;
    sink_.begin = [](const ordeal_file_sink* sink, ordeal_str name) noexcept -> std::int32_t {
      FileCapture& self = of(sink);
      if (self.open_) return ORDEAL_E_STATE;
      if (!plain(abi::view(name))) return ORDEAL_E_INVALID;
      self.open_ = true;
      self.name_ = std::string(abi::view(name));
      self.bytes_.clear();
      return ORDEAL_OK;
    };
    sink_.write = [](const ordeal_file_sink* sink, const void* bytes,
                     std::uint64_t size) noexcept -> std::int32_t {
      FileCapture& self = of(sink);
      if (!self.open_) return ORDEAL_E_STATE;
      if (self.bytes_.size() + size > (64U << 20U)) return ORDEAL_E_LIMIT;
      self.bytes_.append(static_cast<const char*>(bytes), size);
      return ORDEAL_OK;
    };
    sink_.end = [](const ordeal_file_sink* sink) noexcept -> std::int32_t {
      FileCapture& self = of(sink);
      if (!self.open_) return ORDEAL_E_STATE;
      self.open_ = false;
      self.files_[self.name_] = self.bytes_;
      return ORDEAL_OK;
    };
  }
  FileCapture(const FileCapture&) = delete;
  FileCapture& operator=(const FileCapture&) = delete;

  [[nodiscard]] const ordeal_file_sink* handle() const { return &sink_; }
  /// Finished files: name -> bytes.
  [[nodiscard]] const std::map<std::string, std::string>& files() const { return files_; }

 private:
  static FileCapture& of(const ordeal_file_sink* sink) {
    return *static_cast<FileCapture*>(sink->self);
  }
  static bool plain(std::string_view name) {
    if (name.empty() || name.size() > 200 || name.front() == '.') return false;
    for (const char c : name) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') return false;
    }
    return true;
  }

  ordeal_file_sink sink_{};
  bool open_ = false;
  std::string name_;
  std::string bytes_;
  std::map<std::string, std::string> files_;
};

}  // namespace ordeal::testing
