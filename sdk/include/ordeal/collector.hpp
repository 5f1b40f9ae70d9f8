// SPDX-License-Identifier: Apache-2.0
/// Collectors in C++: derive from Collector, name the class in ORDEAL_PLUGIN (plugin.hpp).
/// abi/collector.h is the specification; here only what the C++ form adds. All [worker]. Since 0.1.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/collector.h"
#include "component.hpp"

namespace ordeal {

namespace detail {
struct CollectorThunks;
}

/// One declared metric. The texts live as long as the instance: literals, or members of it.
struct Metric {
  std::string_view name;    // Prometheus name in base units
  std::uint32_t type;       // ORDEAL_METRIC_GAUGE or ORDEAL_METRIC_COUNTER
  std::string_view unit;    // "bytes", "seconds", "ratio", ""
  std::string_view labels;  // label names separated by commas; may be empty
  std::string_view help;    // one sentence
};

/// Where one Collector::collect puts its values. Valid during that call.
class SampleSink {
 public:
  explicit SampleSink(const ordeal_sample_sink* sink) noexcept : sink_(sink) {}

  /// One value of the metric with that index; `labels` are its label values in the order declared,
  /// separated by commas (a comma inside a value is %2C). What cannot be read is left out, never 0.
  /// Returns ORDEAL_OK, ORDEAL_E_NOT_FOUND for an index that was not declared, or ORDEAL_E_LIMIT
  /// after 4,096 values in one call.
  std::int32_t add(std::uint32_t metric, std::string_view labels, double value) noexcept {
    return sink_->sample(sink_, metric, abi::str(labels), value);
  }

 private:
  const ordeal_sample_sink* sink_;
};

/// Every function is called on [worker].
class Collector {
 public:
  explicit Collector(const Context& context) noexcept : host_(context.host) {}
  virtual ~Collector() = default;
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// The declared metrics; they stay the collector's. Called once, directly after the constructor.
  /// An exception refuses the component.
  virtual std::span<const Metric> metrics() = 0;
  /// Reads once. An exception is an error of the whole call: its samples are lost, the host backs
  /// off.
  virtual void collect(SampleSink& sink) = 0;

 protected:
  [[nodiscard]] const Host& host() const noexcept { return host_; }

 private:
  friend struct detail::CollectorThunks;
  Host host_;
  std::vector<ordeal_metric_info> infos_;
};

namespace detail {

/// The C functions over Collector: `instance` is the Collector itself.
struct CollectorThunks {
  static void destroy(void* instance) noexcept { delete static_cast<Collector*>(instance); }

  static std::int32_t describe(void* instance, const ordeal_metric_info** infos,
                               std::uint32_t* count) noexcept {
    auto& self = *static_cast<Collector*>(instance);
    return guarded(self.host_, [&] {
      if (infos == nullptr || count == nullptr) {
        throw Failure(ORDEAL_E_INVALID, "describe: a NULL pointer");
      }
      const bool first = self.infos_.empty();
      std::vector<ordeal_metric_info> made;  // kept when whole: memory may run out in the middle
      for (const Metric& metric : first ? self.metrics() : std::span<const Metric>{}) {
        ordeal_metric_info info{};
        info.struct_size = sizeof info;
        info.type = metric.type;
        info.name = abi::str(metric.name);
        info.unit = abi::str(metric.unit);
        info.help = abi::str(metric.help);
        info.labels = abi::str(metric.labels);
        made.push_back(info);
      }
      if (first) self.infos_ = std::move(made);
      *infos = self.infos_.data();
      *count = static_cast<std::uint32_t>(self.infos_.size());
    });
  }

  static std::int32_t collect(void* instance, const ordeal_sample_sink* sink) noexcept {
    auto& self = *static_cast<Collector*>(instance);
    return guarded(self.host_, [&] {
      if (sink == nullptr) throw Failure(ORDEAL_E_INVALID, "collect: sink is NULL");
      SampleSink to(sink);
      self.collect(to);
    });
  }
};

}  // namespace detail
}  // namespace ordeal
