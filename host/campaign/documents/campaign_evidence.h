// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "analysis/verdict.h"
#include "campaign/documents/journal_facts.h"
#include "campaign/documents/phase_figures.h"

namespace ordeal::documents {

/// Figures of the attempt that counts, by phase index.
using FiguresByPhase = std::map<std::int32_t, PhaseFigures>;
Result<FiguresByPhase> all_figures(JournalReader& journal, const RunFacts& facts);

/// What the verdict rests on.
Result<CampaignEvidence> campaign_evidence(const RunFacts& facts, const FiguresByPhase& figures);

}  // namespace ordeal::documents
