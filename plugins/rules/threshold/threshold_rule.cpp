// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.threshold: a limit on one metric, with dwell time and hysteresis.
#include <algorithm>
#include <map>
#include <string>

#include "common/silence.h"
#include "common/wording.h"
#include "ordeal/plugin.hpp"
#include "settings.h"

namespace threshold {
namespace {

using rules::between_phases;
using rules::number;
using rules::Reading;
using rules::seconds;

const char* words(Op op) {
  switch (op) {
    case Op::over:
      return "over";
    case Op::at_least:
      return "at or over";
    case Op::under:
      return "under";
    case Op::at_most:
      return "at or under";
  }
  return "";
}

/// Judged by the time of the readings, not by the time of the check: a value that is read once and
/// looked at often does not grow older.
class ThresholdRule final : public ordeal::Rule {
 public:
  explicit ThresholdRule(const ordeal::Context& context)
      : ThresholdRule(context, rules::Config(context.config)) {}

  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    const std::uint64_t now = snapshot.now_ns();
    silence_.begin(now);
    if (readings_.of_engine() && snapshot.phase() != phase_) {
      series_.clear();  // what one phase did is no reason to stop the next
      phase_ = snapshot.phase();
      last_level_ = ORDEAL_VERDICT_OK;
      silence_.heard(now);
    }
    for (const Reading& reading : readings_.take(snapshot)) update(reading);
    silence_.heard(readings_.load_heard_ns());
    if (readings_.of_engine() && phase_ == between_phases) {
      series_.clear();  // no load, so nothing to judge and nothing missing
      silence_.heard(now);
    }
    forget_old(now);

    const auto* worst = worst_series();
    const std::uint32_t silent = silence_.judge(now);
    ordeal::Judgement out = with_config();
    if (worst == nullptr) {
      // A verdict is not milder because nothing more is known.
      out.level = silent == ORDEAL_VERDICT_OK ? silent : std::max(silent, last_level_);
      if (silent != ORDEAL_VERDICT_OK) out.reason = nothing_read(now);
      return out;
    }
    out.value = worst->second.value;
    last_level_ = worst->second.active ? config_.verdict : std::uint32_t{ORDEAL_VERDICT_OK};
    if (!worst->second.active) return out;
    out.level = last_level_;
    out.reason = reason(worst->first, worst->second);
    return out;
  }

 private:
  ThresholdRule(const ordeal::Context& context, rules::Config&& config)
      : Rule(context),
        config_(config),
        readings_(config_.watch),
        silence_(config, config_.window_ns) {
    config.finish();
  }

  struct Series {
    double value = 0;
    std::uint64_t at_ns = 0;
    std::uint64_t beyond_since_ns = 0;  // 0: within
    bool active = false;                // the verdict holds until `clear`
  };

  void update(const Reading& reading) {
    Series& series = series_[reading.series];
    series.value = reading.value;
    series.at_ns = reading.at_ns;
    silence_.heard(reading.at_ns);
    const double bound = series.active ? config_.clear : config_.limit;
    if (!beyond(config_.op, reading.value, bound)) {
      series.beyond_since_ns = 0;
      series.active = false;
      return;
    }
    if (series.beyond_since_ns == 0) series.beyond_since_ns = reading.at_ns;
    if (reading.at_ns - series.beyond_since_ns >= config_.window_ns) series.active = true;
  }

  /// A series nobody reports any more (a process that has ended, a disk that was removed) stops
  /// counting, its verdict included.
  void forget_old(std::uint64_t now) {
    for (auto it = series_.begin(); it != series_.end();) {
      const bool old = now > it->second.at_ns && now - it->second.at_ns > silence_.patience();
      it = old ? series_.erase(it) : std::next(it);
    }
  }

  /// The series to answer for: one with the verdict if there is any, then the one furthest beyond.
  [[nodiscard]] const std::pair<const std::string, Series>* worst_series() const {
    const std::pair<const std::string, Series>* worst = nullptr;
    for (const auto& entry : series_) {
      if (worst == nullptr || (entry.second.active && !worst->second.active) ||
          (entry.second.active == worst->second.active &&
           beyond(config_.op, entry.second.value, worst->second.value))) {
        worst = &entry;
      }
    }
    return worst;
  }

  [[nodiscard]] std::string nothing_read(std::uint64_t now) const {
    const std::string& labels = config_.watch.labels;
    return silence_.reason(named(labels == "*" ? "" : labels), number(config_.limit), now) +
           " (window " + seconds(config_.window_ns) + ")";
  }

  [[nodiscard]] ordeal::Judgement with_config() const {
    ordeal::Judgement out;
    out.metric = config_.watch.metric;
    out.limit = config_.limit;
    out.window_ns = config_.window_ns;
    return out;
  }

  [[nodiscard]] std::string named(const std::string& series) const {
    std::string name =
        config_.watch.rate ? "rate of " + config_.watch.metric : config_.watch.metric;
    if (!series.empty()) name += "{" + series + "}";
    return name;
  }

  [[nodiscard]] std::string reason(const std::string& name, const Series& series) const {
    const std::string unit = config_.watch.rate ? "/s" : "";
    std::string text = named(name) + " is " + number(series.value) + unit + ", " +
                       words(config_.op) + " the limit of " + number(config_.limit) + unit;
    if (!beyond(config_.op, series.value, config_.limit)) {
      text = named(name) + " is " + number(series.value) + unit + " and has not come back past " +
             number(config_.clear) + unit + " since it was " + words(config_.op) +
             " the limit of " + number(config_.limit) + unit;
    }
    return text + ", for " + seconds(series.at_ns - series.beyond_since_ns) + " (window " +
           seconds(config_.window_ns) + ")";
  }

  const Settings config_;
  rules::Readings readings_;
  rules::Silence silence_;
  std::map<std::string, Series, std::less<>> series_;
  std::uint32_t phase_ = between_phases;
  std::uint32_t last_level_ = ORDEAL_VERDICT_OK;
};

}  // namespace
}  // namespace threshold

ORDEAL_PLUGIN("org.ordeal.threshold", "0.1.0", ordeal::rule<threshold::ThresholdRule>("threshold"));
