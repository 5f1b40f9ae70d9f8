// SPDX-License-Identifier: Apache-2.0
#include "readings.h"

#include <algorithm>
#include <array>

#include "glob.h"

namespace threshold {

namespace {

constexpr std::array<std::string_view, 5> engine_metrics{"success", "error_rate", "p50", "p99",
                                                         "max"};

/// What all kinds of one scenario did since the last look.
struct Sum {
  std::uint64_t ok = 0;
  std::uint64_t attempted = 0;
  std::uint64_t p50_ns = 0;  // the slowest kind's
  std::uint64_t p99_ns = 0;
  std::uint64_t max_ns = 0;
  std::uint64_t end_ns = 0;
};

void add(Sum& sum, const ordeal_interval& interval) {
  for (std::size_t i = 0; i < ORDEAL_OUTCOME_COUNT; ++i) {
    // Dropped operations were never attempted, cancelled ones were ended by us.
    if (i == ORDEAL_OUTCOME_DROPPED || i == ORDEAL_OUTCOME_CANCELLED) continue;
    sum.attempted += interval.outcomes[i];
  }
  sum.ok += interval.outcomes[ORDEAL_OUTCOME_OK];
  sum.p50_ns = std::max(sum.p50_ns, interval.p50_ns);
  sum.p99_ns = std::max(sum.p99_ns, interval.p99_ns);
  sum.max_ns = std::max(sum.max_ns, interval.max_ns);
  sum.end_ns = std::max(sum.end_ns, interval.end_ns);
}

/// In ratios and seconds; nothing when the interval holds nothing to say it from.
std::optional<double> value_of(std::string_view metric, const Sum& sum) {
  if (metric == "success" || metric == "error_rate") {
    if (sum.attempted == 0) return std::nullopt;
    const double ok = static_cast<double>(sum.ok) / static_cast<double>(sum.attempted);
    return metric == "success" ? ok : 1 - ok;
  }
  if (sum.ok == 0) return std::nullopt;
  const std::uint64_t ns = metric == "p50" ? sum.p50_ns : metric == "p99" ? sum.p99_ns : sum.max_ns;
  return static_cast<double>(ns) / 1e9;
}

}  // namespace

Readings::Readings(const Config& config)
    : config_(config),
      of_engine_(std::find(engine_metrics.begin(), engine_metrics.end(), config.metric) !=
                 engine_metrics.end()) {}

std::vector<Reading> Readings::take(const ordeal::SnapshotView& snapshot) {
  std::vector<Reading> out;
  if (of_engine_) {
    take_intervals(snapshot, out);
  } else {
    take_samples(snapshot, out);
  }
  return out;
}

void Readings::take_samples(const ordeal::SnapshotView& snapshot, std::vector<Reading>& out) {
  for (const ordeal_sample& sample : snapshot.samples()) {
    if (ordeal::abi::view(sample.metric) != config_.metric) continue;
    const std::string_view labels = ordeal::abi::view(sample.labels);
    if (!glob_matches(config_.labels, labels)) continue;
    const auto [it, first] = last_.try_emplace(std::string(labels));
    Last& last = it->second;
    if (!first && sample.mono_ns <= last.at_ns) continue;
    if (!config_.rate) {
      out.push_back({std::string(labels), sample.value, sample.mono_ns});
    } else if (!first && sample.value >= last.value) {  // a step back is a restart
      const double seconds = static_cast<double>(sample.mono_ns - last.at_ns) / 1e9;
      out.push_back({std::string(labels), (sample.value - last.value) / seconds, sample.mono_ns});
    }
    last = {sample.value, sample.mono_ns};
  }
  constexpr std::uint64_t forget_ns = 3600'000'000'000;  // label values come and go: pids, devices
  const std::uint64_t now = snapshot.now_ns();
  std::erase_if(last_, [&](const auto& entry) {
    return now > entry.second.at_ns && now - entry.second.at_ns > forget_ns;
  });
}

void Readings::take_intervals(const ordeal::SnapshotView& snapshot, std::vector<Reading>& out) {
  std::map<std::string, Sum, std::less<>> sums;
  for (const ordeal_interval& interval : snapshot.intervals()) {
    const std::string_view scenario = ordeal::abi::view(interval.scenario);
    if (!glob_matches(config_.labels, scenario)) continue;
    const auto last = last_.find(scenario);
    if (last != last_.end() && interval.end_ns <= last->second.at_ns) continue;
    add(sums[std::string(scenario)], interval);
  }
  for (const auto& [scenario, sum] : sums) {
    last_[scenario].at_ns = sum.end_ns;
    if (const auto value = value_of(config_.metric, sum)) {
      out.push_back({scenario, *value, sum.end_ns});
    }
  }
}

}  // namespace threshold
