// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <vector>

#include "analysis/recommendations.h"
#include "campaign/documents/journal_facts.h"
#include "campaign/documents/phase_figures.h"

namespace ordeal::documents {

/// Requests on the wire by class, as in a phase's result.
struct WireSums {
  std::uint64_t probe = 0, warm_up = 0, measured = 0, retried = 0, cancelled = 0;
  bool complete = true;  // false: an attempt left no counts

  /// Adds `wire` ({probe, ...}); JSON null makes the sums incomplete.
  void add(const boost::json::value* wire);
};
/// {requests_sent: {total, probe, warm_up, measured, retried, cancelled}, complete}; all null when
/// nothing is known.
boost::json::object wire_json(const WireSums& sums, bool any);

boost::json::object assertion_json(const Assertion& assertion, const PlannedPhase& phase);

/// The phase document without series. Error: internal.
Result<boost::json::object> phase_object(const RunFacts& facts, const Attempt& attempt,
                                         const PhaseFigures& figures);

/// What the advisers want to know.
AdviceFacts advice_facts(const Attempt& attempt, const PhaseFigures& figures);

}  // namespace ordeal::documents
