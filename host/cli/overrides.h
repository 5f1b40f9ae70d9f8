// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "campaign/campaign.h"
#include "cli/options.h"

namespace ordeal {

/// What the command line and this process's ORDEAL_* environment add to a campaign file.
CampaignOverrides overrides_of(const Options& options);

}  // namespace ordeal
