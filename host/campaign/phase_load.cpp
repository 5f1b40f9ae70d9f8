// SPDX-License-Identifier: Apache-2.0
#include "campaign/phase_load.h"

#include <algorithm>
#include <cmath>

namespace ordeal {

namespace {

std::uint64_t ns(Duration d) { return static_cast<std::uint64_t>(d.count()); }

/// What a load spec takes over as it stands.
void set_model(const PhasePlan& plan, const LoadEntry& entry, LoadSpec& spec) {
  if (plan.poisson) spec.arrivals = LoadSpec::Arrivals::poisson;
  if (!plan.arrivals_file.empty()) {
    spec.arrivals = LoadSpec::Arrivals::recorded;
    spec.arrivals_file = plan.arrivals_file;
    spec.arrivals_identity = plan.arrivals_identity;
    spec.speed = plan.speed;
  }
  for (const RateStep& step : plan.rates)
    spec.rates.push_back({step.from, step.to, ns(step.length)});
  spec.think = plan.think;
  spec.operations_per_session = plan.operations_per_connection;
  for (const KindTimeout& timeout : entry.timeouts)
    spec.timeouts.emplace_back(timeout.of.kind, ns(timeout.timeout));
  spec.retry = entry.retry;
}

/// What falls to the entry whose share of the load lies between these two: so the entries' parts
/// add up, however they are rounded.
std::uint64_t part_between(std::uint64_t whole, double from, double to) {
  const auto before = [&](double share) {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(whole) * share));
  };
  return before(to) - before(from);
}

}  // namespace

std::vector<LoadSpec> phase_specs(const Campaign& campaign, const PhasePlan& plan,
                                  std::uint64_t start_ns) {
  double weights = 0;
  for (const auto& entry : campaign.load) weights += entry.weight;
  std::vector<LoadSpec> specs;
  double dealt = 0;
  for (const auto& entry : campaign.load) {
    const double share = weights > 0 ? entry.weight / weights : 1;
    LoadSpec spec;
    spec.deal_from = dealt;
    dealt += share;
    if (&entry == &campaign.load.back()) dealt = 1;
    spec.deal_to = dealt;
    set_model(plan, entry, spec);
    // At least one: an entry without a connection makes no load.
    spec.sessions = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(1, part_between(plan.connections, spec.deal_from, spec.deal_to)));
    const double paced = plan.connections * plan.operations / 60;
    spec.rate = plan.rate > 0 ? plan.rate : paced;
    if (spec.arrivals == LoadSpec::Arrivals::recorded) spec.rate = plan.busiest_second;
    spec.model = spec.rate > 0 ? LoadSpec::Model::open : LoadSpec::Model::closed;
    scale_rate(spec, share);
    if (plan.max_operations > 0) {
      spec.max_operations = part_between(plan.max_operations, spec.deal_from, spec.deal_to);
      if (spec.max_operations == 0) spec.sessions = 0;
    }
    spec.start_ns = start_ns;
    spec.warm_up_ns = ns(plan.warm_up);
    spec.duration_ns = ns(plan.duration);
    spec.timeout_ns = ns(plan.timeout);
    // What entries draw has nothing in common, or their arrivals at random would coincide.
    spec.seed = campaign.seed + static_cast<std::uint64_t>(plan.index) + 1 +
                (static_cast<std::uint64_t>(specs.size()) << 48);
    spec.mix = entry.mix;
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace ordeal
