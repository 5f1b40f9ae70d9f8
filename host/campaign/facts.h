// SPDX-License-Identifier: Apache-2.0
// The run-wide facts of the journal, as JSON: what the documents are built from.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "bus/bus.h"
#include "campaign/campaign.h"
#include "campaign/load_run.h"
#include "campaign/services.h"
#include "campaign/topic_plan.h"

namespace ordeal {

struct RunFact {
  std::string run_id;
  std::string campaign;
  std::string version;
  double time_scale = 1;
  double fit_factor = 1;
  std::uint64_t seed = 1;
  std::string command;
};
boost::json::object run_fact(const RunFact& run, const Clock& clock);
boost::json::array plan_fact(const Campaign& campaign);
boost::json::object phase_plan_fact(const PhasePlan& plan);
boost::json::object target_fact(const Campaign& campaign);
boost::json::array plugins_fact(const Campaign& campaign, const Services& services,
                                const Registry& registry);
boost::json::array loads_fact(const Campaign& campaign, const Registry& registry, LoadRun& load);
/// An interval/1 event for streaming reports: times in seconds, start and end of CLOCK_MONOTONIC.
boost::json::object interval_fact(std::int32_t phase, const SnapshotInterval& interval);
/// What the workers used and how late they were, for the result of a phase: of shares those of the
/// worker for whom each is highest, then each worker's own; times in seconds.
boost::json::object generator_fact(const GeneratorEvidence& generator);
/// `queue` of a third party's topic says whether a drop is an error.
boost::json::array drops_fact(const std::vector<DropCount>& drops, const TopicPlan& topics);

}  // namespace ordeal
