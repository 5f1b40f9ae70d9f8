// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "campaign/campaign.h"

namespace ordeal {

/// Reads the limit of an SLO: `metric` (a key of the schema's slo object) and `text` such as
/// ">=95%",
/// "<2s", "> 100/s". Error: invalid_config without a place; the caller adds it.
Result<Slo> parse_slo(const std::string& metric, std::string_view text);

/// Reads a share such as ">=70%" as 0.7. Error: as parse_slo.
Result<double> parse_least_share(std::string_view text);

}  // namespace ordeal
