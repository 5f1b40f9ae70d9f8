// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_phases.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "campaign/campaign_load.h"
#include "campaign/campaign_safety.h"
#include "campaign/slo_parse.h"

namespace ordeal {
namespace json = boost::json;
namespace {

struct StressLimits {
  const char* success;
  const char* average;
};

/// What each stress level has to reach, from the system that ordeal replaces.
const std::map<std::string, StressLimits, std::less<>>& stress_table() {
  static const std::map<std::string, StressLimits, std::less<>> table{
      {"low", {">=95%", "<2s"}},
      {"moderate", {">=90%", "<3s"}},
      {"high", {">=85%", "<5s"}},
      {"extreme", {">=80%", "<8s"}},
      {"sustained", {">=85%", "<5s"}}};
  return table;
}

class PhaseReader {
 public:
  PhaseReader(CampaignDocument& document, Campaign& campaign, json::object& phase,
              std::size_t index)
      : document_(document),
        campaign_(campaign),
        phase_(phase),
        pointer_("/phases/" + std::to_string(index)) {
    plan_.index = static_cast<std::int32_t>(index);
  }

  Result<PhasePlan> read() {
    plan_.name = text_member(phase_, "name");
    plan_.stress = text_member(phase_, "stress");
    plan_.judge = bool_member(phase_, "judge", true);
    if (Result<void> done = read_times(); !done) return done.error();
    if (Result<void> done = read_phase_load(document_, phase_, pointer_, plan_); !done)
      return done.error();
    if (Result<void> done = read_slo(); !done) return done.error();
    if (const json::value* safety = phase_.if_contains("safety")) {
      Result<Safety> tightened =
          tighten_safety(document_, safety->get_object(), pointer_ + "/safety", campaign_.safety);
      if (!tightened) return tightened.error();
      plan_.safety = std::move(*tightened);
    }
    return std::move(plan_);
  }

 private:
  Result<void> read_times() {
    plan_.duration = duration_member(phase_, "duration");
    plan_.warm_up = duration_member(phase_, "warm_up");
    plan_.pause = duration_member(phase_, "pause");
    plan_.timeout = duration_member(phase_, "timeout",
                                    duration_member(document_.root().get_object(), "timeout"));
    if (plan_.duration <= Duration::zero()) {
      return document_.error(pointer_ + "/duration", "a phase must last", "more than 0s");
    }
    if (plan_.timeout <= Duration::zero()) {
      return document_.error(pointer_ + "/timeout", "an operation needs time", "more than 0s");
    }
    if (plan_.warm_up >= plan_.duration) {
      return document_.error(pointer_ + "/warm_up",
                             "warm_up leaves nothing of the phase to measure",
                             "less than its duration of " + format_duration(plan_.duration));
    }
    return {};
  }

  Result<void> read_slo() {
    if (!phase_.contains("slo") && !plan_.stress.empty()) {
      const StressLimits& limits = stress_table().at(plan_.stress);
      json::object implied;
      implied["success"] = limits.success;
      implied["avg"] = limits.average;
      phase_["slo"] = std::move(implied);
    }
    const json::value* slo = phase_.if_contains("slo");
    if (slo == nullptr) return {};
    for (const auto& member : slo->get_object()) {
      const std::string metric(member.key());
      if (metric.starts_with("x-")) continue;
      Result<Slo> one = parse_slo(metric, text_member(slo->get_object(), metric));
      if (!one) {
        Error error = one.error();
        error.where = document_.locate(pointer_ + "/slo/" + metric);
        return error;
      }
      plan_.slo.push_back(std::move(*one));
    }
    return {};
  }

  CampaignDocument& document_;
  Campaign& campaign_;
  json::object& phase_;
  std::string pointer_;
  PhasePlan plan_;
};

}  // namespace

Result<void> read_phases(CampaignDocument& document, Campaign& campaign) {
  json::value& phases = document.root().get_object().at("phases");
  if (phases.is_string()) {
    return document.error("/phases",
                          "\"auto\" needs a capacity search, which this version does not do", {},
                          "give a list of phases");
  }
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < phases.get_array().size(); ++i) {
    Result<PhasePlan> plan =
        PhaseReader(document, campaign, phases.get_array()[i].get_object(), i).read();
    if (!plan) return plan.error();
    if (const auto [other, fresh] = names.emplace(plan->name, i); !fresh) {
      return document.error(
          "/phases/" + std::to_string(i) + "/name",
          "phase name '" + plan->name + "' is taken by phase " + std::to_string(other->second + 1),
          "each name once");
    }
    campaign.phases.push_back(std::move(*plan));
  }
  return {};
}

Result<void> fit_plan(const CampaignDocument& document, Campaign& campaign) {
  // In seconds as doubles: a thousand phases of decades would overflow nanoseconds.
  const auto seconds = [](Duration duration) {
    return std::chrono::duration<double>(duration).count();
  };
  double load = 0;
  double pauses = 0;
  for (const PhasePlan& phase : campaign.phases) {
    load += seconds(phase.duration);
    if (&phase != &campaign.phases.back()) pauses += seconds(phase.pause);
  }
  const double most = seconds(campaign.safety.max_duration);
  const bool given = campaign.duration > Duration::zero();
  const double plan = load + pauses;
  const double wanted = given ? seconds(campaign.duration) : plan;
  const std::string pointer = given ? "/duration" : "/phases";
  const auto shown = [](double length) {
    return human_duration(Duration(std::llround(length * 1e9)));
  };
  const double longest =
      std::max(1.0, campaign.time_scale) * (campaign.fit_scale ? wanted : std::max(plan, wanted));
  if (longest > most) {
    return document.error(pointer,
                          (longest < 9e9 ? shown(longest) + " is" : std::string("the plan is")) +
                              " longer than safety.max_duration",
                          "at most " + format_duration(campaign.safety.max_duration));
  }
  if (!given) {
    if (campaign.fit_scale) {
      return document.error("/fit", "\"scale\" needs a duration to scale to", "a key 'duration'");
    }
    campaign.duration = Duration(std::llround(plan * 1e9));
    return {};
  }
  if (!campaign.fit_scale) {
    if (plan <= wanted * (1 + 1e-12)) return {};
    return document.error(
        "/duration", "the phases take " + shown(plan) + (pauses > 0 ? " with their pauses" : ""),
        "at most the duration of " + format_duration(campaign.duration),
        "set \"fit\": \"scale\" to shorten all phases alike");
  }
  if (wanted <= pauses) {
    return document.error("/duration", "the pauses alone take " + shown(pauses),
                          "a longer duration");
  }
  campaign.fit_factor = (wanted - pauses) / load;
  for (PhasePlan& phase : campaign.phases) {
    const auto scaled = [&](Duration duration) {
      return Duration(std::llround(static_cast<double>(duration.count()) * campaign.fit_factor));
    };
    phase.duration = scaled(phase.duration);
    phase.warm_up = scaled(phase.warm_up);
    for (RateStep& step : phase.rates) step.length = scaled(step.length);
  }
  return {};
}

}  // namespace ordeal
