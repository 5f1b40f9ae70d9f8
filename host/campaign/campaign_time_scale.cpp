// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_time_scale.h"

#include <algorithm>
#include <cmath>

namespace ordeal {

void apply_time_scale(Campaign& campaign) {
  using std::chrono::milliseconds;
  if (campaign.time_scale == 1) return;
  const auto scale = [&campaign](Duration& duration, Duration floor = Duration::zero()) {
    const double scaled = static_cast<double>(duration.count()) * campaign.time_scale;
    const Duration kept = std::min(duration, floor);
    // 100 years: beyond any campaign, and within what a Duration holds.
    duration = std::max(kept, Duration(std::llround(std::min(scaled, 3e18))));
  };
  scale(campaign.duration);
  scale(campaign.baseline_duration);
  scale(campaign.safety.cooldown);
  scale(campaign.interval, milliseconds(100));
  scale(campaign.block, milliseconds(500));
  for (CollectEntry& entry : campaign.collect) scale(entry.interval, milliseconds(100));
  for (PhasePlan& phase : campaign.phases) {
    scale(phase.duration);
    scale(phase.warm_up);
    scale(phase.pause);
    for (RateStep& step : phase.rates) scale(step.length);
    // Check intervals are dwell times of safety: a short run is not judged more hastily.
    if (phase.safety) scale(phase.safety->cooldown);
  }
}

}  // namespace ordeal
