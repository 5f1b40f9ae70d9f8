// SPDX-License-Identifier: Apache-2.0
// @NAME@: judges the newest value of one metric against a limit.
#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include <ordeal/json.hpp>
#include <ordeal/plugin.hpp>

namespace {

std::uint32_t level_of(const ordeal::Json& verdict) {
  constexpr std::array<const char*, 6> names{"ok",   "warn",       "throttle",
                                             "hold", "stop_phase", "abort"};
  for (std::uint32_t level = 0; level < names.size(); ++level) {
    if (verdict == names[level]) return level;  // in the order of ORDEAL_VERDICT_*
  }
  return ORDEAL_VERDICT_WARN;
}

class Limit final : public ordeal::Rule {
 public:
  explicit Limit(const ordeal::Context& context) : Rule(context) {
    // The host has checked the options against the manifest's config_schema.
    const ordeal::Json config = ordeal::Json::checked(context.config);
    metric_ = config["metric"].text("ordeal_cpu_busy_ratio");
    limit_ = config["limit"].number(0.95);
    window_ns_ = static_cast<std::uint64_t>(config["seconds"].number(10) * 1e9);
    level_ = level_of(config["verdict"]);
  }

  /// A value counts from when it was read, not from when it is judged: to look at the same snapshot
  /// again changes nothing.
  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    ordeal::Judgement out;
    out.metric = metric_;
    out.limit = limit_;
    out.window_ns = window_ns_;
    for (const ordeal_sample& sample : snapshot.samples()) {
      if (ordeal::abi::view(sample.metric) != metric_) continue;
      const std::string series(ordeal::abi::view(sample.labels));
      if (!(sample.value > limit_)) {
        over_since_ns_.erase(series);
        continue;
      }
      const std::uint64_t since = over_since_ns_.try_emplace(series, sample.mono_ns).first->second;
      if (sample.mono_ns - since < window_ns_) continue;
      out.level = level_;
      out.value = sample.value;
      out.reason = reason(series, sample.value);
    }
    return out;
  }

 private:
  [[nodiscard]] std::string reason(const std::string& series, double value) const {
    char text[128];
    std::snprintf(text, sizeof text, " is %.4g, over the limit of %.4g for %.4g s", value, limit_,
                  static_cast<double>(window_ns_) / 1e9);
    return metric_ + (series.empty() ? "" : "{" + series + "}") + text;
  }

  std::string metric_;
  double limit_ = 0;
  std::uint64_t window_ns_ = 0;
  std::uint32_t level_ = ORDEAL_VERDICT_WARN;
  std::map<std::string, std::uint64_t> over_since_ns_;  // by label values
};

}  // namespace

ORDEAL_PLUGIN("@ID@", "0.1.0", ordeal::rule<Limit>("@NAME@"));
