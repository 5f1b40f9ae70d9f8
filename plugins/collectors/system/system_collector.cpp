// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.system: what the machine as a whole is doing, from /proc and statvfs.
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ordeal/plugin.hpp"
#include "source.h"

namespace system_collector {

std::optional<std::string_view> LoggedFile::read(std::string& buffer) {
  const auto text = file_.read(buffer);
  if (!text.has_value() && !told_) {
    host_.warning(file_.path() + " cannot be read (" + std::strerror(file_.error()) +
                  "): its metrics are missing");
  }
  told_ = !text.has_value();
  return text;
}

namespace {

class SystemCollector final : public ordeal::Collector {
 public:
  explicit SystemCollector(const ordeal::Context& context)
      : Collector(context), config_(parse_config(context.config)) {
    for (const auto make : {make_cpu, make_memory, make_pressure, make_filesystems, make_disks,
                            make_network, make_kernel}) {
      sources_.push_back(make(host(), config_));
    }
  }

  std::span<const ordeal::Metric> metrics() override { return metric_table; }

  void collect(ordeal::SampleSink& sink) override {
    Out out(sink);
    for (const auto& source : sources_) source->read(buffer_, out);
    if (out.count() == 0) {
      throw ordeal::Failure(ORDEAL_E_IO, "nothing could be read under " + config_.proc);
    }
  }

 private:
  const Config config_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::string buffer_;
};

}  // namespace
}  // namespace system_collector

ORDEAL_PLUGIN("org.ordeal.system", "0.1.0",
              ordeal::collector<system_collector::SystemCollector>("system"));
