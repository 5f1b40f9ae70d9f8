// SPDX-License-Identifier: Apache-2.0
#include "readings.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "glob.h"

namespace rules {

namespace {

constexpr std::array<std::string_view, 5> engine_metrics{"success", "error_rate", "p50", "p99",
                                                         "max"};

/// In ratios and seconds; nothing when the interval holds nothing to say it from.
std::optional<double> value_of(std::string_view metric, const LoadSum& sum) {
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

Readings::Readings(Watch watch)
    : watch_(std::move(watch)),
      of_engine_(std::find(engine_metrics.begin(), engine_metrics.end(), watch_.metric) !=
                 engine_metrics.end()),
      load_(watch_.labels) {}

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
    if (ordeal::abi::view(sample.metric) != watch_.metric) continue;
    const std::string_view labels = ordeal::abi::view(sample.labels);
    if (!glob_matches(watch_.labels, labels)) continue;
    const auto [it, first] = last_.try_emplace(std::string(labels));
    Last& last = it->second;
    if (!first && sample.mono_ns <= last.at_ns) continue;
    if (!watch_.rate) {
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
  for (const LoadReader::Interval& interval : load_.take(snapshot)) {
    load_heard_ns_ = std::max(load_heard_ns_, interval.sum.end_ns);
    if (const auto value = value_of(watch_.metric, interval.sum)) {
      out.push_back({interval.scenario, *value, interval.sum.end_ns});
    }
  }
}

}  // namespace rules
