// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.h"
#include "base/outcome.h"
#include "campaign/documents/journal_facts.h"
#include "campaign/documents/phase_figures.h"

namespace ordeal::documents {

/// The seed's figures of a set of operations: test_result.summary.
boost::json::object figures_json(const OutcomeCounts& outcomes, const Histogram& latency,
                                 double measured_seconds);

/// {summary, operation_breakdown, outcomes, errors}.
boost::json::object test_result(const Attempt& attempt, const PhaseFigures& figures);

/// {avg, p50, p90, p95, p99, p999, max} in seconds, null without data, and count.
boost::json::object times_json(const std::optional<Histogram>& times);

/// The same of every mark, by name.
boost::json::object marks_json(const std::vector<std::pair<std::string, Histogram>>& marks);

}  // namespace ordeal::documents
