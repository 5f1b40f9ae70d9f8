// SPDX-License-Identifier: Apache-2.0
// What only a load entry's own plugin can say before a run: whether it takes its config, which
// kinds of operations it has, and so how much memory its histograms may need.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/protocol/cell_codec.h"
#include "campaign/campaign.h"
#include "campaign/readiness.h"
#include "registry/registry.h"

namespace ordeal {

/// The most that the histograms of one worker can take, in bytes: for each kind latency, service
/// time and the marks, every page of each touched. The bound of base.histogram's test for one.
std::uint64_t histogram_bound(const Declared& declared);

/// Whether histograms of `bound` bytes leave `safety` its memory when `available` of `total` bytes
/// are. Pure.
ReadinessCheck load_memory_check(std::uint64_t bound, std::uint64_t available, std::uint64_t total,
                                 const Safety& safety);

/// Creates the scenario of each load entry in a cell of its own (`cell`: the program), as a run
/// would, and ends it before it opens a session; 10 s each at most. One check for each entry, and
/// one for the memory of them all. One thread.
std::vector<ReadinessCheck> check_loads(const Campaign& campaign, const Registry& registry,
                                        const std::string& cell);

}  // namespace ordeal
