// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "campaign/documents/campaign_evidence.h"
#include "campaign/documents/journal_facts.h"
#include "campaign/documents/metric_series.h"

namespace ordeal::documents {

/// All that the campaign document is made of.
struct CampaignParts {
  const RunFacts& facts;
  const FiguresByPhase& figures;
  const CampaignEvidence& evidence;
  const CampaignVerdict& verdict;
  const std::vector<MetricSeries>& metrics;
};

/// The campaign document without its series.
Result<boost::json::object> campaign_object(const CampaignParts& parts);

}  // namespace ordeal::documents
