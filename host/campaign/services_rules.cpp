// SPDX-License-Identifier: Apache-2.0
// What rules see, what they say, and what their silence counts as.
#include <algorithm>
#include <boost/json.hpp>

#include "base/plain_text.h"
#include "campaign/ladder.h"
#include "campaign/services.h"
#include "ordeal/abi/rule.h"

namespace ordeal {

void Services::verdict(Item& item, Decoder& in) {
  const std::string error = plain_text(in.text());
  if (!error.empty()) {
    ++item.misses;
    rule_missed(item, error,
                item.misses == 1   ? ORDEAL_VERDICT_WARN
                : item.misses == 2 ? ORDEAL_VERDICT_HOLD
                                   : ORDEAL_VERDICT_STOP_PHASE);
    return;
  }
  item.misses = 0;
  item.judged_ns = loop_.now();
  RuleState& state = rule_states_[item.rule_state];
  const RuleState before = state;
  state.level = std::min<std::uint32_t>(in.u32(), ORDEAL_VERDICT_ABORT);
  state.metric = plain_text(in.text());
  state.reason = plain_text(in.text());
  state.value = in.f64();
  state.limit = in.f64();
  state.window_ns = in.u64();
  announce(item, before);
}

void Services::rule_missed(Item& item, const std::string& why, std::uint32_t at_least) {
  RuleState& state = rule_states_[item.rule_state];
  if (state.level >= at_least) return;
  const RuleState before = state;
  state.level = std::min<std::uint32_t>(at_least, ORDEAL_VERDICT_ABORT);
  state.metric = "rule deadline";
  state.reason = "rule " + state.rule + ": " + why;
  announce(item, before);
}

void Services::announce(Item& item, const RuleState& before) {
  const RuleState& state = rule_states_[item.rule_state];
  if (state.level == before.level) return;
  const char* level = level_name(state.level);
  bulletin_.event("safety", "rule_verdict", phase_,
                  {{"rule", state.rule},
                   {"plugin", state.plugin},
                   {"level", level},
                   {"metric", state.metric},
                   {"value", state.value},
                   {"limit", state.limit},
                   {"window_s", static_cast<double>(state.window_ns) / 1e9},
                   {"reason", state.reason}},
                  "rule " + state.rule + ": " + level +
                      (state.reason.empty() ? std::string() : " (" + state.reason + ")"));
}

void Services::set_interval(std::size_t load, SnapshotInterval interval) {
  intervals_[{load, interval.kind}] = std::move(interval);
}

Snapshot Services::snapshot() const {
  Snapshot snapshot;
  snapshot.phase = phase_ < 0 ? 0xffffffffu : static_cast<std::uint32_t>(phase_);
  snapshot.now_ns = loop_.now();
  for (const auto& [name, sample] : latest_) snapshot.samples.push_back(sample);
  for (const auto& [name, interval] : intervals_) snapshot.intervals.push_back(interval);
  return snapshot;
}

}  // namespace ordeal
