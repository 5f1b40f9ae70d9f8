// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "campaign/campaign.h"
#include "campaign/campaign_document.h"

namespace ordeal {

/// The keys `workers` and `cores` of a load entry, which stands at `pointer` and has the form of
/// the schema. Error: invalid_config for a core that this process may not use.
Result<void> read_workers(const CampaignDocument& document, const boost::json::object& entry,
                          const std::string& pointer, LoadEntry& load);

/// The cores this process may use, in order.
std::vector<std::uint32_t> usable_cores();

}  // namespace ordeal
