// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.consecutive-failures: failures in a row, in intervals or in operations.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/load_history.h"
#include "common/silence.h"
#include "common/wording.h"
#include "ordeal/plugin.hpp"

namespace consecutive_failures {
namespace {

struct Limit {
  std::uint64_t after = 0;
  std::uint32_t verdict = ORDEAL_VERDICT_STOP_PHASE;
};

struct Settings {
  explicit Settings(rules::Config& config)
      : scenario(config.text("scenario", "*")),
        of_operations(config.choice("count", {"intervals", "operations"}, 0) == 1),
        errors(config.amount("errors", 1)) {
    if (!(errors > 0) || errors > 1) {
      config.refuse("errors", "not a share over 0 % and up to 100 %");
    }
    for (rules::Config& entry : config.list("limits")) {
      Limit limit;
      limit.after = entry.count("after", 0);
      limit.verdict = entry.verdict("verdict", ORDEAL_VERDICT_STOP_PHASE);
      if (limit.after == 0) entry.refuse("after", "missing");
      entry.finish();
      limits.push_back(limit);
    }
    if (limits.empty()) limits = {{5, ORDEAL_VERDICT_WARN}, {10, ORDEAL_VERDICT_STOP_PHASE}};
    std::stable_sort(limits.begin(), limits.end(),
                     [](const Limit& a, const Limit& b) { return a.after < b.after; });
  }

  std::string scenario;
  bool of_operations;
  double errors;  // share from which an interval counts as failed; 1: without any success
  std::vector<Limit> limits;
};

/// A row of failed intervals of one scenario.
struct Row {
  std::uint64_t intervals = 0;
  rules::LoadSum sum;
};

class FailuresRule final : public ordeal::Rule {
 public:
  explicit FailuresRule(const ordeal::Context& context)
      : FailuresRule(context, rules::Config(context.config)) {}

  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    const std::uint64_t now = snapshot.now_ns();
    silence_.begin(now);
    if (snapshot.phase() != phase_) {
      rows_.clear();  // what one phase did is no reason to stop the next
      phase_ = snapshot.phase();
      silence_.heard(now);
    }
    for (const auto& [scenario, sum] : load_.take(snapshot)) {
      silence_.heard(sum.end_ns);
      if (sum.attempted == 0) continue;  // neither a success nor a failure
      Row& row = rows_[scenario];
      if (sum.error_share() < settings_.errors) {
        row = {};
      } else {
        ++row.intervals;
        row.sum.add(sum);
      }
    }
    if (phase_ == rules::between_phases) {
      rows_.clear();
      silence_.heard(now);
    }

    ordeal::Judgement out;
    out.metric =
        settings_.of_operations ? "failed operations in a row" : "failed intervals in a row";
    out.limit = static_cast<double>(settings_.limits.back().after);
    const std::pair<const std::string, Row>* worst = nullptr;
    for (const auto& entry : rows_) {
      if (worst == nullptr || length(entry.second) > length(worst->second)) worst = &entry;
    }
    if (worst != nullptr) {
      const std::uint64_t row = length(worst->second);
      out.value = static_cast<double>(row);
      for (const Limit& limit : settings_.limits) {
        if (row < limit.after) break;
        if (limit.verdict >= out.level) {
          out.level = limit.verdict;
          out.limit = static_cast<double>(limit.after);
        }
      }
      out.window_ns = worst->second.sum.end_ns - worst->second.sum.start_ns;
    }
    if (const std::uint32_t silent = silence_.judge(now); silent > out.level) {
      out.level = silent;
      out.reason = silence_.reason("the operations of " + settings_.scenario,
                                   rules::number(out.limit) + " " + out.metric, now);
    } else if (out.level != ORDEAL_VERDICT_OK) {
      out.reason = reason(worst->first, worst->second, out.limit);
    }
    return out;
  }

 private:
  FailuresRule(const ordeal::Context& context, rules::Config&& config)
      : Rule(context), settings_(config), load_(settings_.scenario), silence_(config, 0) {
    config.finish();
  }

  [[nodiscard]] std::uint64_t length(const Row& row) const {
    return settings_.of_operations ? row.sum.attempted : row.intervals;
  }

  [[nodiscard]] std::string reason(const std::string& scenario, const Row& row,
                                   double limit) const {
    std::string text = scenario + ": " + rules::number(static_cast<double>(length(row)));
    text += settings_.of_operations ? " operations" : " intervals";
    text += settings_.errors >= 1
                ? " in a row without a success"
                : " in a row with " + rules::percent(settings_.errors) + " errors or more";
    return text + ", the limit is " + rules::number(limit) + " (window " +
           rules::seconds(row.sum.end_ns - row.sum.start_ns) + ")";
  }

  const Settings settings_;
  rules::LoadReader load_;
  rules::Silence silence_;
  std::map<std::string, Row, std::less<>> rows_;
  std::uint32_t phase_ = rules::between_phases;
};

}  // namespace
}  // namespace consecutive_failures

ORDEAL_PLUGIN("org.ordeal.consecutive-failures", "0.1.0",
              ordeal::rule<consecutive_failures::FailuresRule>("consecutive-failures"));
