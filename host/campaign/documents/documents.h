// SPDX-License-Identifier: Apache-2.0
// The report documents, built from the journal alone: of a run that goes on, that ended, or that
// was cut off at any point. Their shapes are manifests/schemas/*-report.json. What the journal does
// not hold is null, never zero. Of a repeated phase only the last attempt counts.
//
// All functions: any one thread (the reader's); read only; Error: internal, when the journal cannot
// be read or holds what no controller writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/phase_result.h"
#include "analysis/verdict.h"
#include "base/result.h"
#include "journal/journal.h"

namespace ordeal {

/// Each gives the document's pretty JSON text.
Result<std::string> readiness_document(JournalReader& journal);
Result<std::string> baseline_document(JournalReader& journal);
/// Error also when there is no row of phase `index` (from 0).
Result<std::string> phase_document(JournalReader& journal, std::int32_t index);
Result<std::string> campaign_document(JournalReader& journal);

/// A phase's document twice: with what every report gets, and for those that want them with the
/// histograms, too ("" unless `with_histograms`).
struct PhaseDocuments {
  std::string plain;
  std::string with_histograms;
};
Result<PhaseDocuments> phase_documents(JournalReader& journal, std::int32_t index,
                                       bool with_histograms);

/// "phase_report_<n>_<name>.json": n from 1; what is not a letter, digit, '.', '_' or '-' becomes
/// '_'.
std::string phase_report_name(std::int32_t index, const std::string& name);

struct PhaseJudgement {
  PhaseResult result = PhaseResult::inconclusive;
  bool success = false;
  std::vector<std::string> reasons;
  std::vector<Assertion> assertions;
};

/// The result of the last attempt of phase `index`, as its document will say it. Call it once the
/// row with state and result and all blocks are committed.
Result<PhaseJudgement> judge_phase(JournalReader& journal, std::int32_t index);

/// The verdict as the campaign document will say it. Without the key `end` it is incomplete (116);
/// so set `end` first. `end.exit_code` is only read for runs refused before load.
Result<CampaignVerdict> judge_campaign(JournalReader& journal);

}  // namespace ordeal
