// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "campaign/campaign.h"
#include "campaign/campaign_document.h"

namespace ordeal {

/// Puts environment variables and then --set values over the document. Variables that name no key
/// of the schema are somebody else's. Errors: usage for a --set without '='; invalid_config for an
/// unknown path, naming the --set and the nearest key.
Result<void> apply_overrides(CampaignDocument& document, const CampaignOverrides& overrides);

}  // namespace ordeal
