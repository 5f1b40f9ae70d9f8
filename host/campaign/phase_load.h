// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "campaign/campaign.h"
#include "engine/load_spec.h"

namespace ordeal {

/// What each entry of the campaign's load is to do in a phase that begins at `start_ns`: its share,
/// by weight, of connections, rate, recorded arrivals and operations. Rate, arrivals and operations
/// of all entries together are exactly the phase's. An entry of whose operations none are left has
/// no sessions.
std::vector<LoadSpec> phase_specs(const Campaign& campaign, const PhasePlan& plan,
                                  std::uint64_t start_ns);

}  // namespace ordeal
