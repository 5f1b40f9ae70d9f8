// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/protocol/cell_codec.h"
#include "ordeal/abi/metrics.h"

namespace ordeal {

/// The table of ordeal.host.metrics/1. Its functions are for hosts whose HostInstance has metrics.
extern const ordeal_host_metrics metrics_table;

/// The metrics that one plugin instance reports of its own accord, until they are sent. One thread,
/// the cell's.
class InstanceMetrics {
 public:
  static constexpr std::size_t metrics_max = 256;
  /// Series between two takes; more are ORDEAL_E_LIMIT.
  static constexpr std::size_t series_max = 4096;

  /// As ordeal_host_metrics::declare. ORDEAL_E_INVALID for a name that Prometheus would not take or
  /// that is declared already, or an unknown type. Strings are copied.
  std::int32_t declare(const ordeal_metric_info& info, std::uint32_t* index);
  /// As ordeal_host_metrics::record. ORDEAL_E_NOT_FOUND, ORDEAL_E_LIMIT; ORDEAL_E_INVALID for a
  /// value that is not finite or label values that are not as many as declared.
  std::int32_t record(std::uint32_t index, std::string_view labels, double value);

  [[nodiscard]] bool empty() const { return sent_ == declared_.size() && values_.empty(); }
  /// Writes what is new since the last call, as CellMessage::metrics has it behind the instance.
  void take(Encoder& out);

 private:
  std::vector<DeclaredMetric> declared_;
  std::size_t sent_ = 0;
  std::map<std::pair<std::uint32_t, std::string>, double> values_;
};

}  // namespace ordeal
