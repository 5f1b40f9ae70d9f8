// SPDX-License-Identifier: Apache-2.0
/// Memory and the pressure stall totals.
#include <optional>
#include <utility>

#include "../procfs/text.h"
#include "source.h"

namespace system_collector {
namespace {

using procfs::take_line;
using procfs::take_word;
using procfs::unsigned_number;

class Memory final : public Source {
 public:
  Memory(const ordeal::Host& host, const Config& config) : file_(host, config.proc + "/meminfo") {}

  void read(std::string& buffer, Out& out) override {
    const auto text = file_.read(buffer);
    if (!text.has_value()) return;
    std::optional<double> total;
    std::optional<double> available;
    std::string_view rest = *text;
    while (!rest.empty()) {
      std::string_view line = take_line(rest);
      const std::string_view name = take_word(line);
      const std::optional<MetricIndex> metric = metric_of(name);
      if (!metric.has_value()) continue;
      const auto kilobytes = unsigned_number(take_word(line));
      if (!kilobytes.has_value()) continue;
      const double bytes = static_cast<double>(*kilobytes) * 1024;
      out.add(*metric, bytes);
      if (*metric == memory_total) total = bytes;
      if (*metric == memory_available) available = bytes;
    }
    if (total.has_value() && available.has_value() && *total > 0) {
      out.add(memory_used_ratio, 1 - *available / *total);
    }
  }

 private:
  static std::optional<MetricIndex> metric_of(std::string_view name) {
    if (name == "MemTotal:") return memory_total;
    if (name == "MemFree:") return memory_free;
    if (name == "MemAvailable:") return memory_available;
    if (name == "SwapTotal:") return swap_total;
    if (name == "SwapFree:") return swap_free;
    return std::nullopt;
  }

  LoggedFile file_;
};

/// The avg10 columns lag behind; only the totals are read. The `full` line of pressure/cpu is
/// always zero for a whole machine, so it is no measurement and left out.
class Pressure final : public Source {
 public:
  Pressure(const ordeal::Host& host, const Config& config)
      : cpu_(host, config.proc + "/pressure/cpu"),
        memory_(host, config.proc + "/pressure/memory"),
        io_(host, config.proc + "/pressure/io") {}

  void read(std::string& buffer, Out& out) override {
    one(cpu_, buffer, pressure_cpu_waiting, std::nullopt, out);
    one(memory_, buffer, pressure_memory_waiting, pressure_memory_stalled, out);
    one(io_, buffer, pressure_io_waiting, pressure_io_stalled, out);
  }

 private:
  static void one(LoggedFile& file, std::string& buffer, MetricIndex some,
                  std::optional<MetricIndex> full, Out& out) {
    const auto text = file.read(buffer);
    if (!text.has_value()) return;
    std::string_view rest = *text;
    while (!rest.empty()) {
      std::string_view line = take_line(rest);
      const std::string_view kind = take_word(line);
      const std::size_t at = line.find("total=");
      if (at == std::string_view::npos) continue;
      line.remove_prefix(at + 6);
      const auto microseconds = unsigned_number(take_word(line));
      if (!microseconds.has_value()) continue;
      const double seconds = static_cast<double>(*microseconds) / 1e6;
      if (kind == "some") out.add(some, seconds);
      if (kind == "full" && full.has_value()) out.add(*full, seconds);
    }
  }

  LoggedFile cpu_;
  LoggedFile memory_;
  LoggedFile io_;
};

}  // namespace

std::unique_ptr<Source> make_memory(const ordeal::Host& host, const Config& config) {
  return std::make_unique<Memory>(host, config);
}
std::unique_ptr<Source> make_pressure(const ordeal::Host& host, const Config& config) {
  return std::make_unique<Pressure>(host, config);
}

}  // namespace system_collector
