// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.pressure: the share of a window in which tasks stood still for want of CPU,
/// memory or I/O. From the totals of the pressure stall information: the kernel's avg10 lags
/// behind.
#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "common/grades.h"
#include "common/readings.h"
#include "common/silence.h"
#include "common/wording.h"
#include "ordeal/plugin.hpp"

namespace pressure {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

enum Resource { cpu, memory, io };
enum Kind { some, full };

/// Of the counter's readings as many as the window needs.
class Window {
 public:
  explicit Window(std::uint64_t length_ns) : length_ns_(length_ns) {}

  /// Whether a share can be told now.
  bool add(std::uint64_t at_ns, double total) {
    if (!points_.empty() && total < points_.back().second) points_.clear();  // counts anew
    points_.emplace_back(at_ns, total);
    while (points_.size() > 2 && at_ns - points_[1].first >= length_ns_) points_.pop_front();
    return at_ns - points_.front().first >= length_ns_ && points_.size() > 1;
  }
  [[nodiscard]] double change() const { return points_.back().second - points_.front().second; }
  [[nodiscard]] std::uint64_t from_ns() const { return points_.front().first; }
  [[nodiscard]] std::uint64_t length() const { return points_.back().first - from_ns(); }
  [[nodiscard]] double share() const {
    return change() * 1e9 / static_cast<double>(std::max<std::uint64_t>(length(), 1));
  }

 private:
  const std::uint64_t length_ns_;
  std::deque<std::pair<std::uint64_t, double>> points_;
};

struct Settings {
  explicit Settings(rules::Config& config)
      : resource(static_cast<Resource>(config.choice("resource", {"cpu", "memory", "io"}, memory))),
        kind(static_cast<Kind>(
            config.choice("kind", {"some", "full"}, resource == cpu ? some : full))),
        window_ns(config.duration("window", 10 * second)),
        reclaim(config.flag("reclaim", resource == memory)) {
    if (resource == cpu && kind == full) {
      config.refuse("kind", "for the CPU of a whole machine there is only 'some'");
    }
    if (reclaim && resource != memory) {
      config.refuse("reclaim", "only the pressure of memory goes with reclaim");
    }
    if (window_ns == 0) config.refuse("window", "a share needs a time; at least 1ms");
    std::vector<rules::Grades::Grade> limits;
    for (rules::Config& entry : config.list("limits")) {
      rules::Grades::Grade grade;
      grade.limit = entry.amount("above", -1);
      grade.verdict = entry.verdict("verdict", ORDEAL_VERDICT_STOP_PHASE);
      grade.for_ns = entry.duration("for", 0);
      if (!(grade.limit > 0) || grade.limit > 1)
        entry.refuse("above", "not a share over 0 % and up to 100 %");
      entry.finish();
      limits.push_back(grade);
    }
    if (limits.empty()) {
      limits = {{0.10, ORDEAL_VERDICT_HOLD, 0}, {0.40, ORDEAL_VERDICT_STOP_PHASE, 0}};
    }
    double least = 1;
    for (const auto& grade : limits) least = std::min(least, grade.limit);
    grades =
        rules::Grades(rules::Grades::Side::over, std::move(limits),
                      config.amount("clear", least / 2), config.duration("clear_for", 30 * second));
    if (grades.clears_beyond_a_limit()) {
      config.refuse("clear", "lies beyond a limit, so that a verdict would end where it begins");
    }
  }

  [[nodiscard]] std::string metric() const {
    static constexpr const char* names[] = {"cpu", "memory", "io"};
    return std::string("node_pressure_") + names[resource] +
           (kind == full ? "_stalled" : "_waiting") + "_seconds_total";
  }
  [[nodiscard]] std::string words() const {
    static constexpr const char* names[] = {"CPU", "memory", "I/O"};
    return std::string(kind == full ? "all tasks" : "some task") + " stood still for want of " +
           names[resource];
  }

  Resource resource;
  Kind kind;
  std::uint64_t window_ns;
  bool reclaim;
  rules::Grades grades;
};

/// When the kernel last looked for pages to take back, or swapped. Pressure without that has other
/// causes than a lack of memory, such as a first read of much data.
class Reclaim {
 public:
  void take(const ordeal::SnapshotView& snapshot) {
    for (std::size_t i = 0; i < std::size(metrics_); ++i) {
      for (const rules::Reading& reading : metrics_[i].take(snapshot)) {
        if (known_[i] && reading.value > last_[i]) moved_ns_ = std::max(moved_ns_, reading.at_ns);
        last_[i] = reading.value;
        known_[i] = true;
      }
    }
  }
  /// Counters that nobody reports speak for nothing: then the pressure counts as it is.
  [[nodiscard]] bool seen_since(std::uint64_t from_ns) const {
    for (const bool known : known_) {
      if (!known) return true;
    }
    return moved_ns_ >= from_ns;
  }

 private:
  rules::Readings metrics_[4]{rules::Readings({"node_vmstat_pgscan_kswapd"}),
                              rules::Readings({"node_vmstat_pgscan_direct"}),
                              rules::Readings({"node_vmstat_pswpin"}),
                              rules::Readings({"node_vmstat_pswpout"})};
  double last_[4]{};
  bool known_[4]{};
  std::uint64_t moved_ns_ = 0;
};

class PressureRule final : public ordeal::Rule {
 public:
  explicit PressureRule(const ordeal::Context& context)
      : PressureRule(context, rules::Config(context.config)) {}

  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    const std::uint64_t now = snapshot.now_ns();
    silence_.begin(now);
    if (settings_.reclaim) reclaim_.take(snapshot);
    for (const rules::Reading& reading : total_.take(snapshot)) {
      silence_.heard(reading.at_ns);
      if (!window_.add(reading.at_ns, reading.value)) continue;
      const bool counts = !settings_.reclaim || reclaim_.seen_since(window_.from_ns());
      share_ = counts ? window_.share() : 0;
      settings_.grades.update(share_, reading.at_ns);
    }
    ordeal::Judgement out;
    out.metric = settings_.metric();
    out.value = share_;
    out.limit = settings_.grades.grade().limit;
    out.window_ns = settings_.window_ns;
    out.level = settings_.grades.level();
    if (const std::uint32_t silent = silence_.judge(now); silent > out.level) {
      out.level = silent;
      out.reason = silence_.reason(out.metric, rules::percent(out.limit), now);
    } else if (out.level != ORDEAL_VERDICT_OK) {
      out.reason = reason();
    }
    return out;
  }

 private:
  PressureRule(const ordeal::Context& context, rules::Config&& config)
      : Rule(context),
        settings_(config),
        total_({settings_.metric()}),
        window_(settings_.window_ns),
        silence_(config, settings_.window_ns) {
    config.finish();
  }

  [[nodiscard]] std::string reason() const {
    const rules::Grades::Grade& grade = settings_.grades.grade();
    const std::string share =
        rules::percent(share_) + " of the last " + rules::seconds(window_.length());
    const std::string window = " (window " + rules::seconds(settings_.window_ns) + ")";
    if (settings_.grades.beyond(share_, grade.limit)) {
      return settings_.words() + " in " + share + ", over the limit of " +
             rules::percent(grade.limit) + window;
    }
    return settings_.words() + " in " + share + " and this has not stayed under " +
           rules::percent(settings_.grades.clear()) + " since it was over the limit of " +
           rules::percent(grade.limit) + window;
  }

  Settings settings_;
  rules::Readings total_;
  Reclaim reclaim_;
  Window window_;
  rules::Silence silence_;
  double share_ = 0;
};

}  // namespace
}  // namespace pressure

ORDEAL_PLUGIN("org.ordeal.pressure", "0.1.0", ordeal::rule<pressure::PressureRule>("pressure"));
