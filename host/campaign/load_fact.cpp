// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_fact.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>

#include "base/outcome.h"
#include "campaign/campaign_load.h"
#include "campaign/load_split.h"

namespace ordeal {
namespace json = boost::json;
namespace {

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

/// "a", "a and b", "a, b and c".
std::string list_text(const std::vector<std::string>& words, const char* last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? last : ", ") + words[i];
  return text;
}

json::value or_null(std::uint64_t bound) {
  return bound > 0 ? json::value(bound) : json::value(nullptr);
}

json::value think_fact(const ThinkTime& think) {
  switch (think.shape) {
    case ThinkTime::Shape::fixed:
      return json::object{{"min", seconds(think.from_ns)},
                          {"max", seconds(think.from_ns)},
                          {"mean", seconds(think.from_ns)}};
    case ThinkTime::Shape::uniform:
      return json::object{{"min", seconds(think.from_ns)},
                          {"max", seconds(think.to_ns)},
                          {"mean", (seconds(think.from_ns) + seconds(think.to_ns)) / 2}};
    case ThinkTime::Shape::exponential:
      return json::object{{"min", 0}, {"max", nullptr}, {"mean", seconds(think.from_ns)}};
    case ThinkTime::Shape::none:
      break;
  }
  return nullptr;
}

json::value arrivals_fact(const PhasePlan& plan) {
  if (!plan.arrivals_file.empty()) return "recorded";
  if (plan.rate <= 0 && plan.operations <= 0) return nullptr;
  return plan.poisson ? "poisson" : "even";
}

json::value recorded_fact(const PhasePlan& plan) {
  if (plan.arrivals_file.empty()) return nullptr;
  return json::object{
      {"file", plan.arrivals_file}, {"arrivals", plan.recorded}, {"speed", plan.speed}};
}

json::array rates_fact(const PhasePlan& plan) {
  json::array rates;
  for (const RateStep& step : plan.rates)
    if (step.length > Duration::zero())
      rates.push_back(
          json::object{{"from", step.from}, {"to", step.to}, {"seconds", seconds(step.length)}});
  return rates;
}

std::vector<std::string> tried_again(const RetryPolicy& retry) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < outcome_count; ++i)
    if ((retry.outcomes & 1u << i) != 0) names.emplace_back(outcome_names[i]);
  return names;
}

json::value retry_fact(const RetryPolicy& retry) {
  if (retry.attempts < 2) return nullptr;
  json::array on;
  for (const std::string& name : tried_again(retry)) on.emplace_back(name);
  return json::object{
      {"attempts", retry.attempts}, {"on", on}, {"backoff", seconds(retry.backoff_ns)}};
}

const char* order_name(FeederSpec::Order order) {
  if (order == FeederSpec::Order::random) return "random";
  return order == FeederSpec::Order::unique ? "unique" : "sequential";
}

json::value feeder_fact(const std::optional<FeederSpec>& feeder) {
  if (!feeder) return nullptr;
  return json::object{{"file", feeder->file}, {"order", order_name(feeder->order)}};
}

json::object entry_fact(const LoadEntry& entry, const LoadSpec& spec) {
  const std::uint32_t workers = workers_used(spec, entry.workers);
  const bool paced =
      spec.model == LoadSpec::Model::open && spec.arrivals != LoadSpec::Arrivals::recorded;
  json::array cores;
  for (const std::uint32_t core : entry.cores) cores.emplace_back(core);
  json::object mix;
  for (const auto& [kind, weight] : entry.mix) mix[kind] = weight;
  json::object timeouts;
  for (const auto& [kind, ns] : spec.timeouts) timeouts[kind] = seconds(ns);
  return {{"text", entry_text(entry, workers)},
          {"connections", spec.sessions},
          {"rate", paced ? json::value(spec.rate) : json::value(nullptr)},
          {"workers", workers},
          {"cores", cores},
          {"mix", mix},
          {"timeouts", timeouts},
          {"retry", retry_fact(spec.retry)},
          {"feeder", feeder_fact(entry.feeder)},
          {"seed", spec.seed}};
}

std::string model_text(const PhasePlan& plan) {
  const bool open = plan.rate > 0 || plan.operations > 0;
  std::string text = std::string(open ? "open: " : "closed: ") + load_text(plan) + "; " +
                     std::to_string(plan.connections) +
                     (plan.connections == 1 ? " connection" : " connections") + "; timeout " +
                     format_duration(plan.timeout);
  if (plan.warm_up > Duration::zero())
    text += "; the first " + length_text(plan.warm_up) + " not counted";
  return text;
}

}  // namespace

json::object load_model_fact(const Campaign& campaign, const PhasePlan& plan,
                             const std::vector<LoadSpec>& specs) {
  json::array entries;
  for (std::size_t i = 0; i < specs.size(); ++i)
    entries.push_back(entry_fact(campaign.load[i], specs[i]));
  return {{"text", model_text(plan)},
          {"arrivals", arrivals_fact(plan)},
          {"rates", rates_fact(plan)},
          {"recorded", recorded_fact(plan)},
          {"think", think_fact(plan.think)},
          {"renewed_after", or_null(plan.operations_per_connection)},
          {"max_operations", or_null(plan.max_operations)},
          {"timeout", seconds(plan.timeout)},
          {"warm_up", seconds(plan.warm_up)},
          {"entries", std::move(entries)}};
}

std::string entry_text(const LoadEntry& entry, std::uint32_t workers) {
  std::string text = std::to_string(workers) + (workers == 1 ? " worker" : " workers");
  if (!entry.cores.empty()) {
    std::vector<std::string> cores;
    for (std::uint32_t i = 0; i < std::min<std::size_t>(workers, entry.cores.size()); ++i)
      cores.push_back(std::to_string(entry.cores[i]));
    text += (cores.size() == 1 ? " on core " : " on cores ") + list_text(cores, " and ");
  }
  if (!entry.mix.empty()) {
    std::vector<std::string> kinds;
    for (const auto& [kind, weight] : entry.mix) {
      char number[32];
      std::snprintf(number, sizeof number, "%.6g ", weight);
      kinds.push_back(number + kind);
    }
    text += "; mix " + list_text(kinds, ", ");
  }
  if (entry.feeder) {
    const std::string file = std::filesystem::path(entry.feeder->file).filename().string();
    text += "; records of " + file + ", ";
    text += entry.feeder->order == FeederSpec::Order::sequential ? "one after the other"
            : entry.feeder->order == FeederSpec::Order::random   ? "at random"
                                                                 : "each at most once";
  }
  if (!entry.timeouts.empty()) {
    std::vector<std::string> kinds;
    for (const KindTimeout& timeout : entry.timeouts)
      kinds.push_back(format_duration(timeout.timeout) + " for " + timeout.of.kind);
    text += "; timeout " + list_text(kinds, ", ");
  }
  if (entry.retry.attempts > 1)
    text += "; at most " + std::to_string(entry.retry.attempts) + " attempts, again after " +
            list_text(tried_again(entry.retry), " or ") + ", backoff " +
            format_duration(Duration(static_cast<Duration::rep>(entry.retry.backoff_ns))) +
            " doubling";
  return text;
}

}  // namespace ordeal
