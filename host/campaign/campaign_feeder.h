// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/result.h"
#include "campaign/campaign.h"
#include "campaign/campaign_document.h"

namespace ordeal {

/// The key `feeder` of a load entry, which stands at `pointer` and has the form of the schema. The
/// file's path becomes absolute, also in the document: relative ones are relative to the campaign's
/// file. Does not look at the file. Error: invalid_config for a format that is not known, or an
/// option that its format does not have.
Result<void> read_feeder(const CampaignDocument& document, boost::json::object& entry,
                         const std::string& pointer, const std::string& campaign_file,
                         LoadEntry& load);

}  // namespace ordeal
