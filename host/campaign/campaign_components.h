// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "campaign/campaign.h"
#include "campaign/campaign_document.h"
#include "registry/registry.h"

namespace ordeal {

/// Resolves every scenario, collector, rule and report of the document through the registry, merges
/// and checks their configurations, and writes these back. `campaign` must have its target, safety
/// and phases. What the target says is handed to components with an option of that name and no
/// value for it, but not written back, so that another target can be set later. Errors:
/// invalid_config; plugin_rejected with the place of the name.
Result<void> read_components(CampaignDocument& document, const Registry& registry,
                             Campaign& campaign);

}  // namespace ordeal
