// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <vector>

#include "campaign/documents/journal_facts.h"
#include "campaign/documents/metric_series.h"

namespace ordeal::documents {

/// The readiness document. `series` is of the whole run.
boost::json::object readiness_object(const RunFacts& facts,
                                     const std::vector<MetricSeries>& series);

/// The baseline document.
boost::json::object baseline_object(const RunFacts& facts, const std::vector<MetricSeries>& series);

}  // namespace ordeal::documents
