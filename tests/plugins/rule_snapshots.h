// SPDX-License-Identifier: Apache-2.0
// A rule of a built plugin, and the snapshots it is shown.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "ordeal/abi/metrics.h"
#include "ordeal/abi/rule.h"
#include "ordeal/abi/scenario.h"
#include "ordeal/testing/instance.hpp"
#include "ordeal/testing/plugin_file.hpp"
#include "places.h"

namespace ordeal::testing {

inline constexpr std::uint64_t second = 1'000'000'000;
inline constexpr std::uint32_t no_phase = 0xffffffffU;

inline constexpr std::uint32_t ok = ORDEAL_VERDICT_OK;
inline constexpr std::uint32_t warn = ORDEAL_VERDICT_WARN;
inline constexpr std::uint32_t throttle = ORDEAL_VERDICT_THROTTLE;
inline constexpr std::uint32_t hold = ORDEAL_VERDICT_HOLD;
inline constexpr std::uint32_t stop = ORDEAL_VERDICT_STOP_PHASE;
inline constexpr std::uint32_t abort_campaign = ORDEAL_VERDICT_ABORT;

struct Answer {
  std::int32_t status = ORDEAL_OK;
  std::uint32_t level = 0;
  std::string metric;
  std::string reason;
  double value = 0;
  double limit = 0;
  std::uint64_t window_ns = 0;
};

/// A built rule plugin org.ordeal.NAME with the one component NAME.
struct RulePlugin {
  explicit RulePlugin(const std::string& component)
      : name(component),
        plugin(std::string(ORDEAL_BUILT_PLUGINS) + "/org.ordeal." + component + ".so"),
        factory(plugin.factory<ordeal_rule_factory>(ORDEAL_RULE)) {}

  /// Every config is refused with ORDEAL_E_INVALID and a reason that has the words.
  struct Bad {
    const char* config;
    const char* names;
  };
  void refuses(const std::vector<Bad>& cases) {
    for (const Bad& one : cases) {
      BOOST_TEST_CONTEXT(one.config) {
        void* instance = nullptr;
        BOOST_TEST(factory->create(host.handle(), abi::str(name), abi::str(one.config),
                                   &instance) == ORDEAL_E_INVALID);
        const std::string error = host.take_error();
        BOOST_TEST_CONTEXT(error) { BOOST_TEST(error.find(one.names) != std::string::npos); }
      }
    }
  }

  const std::string name;
  PluginFile plugin;
  const ordeal_rule_factory* factory;
  FakeHost host;
};

/// One rule instance and what its next snapshot holds. Times are seconds.
class Rule {
 public:
  Rule(RulePlugin& plugin, const std::string& config)
      : instance_(plugin.factory, plugin.host, plugin.name, config) {}

  Rule& sample(const std::string& metric, const std::string& labels, double value, double at_s) {
    ordeal_sample sample{};
    sample.struct_size = sizeof sample;
    sample.metric = kept(metric);
    sample.labels = kept(labels);
    sample.value = value;
    sample.mono_ns = ns(at_s);
    samples_.push_back(sample);
    return *this;
  }
  /// Of one second.
  Rule& interval(const std::string& scenario, const std::string& kind, double end_s,
                 std::uint64_t ok_count, std::uint64_t failed, std::uint64_t p99_ns = 1,
                 std::uint64_t p50_ns = 1, int failure = ORDEAL_OUTCOME_FAIL) {
    ordeal_interval interval{};
    interval.struct_size = sizeof interval;
    interval.scenario = kept(scenario);
    interval.kind = kept(kind);
    interval.start_ns = ns(end_s - 1);
    interval.end_ns = ns(end_s);
    interval.outcomes[ORDEAL_OUTCOME_OK] = ok_count;
    interval.outcomes[failure] = failed;
    interval.outcomes[ORDEAL_OUTCOME_DROPPED] = 1000;  // must not count
    interval.p99_ns = ok_count == 0 ? 0 : p99_ns;
    interval.p50_ns = ok_count == 0 ? 0 : p50_ns;
    intervals_.push_back(interval);
    return *this;
  }
  Answer judge(double now_s, std::uint32_t phase = 1) {
    ordeal_snapshot snapshot{};
    snapshot.struct_size = sizeof snapshot;
    snapshot.phase = phase;
    snapshot.now_ns = ns(now_s);
    snapshot.samples = samples_.data();
    snapshot.n_samples = static_cast<std::uint32_t>(samples_.size());
    snapshot.sample_stride = sizeof(ordeal_sample);
    snapshot.intervals = intervals_.data();
    snapshot.n_intervals = static_cast<std::uint32_t>(intervals_.size());
    snapshot.interval_stride = sizeof(ordeal_interval);
    ordeal_verdict verdict{};
    verdict.struct_size = sizeof verdict;
    Answer out;
    out.status = instance_->evaluate(instance_.get(), &snapshot, &verdict);
    out.level = verdict.level;
    out.metric = std::string(abi::view(verdict.metric));
    out.reason = std::string(abi::view(verdict.reason));
    out.value = verdict.value;
    out.limit = verdict.limit;
    out.window_ns = verdict.window_ns;
    samples_.clear();
    intervals_.clear();
    texts_.clear();
    return out;
  }

  /// Six judgements without data, `step_s` apart: what each of them is. The rule must have data up
  /// to `from_s`, and it must be overdue one step later.
  std::vector<std::uint32_t> silence(double from_s, double step_s, std::uint32_t phase = 1) {
    std::vector<std::uint32_t> levels;
    for (int i = 1; i <= 6; ++i) levels.push_back(judge(from_s + i * step_s, phase).level);
    return levels;
  }

 private:
  static std::uint64_t ns(double s) { return static_cast<std::uint64_t>(s * 1e9 + 0.5); }
  ordeal_str kept(const std::string& text) {
    texts_.push_back(text);
    return abi::str(texts_.back());
  }

  Instance<ordeal_rule_factory> instance_;
  std::vector<ordeal_sample> samples_;
  std::vector<ordeal_interval> intervals_;
  std::deque<std::string> texts_;
};

/// What six judgements without data have to be, whatever the rule.
inline const std::vector<std::uint32_t> fails_closed{warn,     warn,     throttle,
                                                     throttle, throttle, stop};

}  // namespace ordeal::testing
