// SPDX-License-Identifier: Apache-2.0
#include "load_history.h"

#include <algorithm>
#include <utility>

#include "glob.h"

namespace rules {

void LoadSum::add(const ordeal_interval& interval) {
  for (std::size_t i = 0; i < ORDEAL_OUTCOME_COUNT; ++i) {
    // Dropped operations were never attempted, cancelled ones were ended by us.
    if (i == ORDEAL_OUTCOME_DROPPED || i == ORDEAL_OUTCOME_CANCELLED) continue;
    attempted += interval.outcomes[i];
  }
  ok += interval.outcomes[ORDEAL_OUTCOME_OK];
  refused += interval.outcomes[ORDEAL_OUTCOME_REFUSED];
  p50_ns = std::max(p50_ns, interval.p50_ns);
  p99_ns = std::max(p99_ns, interval.p99_ns);
  max_ns = std::max(max_ns, interval.max_ns);
  start_ns = end_ns == 0 ? interval.start_ns : std::min(start_ns, interval.start_ns);
  end_ns = std::max(end_ns, interval.end_ns);
}

void LoadSum::add(const LoadSum& other) {
  attempted += other.attempted;
  ok += other.ok;
  refused += other.refused;
  p50_ns = std::max(p50_ns, other.p50_ns);
  p99_ns = std::max(p99_ns, other.p99_ns);
  max_ns = std::max(max_ns, other.max_ns);
  start_ns = end_ns == 0 ? other.start_ns : std::min(start_ns, other.start_ns);
  end_ns = std::max(end_ns, other.end_ns);
}

std::vector<LoadReader::Interval> LoadReader::take(const ordeal::SnapshotView& snapshot) {
  std::map<std::pair<std::uint64_t, std::string>, LoadSum> sums;
  for (const ordeal_interval& interval : snapshot.intervals()) {
    const std::string_view scenario = ordeal::abi::view(interval.scenario);
    if (!glob_matches(scenarios_, scenario)) continue;
    const auto last = last_ns_.find(scenario);
    if (last != last_ns_.end() && interval.end_ns <= last->second) continue;
    sums[{interval.end_ns, std::string(scenario)}].add(interval);
  }
  std::vector<Interval> out;
  for (auto& [key, sum] : sums) {
    last_ns_[key.second] = key.first;
    out.push_back({key.second, sum});
  }
  return out;
}

}  // namespace rules
