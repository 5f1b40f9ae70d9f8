// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/campaign_evidence.h"
#include "campaign/documents/documents.h"

namespace ordeal {

using namespace documents;

Result<PhaseJudgement> judge_phase(JournalReader& journal, std::int32_t index) {
  auto facts = read_facts(journal);
  if (!facts) return std::move(facts.error()).within("judging a phase");
  const Attempt* attempt = facts->last_attempt(index);
  if (attempt == nullptr) {
    Error error;
    error.what = "the journal has no phase " + std::to_string(index);
    return error;
  }
  auto figures = phase_figures(journal, *facts, *attempt);
  if (!figures) return std::move(figures.error()).within("judging a phase");
  PhaseJudgement judgement;
  judgement.result = figures->outcome.result;
  judgement.success = figures->outcome.success;
  judgement.reasons = std::move(figures->outcome.reasons);
  judgement.assertions = std::move(figures->assertions);
  return judgement;
}

Result<CampaignVerdict> judge_campaign(JournalReader& journal) {
  auto facts = read_facts(journal);
  if (!facts) return std::move(facts.error()).within("judging the campaign");
  auto figures = all_figures(journal, *facts);
  if (!figures) return std::move(figures.error()).within("judging the campaign");
  auto evidence = campaign_evidence(*facts, *figures);
  if (!evidence) return std::move(evidence.error()).within("judging the campaign");
  return judge_evidence(*evidence);
}

}  // namespace ordeal
