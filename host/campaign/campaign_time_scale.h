// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "campaign/campaign.h"

namespace ordeal {

/// Multiplies by campaign.time_scale what the scale covers: phases, warm-ups, pauses, cooldown,
/// baseline; statistics blocks (not below 0.5 s); collector and worker intervals (not below 100 ms)
/// and check intervals (not below 1 s, the least deadline of a rule). What is below its floor
/// already stays. Rates, timeouts and limits are not touched.
void apply_time_scale(Campaign& campaign);

}  // namespace ordeal
