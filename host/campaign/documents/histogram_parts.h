// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "campaign/documents/journal_facts.h"
#include "campaign/documents/phase_figures.h"
#include "journal/journal.h"

namespace ordeal::documents {

/// The member `histograms` of a phase document: for each kind of operation the latency in blocks,
/// the service time and every mark as a whole, each as HdrHistogram's own tools take them. A phase
/// of more blocks than a document should carry has neighbours merged; nothing is lost by that but
/// when it was.
Result<boost::json::array> histograms_json(JournalReader& journal, const RunFacts& facts,
                                           const Attempt& attempt, const PhaseFigures& figures);

}  // namespace ordeal::documents
