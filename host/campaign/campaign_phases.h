// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "campaign/campaign.h"
#include "campaign/campaign_document.h"

namespace ordeal {

/// Reads the phases of a document that satisfies the schema into `campaign`, whose `safety` is
/// already read, and writes what a stress level implies back into the document. Durations are as
/// written. Errors: invalid_config.
Result<void> read_phases(CampaignDocument& document, Campaign& campaign);

/// Makes the plan fit: fills in `duration` where absent, refuses a longer plan (exact) or
/// multiplies all phase durations by one factor (scale), and checks safety.max_duration. Errors:
/// invalid_config.
Result<void> fit_plan(const CampaignDocument& document, Campaign& campaign);

}  // namespace ordeal
