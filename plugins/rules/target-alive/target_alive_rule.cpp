// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.target-alive: the target's process is gone, its port is closed, or nothing
/// that is asked of it succeeds.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/load_history.h"
#include "common/readings.h"
#include "common/silence.h"
#include "common/wording.h"
#include "ordeal/plugin.hpp"

namespace target_alive {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

enum class Process { automatic, required, off };

struct Settings {
  explicit Settings(rules::Config& config)
      : window_ns(config.duration("window", 10 * second)),
        process(static_cast<Process>(config.choice("process", {"auto", "required", "off"}, 0))),
        labels(config.text("labels", "*")),
        operations(config.flag("operations", true)),
        scenario(config.text("scenario", "*")),
        min_operations(config.count("min_operations", 3)),
        verdict(config.choice("verdict", {"stop_phase", "abort"}, 0) == 0
                    ? std::uint32_t{ORDEAL_VERDICT_STOP_PHASE}
                    : std::uint32_t{ORDEAL_VERDICT_ABORT}) {
    if (process == Process::off && !operations) {
      config.refuse("operations", "with 'process' off and this false nothing is watched");
    }
  }

  std::uint64_t window_ns;
  Process process;
  std::string labels;
  bool operations;
  std::string scenario;
  std::uint64_t min_operations;
  std::uint32_t verdict;
};

class TargetAliveRule final : public ordeal::Rule {
 public:
  explicit TargetAliveRule(const ordeal::Context& context)
      : TargetAliveRule(context, rules::Config(context.config)) {}

  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    ordeal::Judgement out;
    out.limit = static_cast<double>(settings_.window_ns) / 1e9;
    out.window_ns = settings_.window_ns;
    out.metric = settings_.operations ? "seconds without a success" : "ordeal_process_up";
    if (settings_.operations) judge_operations(snapshot, out);
    if (settings_.process != Process::off) judge_process(snapshot, out);
    return out;
  }

 private:
  TargetAliveRule(const ordeal::Context& context, rules::Config&& config)
      : Rule(context),
        settings_(config),
        load_(settings_.scenario),
        up_({"ordeal_process_up", settings_.labels}),
        load_silence_(config, settings_.window_ns),
        process_silence_(config, settings_.window_ns) {
    config.finish();
  }

  void judge_operations(const ordeal::SnapshotView& snapshot, ordeal::Judgement& out) {
    const std::uint64_t now = snapshot.now_ns();
    load_silence_.begin(now);
    if (snapshot.phase() != phase_) {
      droughts_.clear();
      phase_ = snapshot.phase();
      load_silence_.heard(now);
    }
    for (const auto& [scenario, sum] : load_.take(snapshot)) {
      load_silence_.heard(sum.end_ns);
      rules::LoadSum& drought = droughts_[scenario];
      if (sum.ok > 0) {
        drought = {};
      } else if (sum.attempted > 0) {
        drought.add(sum);
      }
    }
    if (phase_ == rules::between_phases) {
      droughts_.clear();
      load_silence_.heard(now);
    }
    for (const auto& [scenario, drought] : droughts_) {
      const std::uint64_t length = drought.end_ns - drought.start_ns;
      out.value = std::max(out.value, static_cast<double>(length) / 1e9);
      if (length < settings_.window_ns || drought.attempted < settings_.min_operations ||
          out.level >= settings_.verdict) {
        continue;
      }
      const bool closed = drought.refused == drought.attempted;
      out.level = settings_.verdict;
      out.value = static_cast<double>(length) / 1e9;
      out.reason = (closed ? "the target's port is closed: " : "the target does not answer: ") +
                   scenario + " had no success in " +
                   rules::number(static_cast<double>(drought.attempted)) + " operations for " +
                   rules::seconds(length) + (closed ? ", all were refused" : "") +
                   ", the limit is " + rules::seconds(settings_.window_ns) + " (window " +
                   rules::seconds(settings_.window_ns) + ")";
    }
    if (const std::uint32_t silent = load_silence_.judge(now); silent > out.level) {
      out.level = silent;
      out.reason = load_silence_.reason("the operations of " + settings_.scenario,
                                        rules::seconds(settings_.window_ns), now);
    }
  }

  void judge_process(const ordeal::SnapshotView& snapshot, ordeal::Judgement& out) {
    const std::uint64_t now = snapshot.now_ns();
    process_silence_.begin(now);
    for (const rules::Reading& reading : up_.take(snapshot)) {
      process_silence_.heard(reading.at_ns);
      // A service that was restarted has another pid: it is there when any of its series says so.
      if (reading.at_ns > read_ns_) any_up_ = false;
      read_ns_ = std::max(read_ns_, reading.at_ns);
      if (reading.at_ns == read_ns_ && reading.value > 0) any_up_ = true;
      who_ = reading.series;
    }
    if (read_ns_ == 0 && settings_.process == Process::automatic) return;
    if (any_up_) gone_since_ns_ = 0;
    if (read_ns_ != 0 && !any_up_) {
      if (gone_since_ns_ == 0) gone_since_ns_ = read_ns_;
      const std::uint64_t length = read_ns_ - gone_since_ns_;
      if (length >= settings_.window_ns && out.level < settings_.verdict) {
        out.level = settings_.verdict;
        out.metric = "ordeal_process_up";
        out.value = static_cast<double>(length) / 1e9;
        out.reason = "the target's process (" + who_ + ") has been gone for " +
                     rules::seconds(length) + ", the limit is " +
                     rules::seconds(settings_.window_ns) + " (window " +
                     rules::seconds(settings_.window_ns) + ")";
      }
    }
    if (const std::uint32_t silent = process_silence_.judge(now); silent > out.level) {
      out.level = silent;
      out.metric = "ordeal_process_up";
      out.reason = process_silence_.reason("the target's process",
                                           rules::seconds(settings_.window_ns), now) +
                   " (target.pid or target.pid_file says which it is)";
    }
  }

  const Settings settings_;
  rules::LoadReader load_;
  rules::Readings up_;
  rules::Silence load_silence_;
  rules::Silence process_silence_;
  std::map<std::string, rules::LoadSum, std::less<>> droughts_;  // since the last success
  std::uint32_t phase_ = rules::between_phases;
  std::uint64_t read_ns_ = 0;
  std::uint64_t gone_since_ns_ = 0;
  bool any_up_ = false;
  std::string who_;
};

}  // namespace
}  // namespace target_alive

ORDEAL_PLUGIN("org.ordeal.target-alive", "0.1.0",
              ordeal::rule<target_alive::TargetAliveRule>("target-alive"));
