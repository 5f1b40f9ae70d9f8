// SPDX-License-Identifier: Apache-2.0
// How a phase's load is made, for the journal and the documents: in words and as data.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "campaign/campaign.h"

namespace ordeal {

/// The phase as a whole, and of each entry of `load` what `specs` has its workers do; times are
/// seconds. As `load_model` of the phase document has it, but for the entries' names.
boost::json::object load_model_fact(const Campaign& campaign, const PhasePlan& plan,
                                    const std::vector<LoadSpec>& specs);

/// What a phase leaves to the entry, in words: "2 workers on cores 2 and 3; timeout 1s for get".
std::string entry_text(const LoadEntry& entry, std::uint32_t workers);

}  // namespace ordeal
