// SPDX-License-Identifier: Apache-2.0
/// Load average, file handles, and the reclaim, swap and out-of-memory counters.
#include <array>
#include <optional>
#include <utility>

#include "../procfs/text.h"
#include "source.h"

namespace system_collector {
namespace {

using procfs::decimal_number;
using procfs::take_line;
using procfs::take_word;
using procfs::unsigned_number;

class Kernel final : public Source {
 public:
  Kernel(const ordeal::Host& host, const Config& config)
      : loadavg_(host, config.proc + "/loadavg"),
        file_nr_(host, config.proc + "/sys/fs/file-nr"),
        vmstat_(host, config.proc + "/vmstat") {}

  void read(std::string& buffer, Out& out) override {
    if (auto text = loadavg_.read(buffer)) {
      for (const MetricIndex metric : {load1, load5, load15}) {
        if (const auto value = decimal_number(take_word(*text))) out.add(metric, *value);
      }
    }
    if (auto text = file_nr_.read(buffer)) {
      const auto allocated = unsigned_number(take_word(*text));
      take_word(*text);  // always 0 since Linux 2.6
      const auto maximum = unsigned_number(take_word(*text));
      if (allocated.has_value()) out.add(filefd_allocated, static_cast<double>(*allocated));
      if (maximum.has_value()) out.add(filefd_maximum, static_cast<double>(*maximum));
    }
    if (auto text = vmstat_.read(buffer)) {
      while (!text->empty()) {
        std::string_view line = take_line(*text);
        const std::optional<MetricIndex> metric = metric_of(take_word(line));
        if (!metric.has_value()) continue;
        if (const auto value = unsigned_number(take_word(line))) {
          out.add(*metric, static_cast<double>(*value));
        }
      }
    }
  }

 private:
  static std::optional<MetricIndex> metric_of(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, MetricIndex>, 6> known{
        {{"pgscan_kswapd", vmstat_pgscan_kswapd},
         {"pgscan_direct", vmstat_pgscan_direct},
         {"pgmajfault", vmstat_pgmajfault},
         {"pswpin", vmstat_pswpin},
         {"pswpout", vmstat_pswpout},
         {"oom_kill", vmstat_oom_kill}}};
    for (const auto& [text, metric] : known) {
      if (text == name) return metric;
    }
    return std::nullopt;
  }

  LoggedFile loadavg_;
  LoggedFile file_nr_;
  LoggedFile vmstat_;
};

}  // namespace

std::unique_ptr<Source> make_kernel(const ordeal::Host& host, const Config& config) {
  return std::make_unique<Kernel>(host, config);
}

}  // namespace system_collector
