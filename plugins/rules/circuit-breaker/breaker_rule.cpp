// SPDX-License-Identifier: Apache-2.0
/// Plugin org.ordeal.circuit-breaker: takes the load off a target that fails or has become slow,
/// probes it, and gives up when it opens too often.
#include <map>
#include <string>
#include <utility>

#include "breaker.h"
#include "common/silence.h"
#include "common/wording.h"
#include "ordeal/plugin.hpp"

namespace circuit_breaker {
namespace {

class BreakerRule final : public ordeal::Rule {
 public:
  explicit BreakerRule(const ordeal::Context& context)
      : BreakerRule(context, rules::Config(context.config)) {}

  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    const std::uint64_t now = snapshot.now_ns();
    silence_.begin(now);
    if (snapshot.phase() != phase_) {
      breakers_.clear();  // each phase offers another load
      phase_ = snapshot.phase();
      silence_.heard(now);
    }
    for (const auto& [scenario, sum] : load_.take(snapshot)) {
      silence_.heard(sum.end_ns);
      breakers_.try_emplace(scenario, settings_).first->second.add(sum);
    }
    if (phase_ == rules::between_phases) {
      breakers_.clear();
      silence_.heard(now);
    }

    ordeal::Judgement out;
    out.metric = settings_.errors ? "error rate" : "latency";
    out.window_ns = settings_.window_ns;
    const std::pair<const std::string, Breaker>* worst = nullptr;
    for (auto& entry : breakers_) {
      entry.second.move_on(now);
      if (worst == nullptr || entry.second.level() > worst->second.level()) worst = &entry;
    }
    if (worst != nullptr) {
      out.level = worst->second.level();
      out.value = worst->second.value();
      out.limit = worst->second.limit();
    }
    if (const std::uint32_t silent = silence_.judge(now); silent > out.level) {
      out.level = silent;
      out.reason = silence_.reason("the operations of " + settings_.scenario, "the breaker", now);
    } else if (out.level != ORDEAL_VERDICT_OK) {
      out.reason = reason(worst->first, worst->second);
    }
    return out;
  }

 private:
  BreakerRule(const ordeal::Context& context, rules::Config&& config)
      : Rule(context),
        settings_(config),
        load_(settings_.scenario),
        silence_(config, settings_.window_ns) {
    config.finish();
  }

  /// The same at every judgement of a state: what changes with each of them is no news.
  [[nodiscard]] std::string reason(const std::string& scenario, const Breaker& breaker) const {
    const std::string opening = rules::number(static_cast<double>(breaker.openings()));
    const std::string of = rules::number(static_cast<double>(settings_.openings));
    std::string text = scenario + ": ";
    switch (breaker.state()) {
      case Breaker::State::half_open:
        text += "half open, the load is a probe, after opening " + opening + " of " + of;
        break;
      case Breaker::State::given_up:
        text += "opened for the " + of + ". time and is not tried again";
        break;
      default:
        text += "open, opening " + opening + " of " + of;
    }
    return text + ": " + breaker.cause();
  }

  const Settings settings_;
  rules::LoadReader load_;
  rules::Silence silence_;
  std::map<std::string, Breaker, std::less<>> breakers_;
  std::uint32_t phase_ = rules::between_phases;
};

}  // namespace
}  // namespace circuit_breaker

ORDEAL_PLUGIN("org.ordeal.circuit-breaker", "0.1.0",
              ordeal::rule<circuit_breaker::BreakerRule>("circuit-breaker"));
