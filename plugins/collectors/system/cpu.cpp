// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>

#include "../procfs/text.h"
#include "source.h"

namespace system_collector {
namespace {

using procfs::take_line;
using procfs::take_word;
using procfs::unsigned_number;

constexpr std::array<std::string_view, 8> mode_names{"user",   "nice", "system",  "idle",
                                                     "iowait", "irq",  "softirq", "steal"};
constexpr std::size_t idle = 3;
constexpr std::size_t iowait = 4;
using Modes = std::array<std::uint64_t, mode_names.size()>;  // clock ticks

class Cpu final : public Source {
 public:
  Cpu(const ordeal::Host& host, const Config& config)
      : file_(host, config.proc + "/stat"), ticks_(static_cast<double>(::sysconf(_SC_CLK_TCK))) {}

  void read(std::string& buffer, Out& out) override {
    const auto text = file_.read(buffer);
    if (!text.has_value()) {
      known_ = false;  // the next ratio would span a gap
      return;
    }
    std::string_view rest = *text;
    while (!rest.empty()) {
      std::string_view line = take_line(rest);
      const std::string_view name = take_word(line);
      if (name == "cpu") {
        modes(line, out);
      } else if (name == "ctxt") {
        single(line, context_switches, out);
      } else if (name == "procs_running") {
        single(line, procs_running, out);
      } else if (name == "procs_blocked") {
        single(line, procs_blocked, out);
      }
    }
  }

 private:
  static void single(std::string_view line, MetricIndex metric, Out& out) {
    if (const auto value = unsigned_number(take_word(line))) {
      out.add(metric, static_cast<double>(*value));
    }
  }

  void modes(std::string_view line, Out& out) {
    Modes now{};
    for (std::uint64_t& mode : now) {
      const auto value = unsigned_number(take_word(line));
      if (!value.has_value()) return;
      mode = *value;
    }
    if (known_) hold_small_steps_back(now);
    for (std::size_t i = 0; i < now.size(); ++i) {
      out.add(cpu_seconds, mode_names[i], static_cast<double>(now[i]) / ticks_);
    }
    if (known_) busy(now, out);
    last_ = now;
    known_ = true;
  }

  /// The kernel's idle and iowait are known to run back a little; more than 3 s is a restart (the
  /// bound is node_exporter's).
  void hold_small_steps_back(Modes& now) const {
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (now[i] < last_[i] && static_cast<double>(last_[i] - now[i]) <= 3 * ticks_) {
        now[i] = last_[i];
      }
    }
  }

  void busy(const Modes& now, Out& out) const {
    std::uint64_t all = 0;
    std::uint64_t unused = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (now[i] < last_[i]) return;  // restarted: no ratio this time
      all += now[i] - last_[i];
      if (i == idle || i == iowait) unused += now[i] - last_[i];
    }
    if (all == 0) return;
    out.add(cpu_busy_ratio, static_cast<double>(all - unused) / static_cast<double>(all));
  }

  LoggedFile file_;
  const double ticks_;  // per second
  Modes last_{};
  bool known_ = false;
};

}  // namespace

std::unique_ptr<Source> make_cpu(const ordeal::Host& host, const Config& config) {
  return std::make_unique<Cpu>(host, config);
}

}  // namespace system_collector
