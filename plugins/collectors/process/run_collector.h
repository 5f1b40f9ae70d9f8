// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "ordeal/collector.hpp"

namespace process_collector {

/// The component run-processes: what the run itself consists of.
class RunCollector final : public ordeal::Collector {
 public:
  explicit RunCollector(const ordeal::Context& context);
  std::span<const ordeal::Metric> metrics() override;
  void collect(ordeal::SampleSink& sink) override;

 private:
  const std::string proc_;
};

}  // namespace process_collector
