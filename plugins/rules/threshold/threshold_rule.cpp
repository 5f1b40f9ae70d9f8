// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.threshold: a limit on one metric, with dwell time and hysteresis.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "config.h"
#include "ordeal/plugin.hpp"
#include "readings.h"

namespace threshold {
namespace {

constexpr std::uint32_t between_phases = 0xffffffffU;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string seconds(std::uint64_t ns) { return number(static_cast<double>(ns) / 1e9) + " s"; }

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
      : Rule(context), config_(parse_config(context.config)), readings_(config_) {}

  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    const std::uint64_t now = snapshot.now_ns();
    if (readings_.of_engine() && snapshot.phase() != phase_) {
      series_.clear();  // what one phase did is no reason to stop the next
      phase_ = snapshot.phase();
      newest_ns_ = now;
    }
    if (newest_ns_ == 0) newest_ns_ = now;
    for (const Reading& reading : readings_.take(snapshot)) update(reading);
    if (readings_.of_engine() && phase_ == between_phases) {
      series_.clear();  // no load, so nothing to judge and nothing missing
      newest_ns_ = now;
    }
    forget_old(now);

    const auto* worst = worst_series();
    if (worst == nullptr) return nothing_read(now);
    ordeal::Judgement out = with_config();
    out.value = worst->second.value;
    if (!worst->second.active) return out;
    out.level = config_.verdict;
    out.reason = reason(worst->first, worst->second);
    return out;
  }

 private:
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
    newest_ns_ = std::max(newest_ns_, reading.at_ns);
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
      const bool old = now > it->second.at_ns && now - it->second.at_ns > patience();
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

  [[nodiscard]] ordeal::Judgement nothing_read(std::uint64_t now) const {
    ordeal::Judgement out = with_config();
    const std::uint64_t since = now > newest_ns_ ? now - newest_ns_ : 0;
    if (since <= patience()) return out;
    out.level = ORDEAL_VERDICT_WARN;
    out.reason = "no data for " + named(config_.labels == "*" ? "" : config_.labels) + " for " +
                 seconds(since) + ": its limit of " + number(config_.limit) +
                 " is not being watched (window " + seconds(config_.window_ns) + ")";
    return out;
  }

  [[nodiscard]] ordeal::Judgement with_config() const {
    ordeal::Judgement out;
    out.metric = config_.metric;
    out.limit = config_.limit;
    out.window_ns = config_.window_ns;
    return out;
  }

  [[nodiscard]] std::string named(const std::string& series) const {
    std::string name = config_.rate ? "rate of " + config_.metric : config_.metric;
    if (!series.empty()) name += "{" + series + "}";
    return name;
  }

  [[nodiscard]] std::string reason(const std::string& name, const Series& series) const {
    const std::string unit = config_.rate ? "/s" : "";
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

  [[nodiscard]] std::uint64_t patience() const { return config_.window_ns + config_.grace_ns; }

  const Config config_;
  Readings readings_;
  std::map<std::string, Series, std::less<>> series_;
  std::uint32_t phase_ = between_phases;
  std::uint64_t newest_ns_ = 0;  // of the newest reading, or when there was none to expect
};

}  // namespace
}  // namespace threshold

ORDEAL_PLUGIN("org.ordeal.threshold", "0.1.0", ordeal::rule<threshold::ThresholdRule>("threshold"));
