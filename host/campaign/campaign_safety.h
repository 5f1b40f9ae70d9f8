// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/result.h"
#include "campaign/campaign.h"
#include "campaign/campaign_document.h"

namespace ordeal {

/// The campaign's safety section (defaults filled in), without its rules. Errors: invalid_config.
Result<Safety> read_safety(const CampaignDocument& document);

/// A phase's own safety section at `pointer` over the campaign's. It may tighten; what is looser
/// than the campaign is invalid_config. Rules are added by read_components.
Result<Safety> tighten_safety(const CampaignDocument& document, const boost::json::object& section,
                              const std::string& pointer, const Safety& campaign);

}  // namespace ordeal
