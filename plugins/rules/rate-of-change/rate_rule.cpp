// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.rate-of-change: how long what is left will last, if it goes on as now.
#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/readings.h"
#include "common/silence.h"
#include "common/slope.h"
#include "common/wording.h"
#include "ordeal/plugin.hpp"
#include "settings.h"

namespace rate_of_change {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr std::size_t most_points = 4096;  // of one series; beyond, every second one is dropped

struct Series {
  rules::Grades grades;
  std::vector<rules::Point> points;
  double left_s = never;
  double slope = 0;
  double value = 0;
  std::optional<double> end;  // unknown: nobody has reported the maximum
};

class RateRule final : public ordeal::Rule {
 public:
  explicit RateRule(const ordeal::Context& context)
      : RateRule(context, rules::Config(context.config)) {}

  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    const std::uint64_t now = snapshot.now_ns();
    silence_.begin(now);
    for (const rules::Reading& reading : ends_.take(snapshot))
      end_of_[reading.series] = reading.value;
    std::vector<rules::Reading> readings = values_.take(snapshot);
    for (const rules::Reading& reading : readings) add(reading);
    for (const rules::Reading& reading : readings) judge(series_[reading.series]);
    const bool all_silent = silence_.length(now) > silence_.patience();
    // A disk that was removed, a process that has ended: unless nothing at all is read any more.
    std::erase_if(series_, [&](const auto& entry) {
      const std::uint64_t at = entry.second.points.back().at_ns;
      return !all_silent && now > at && now - at > silence_.patience();
    });

    ordeal::Judgement out;
    out.metric = settings_.metric;
    out.window_ns = settings_.window_ns;
    out.limit = settings_.grades.grade().limit;
    const std::pair<const std::string, Series>* worst = nullptr;
    for (const auto& entry : series_) {
      if (worst == nullptr || entry.second.grades.level() > worst->second.grades.level() ||
          (entry.second.grades.level() == worst->second.grades.level() &&
           entry.second.left_s < worst->second.left_s)) {
        worst = &entry;
      }
    }
    if (worst != nullptr) {
      out.level = worst->second.grades.level();
      out.limit = worst->second.grades.grade().limit;
      out.value = worst->second.left_s == never ? 0 : worst->second.left_s;
    }
    if (const std::uint32_t silent = silence_.judge(now); silent > out.level) {
      out.level = silent;
      out.reason = silence_.reason(settings_.metric, rules::number(out.limit) + " s", now);
    } else if (out.level != ORDEAL_VERDICT_OK) {
      out.reason = reason(worst->first, worst->second);
    }
    return out;
  }

 private:
  RateRule(const ordeal::Context& context, rules::Config&& config)
      : Rule(context),
        settings_(config),
        values_({settings_.metric, settings_.labels}),
        ends_({settings_.end_metric, settings_.labels}),
        silence_(config, settings_.window_ns) {
    config.finish();
  }

  void add(const rules::Reading& reading) {
    auto [at, first] = series_.try_emplace(reading.series);
    Series& series = at->second;
    if (first) series.grades = settings_.grades;
    series.points.push_back({reading.at_ns, reading.value});
    series.value = reading.value;
    // Read rarely, the points needed span more than the window.
    std::size_t old = 0;
    while (series.points.size() - old > settings_.min_points &&
           reading.at_ns - series.points[old].at_ns > settings_.window_ns) {
      ++old;
    }
    series.points.erase(series.points.begin(),
                        series.points.begin() + static_cast<std::ptrdiff_t>(old));
    if (series.points.size() > most_points) {
      std::size_t kept = 0;
      for (std::size_t i = 0; i < series.points.size(); i += 2)
        series.points[kept++] = series.points[i];
      series.points.resize(kept);
    }
    const auto end = end_of_.find(reading.series);
    if (settings_.end_metric.empty()) {
      series.end = settings_.end;
    } else if (end != end_of_.end()) {
      series.end = end->second;
    }
    if (series.end.has_value()) silence_.heard(reading.at_ns);
  }

  void judge(Series& series) {
    series.left_s = never;
    const std::vector<rules::Point>& points = series.points;
    // Points of half a window at least: a short rise is none that will go on.
    if (!series.end.has_value() || points.size() < settings_.min_points ||
        points.back().at_ns - points.front().at_ns < settings_.window_ns / 2) {
      return;
    }
    const double left = settings_.upwards ? *series.end - series.value : series.value - *series.end;
    const auto slope = rules::robust_slope(points);
    series.slope = slope.value_or(0);
    const double towards = settings_.upwards ? series.slope : -series.slope;
    if (left <= 0) {
      series.left_s = 0;
    } else if (towards > 0) {
      series.left_s = left / towards;
    }
    series.grades.update(series.left_s, points.back().at_ns);
  }

  [[nodiscard]] std::string amount(double value) const {
    return settings_.in_bytes ? rules::bytes(value) : rules::number(value);
  }

  [[nodiscard]] std::string reason(const std::string& name, const Series& series) const {
    std::string text = settings_.metric;
    if (!name.empty()) text += "{" + name + "}";
    const rules::Grades::Grade& grade = series.grades.grade();
    const std::string window = " (window " + rules::seconds(settings_.window_ns) + ")";
    const std::string limit = rules::number(grade.limit) + " s";
    if (series.left_s != never && series.grades.beyond(series.left_s, grade.limit)) {
      return text + " is " + amount(series.value) + " and changes by " + amount(series.slope) +
             "/s: it will be at " + amount(series.end.value_or(0)) + " in " +
             rules::number(series.left_s) + " s, under the limit of " + limit + window;
    }
    return text + " is " + amount(series.value) + " and has not been more than " +
           rules::number(series.grades.clear()) +
           " s from its end for long enough since it was under the limit of " + limit + window;
  }

  Settings settings_;
  rules::Readings values_;
  rules::Readings ends_;
  rules::Silence silence_;
  std::map<std::string, Series, std::less<>> series_;
  std::map<std::string, double, std::less<>> end_of_;
};

}  // namespace
}  // namespace rate_of_change

ORDEAL_PLUGIN("org.ordeal.rate-of-change", "0.1.0",
              ordeal::rule<rate_of_change::RateRule>("rate-of-change"));
