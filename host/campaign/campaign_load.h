// SPDX-License-Identifier: Apache-2.0
// What a campaign says of load models: how operations arrive, how long connections rest, how long
// an operation may take and whether it is tried again.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "campaign/campaign.h"
#include "campaign/campaign_document.h"

namespace ordeal {

/// The phase's load: rate, arrivals, think times, bounds. `plan` has its times already. Reads a
/// file of recorded arrivals from end to end.
Result<void> read_phase_load(CampaignDocument& document, boost::json::object& phase,
                             const std::string& pointer, PhasePlan& plan);

/// Timeouts per kind and the retry policy of an entry of `load`.
Result<void> read_entry_load(const CampaignDocument& document, const boost::json::object& entry,
                             const std::string& pointer, LoadEntry& load);

/// Only a scenario knows its kinds of operations: that those a campaign names are among them.
/// Error: invalid_config where the campaign, or its file of arrivals, names another.
Result<void> check_kinds(const Campaign& campaign, const LoadEntry& load,
                         const std::vector<std::string>& kinds);

/// A length of time as one would write it; rounded where a time scale left odd nanoseconds.
std::string length_text(Duration length);

/// The load of a phase in words: "50/s to 500/s over 2m".
std::string load_text(const PhasePlan& plan);

/// The longest that one of the campaign's operations may take in a phase.
Duration longest_timeout(const Campaign& campaign, const PhasePlan& plan);

}  // namespace ordeal
