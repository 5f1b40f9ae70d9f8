// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.process-limits: how many processes a run may have, how large each may be, and
/// how old those that its plugins started. Reads what the collector run-processes says.
#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "common/readings.h"
#include "common/silence.h"
#include "common/wording.h"
#include "ordeal/plugin.hpp"

namespace process_limits {
namespace {

constexpr double mebibyte = 1048576;

struct Settings {
  explicit Settings(rules::Config& config)
      : verdict(config.verdict("verdict", ORDEAL_VERDICT_STOP_PHASE)),
        window_ns(config.duration("for", 0)),
        count(static_cast<double>(config.count("count", 1000))) {
    if (config.has("memory_mb")) {
      memory = config.amount("memory_mb", 0) * mebibyte;
      if (!(*memory > 0)) config.refuse("memory_mb", "more than 0");
    }
    if (config.has("age")) {
      age = static_cast<double>(config.duration("age", 0)) / 1e9;
      if (!(*age > 0)) config.refuse("age", "more than 0s");
    }
  }

  std::uint32_t verdict;
  std::uint64_t window_ns;
  double count;
  std::optional<double> memory;  // bytes
  std::optional<double> age;     // seconds
};

/// One limit, how far it is used and since when it is exceeded.
struct Limit {
  double most = 0;
  double value = 0;
  std::string who;
  std::uint64_t at_ns = 0;
  std::uint64_t beyond_since_ns = 0;  // 0: within

  void settle() {
    if (value > most) {
      if (beyond_since_ns == 0) beyond_since_ns = at_ns;
    } else {
      beyond_since_ns = 0;
    }
  }
  [[nodiscard]] bool broken(std::uint64_t window_ns) const {
    return beyond_since_ns != 0 && at_ns - beyond_since_ns >= window_ns;
  }
};

/// "load,ordeal-cell,42": role, name and pid of a process of the run.
std::string who(std::string_view labels) {
  const std::size_t name = labels.find(',');
  const std::size_t pid = labels.rfind(',');
  if (name == std::string_view::npos || pid == name) return std::string(labels);
  return "process " + std::string(labels.substr(pid + 1)) + " (" +
         std::string(labels.substr(name + 1, pid - name - 1)) + ")";
}

class ProcessLimitsRule final : public ordeal::Rule {
 public:
  explicit ProcessLimitsRule(const ordeal::Context& context)
      : ProcessLimitsRule(context, rules::Config(context.config)) {}

  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    const std::uint64_t now = snapshot.now_ns();
    silence_.begin(now);
    // All values of one reading have one time; a process that is not in the newest has ended.
    std::uint64_t newest = 0;
    double processes = 0;
    for (const rules::Reading& reading : count_.take(snapshot)) {
      if (reading.at_ns > newest) processes = 0;
      newest = std::max(newest, reading.at_ns);
      if (reading.at_ns == newest && (reading.series == "load" || reading.series == "started")) {
        processes += reading.value;
      }
    }
    if (newest != 0) {
      silence_.heard(newest);
      settle(limits_[0], newest, processes, "");
    }
    largest(memory_, snapshot, newest, settings_.memory, limits_[1]);
    largest(age_, snapshot, newest, settings_.age, limits_[2]);

    ordeal::Judgement out;
    out.window_ns = settings_.window_ns;
    out.metric = metric(0);
    out.limit = limits_[0].most;
    out.value = limits_[0].value;
    for (std::size_t i = 0; i < std::size(limits_); ++i) {
      if (!limits_[i].broken(settings_.window_ns)) continue;
      out.level = settings_.verdict;
      out.metric = metric(i);
      out.value = limits_[i].value;
      out.limit = limits_[i].most;
      out.reason = reason(i);
      break;
    }
    if (const std::uint32_t silent = silence_.judge(now); silent > out.level) {
      out.level = silent;
      out.reason = silence_.reason("the processes of the run", words(0, limits_[0].most), now) +
                   " (is the collector 'run-processes' in the campaign's list?)";
    }
    return out;
  }

 private:
  ProcessLimitsRule(const ordeal::Context& context, rules::Config&& config)
      : Rule(context), settings_(config), silence_(config, settings_.window_ns) {
    config.finish();
    limits_[0].most = settings_.count;
    limits_[1].most = settings_.memory.value_or(std::numeric_limits<double>::infinity());
    limits_[2].most = settings_.age.value_or(std::numeric_limits<double>::infinity());
  }

  static void settle(Limit& limit, std::uint64_t at_ns, double value, std::string whose) {
    limit.value = value;
    limit.at_ns = at_ns;
    limit.who = std::move(whose);
    limit.settle();
  }

  static void largest(rules::Readings& of, const ordeal::SnapshotView& snapshot,
                      std::uint64_t newest, const std::optional<double>& most, Limit& limit) {
    double value = 0;
    std::string whose;
    for (const rules::Reading& reading : of.take(snapshot)) {
      if (reading.at_ns != newest || !(reading.value > value)) continue;
      value = reading.value;
      whose = reading.series;
    }
    if (newest != 0 && most) settle(limit, newest, value, std::move(whose));
  }

  static const char* metric(std::size_t limit) {
    static constexpr const char* names[] = {"ordeal_run_processes",
                                            "ordeal_run_process_resident_bytes",
                                            "ordeal_run_process_age_seconds"};
    return names[limit];
  }
  static std::string words(std::size_t limit, double value) {
    if (limit == 0) return rules::number(value) + " processes";
    return limit == 1 ? rules::bytes(value) : rules::number(value) + " s";
  }

  [[nodiscard]] std::string reason(std::size_t i) const {
    const Limit& limit = limits_[i];
    std::string text;
    if (i == 0) text = "the load and what it started are ";
    if (i == 1) text = who(limit.who) + " holds ";
    if (i == 2) text = who(limit.who) + " was started by a plugin and has run for ";
    return text + words(i, limit.value) + ", over the limit of " + words(i, limit.most) + ", for " +
           rules::seconds(limit.at_ns - limit.beyond_since_ns) + " (window " +
           rules::seconds(settings_.window_ns) + ")";
  }

  const Settings settings_;
  rules::Readings count_{{"ordeal_run_processes"}};
  rules::Readings memory_{{"ordeal_run_process_resident_bytes"}};
  rules::Readings age_{{"ordeal_run_process_age_seconds", "started,*"}};
  rules::Silence silence_;
  Limit limits_[3];
};

}  // namespace
}  // namespace process_limits

ORDEAL_PLUGIN("org.ordeal.process-limits", "0.1.0",
              ordeal::rule<process_limits::ProcessLimitsRule>("process-limits"));
