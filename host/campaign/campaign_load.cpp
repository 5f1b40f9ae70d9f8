// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_load.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "base/outcome.h"
#include "engine/arrival_file.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr double least_open_sessions = 10;
constexpr double most_open_sessions = 1000;
constexpr double usual_response_s = 0.1;
constexpr double most_per_second = 1e7;  // as a worker says, and the schema of 'rate'

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string per_second(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g/s", rate);
  return text;
}

class LoadReader {
 public:
  LoadReader(CampaignDocument& document, json::object& phase, const std::string& pointer,
             PhasePlan& plan)
      : document_(document), phase_(phase), pointer_(pointer), plan_(plan) {}

  Result<void> read() {
    plan_.operations = number_member(phase_, "operations");
    plan_.operations_per_connection =
        static_cast<std::uint64_t>(number_member(phase_, "operations_per_connection"));
    plan_.max_operations = static_cast<std::uint64_t>(number_member(phase_, "max_operations"));
    if (Result<void> done = read_rate(); !done) return done;
    if (Result<void> done = read_arrivals(); !done) return done;
    if (Result<void> done = read_think(); !done) return done;
    double sessions = number_member(phase_, "connections");
    if (sessions == 0) {
      sessions = highest_ > 0 ? std::clamp(std::ceil(highest_ * usual_response_s),
                                           least_open_sessions, most_open_sessions)
                              : 1;
      phase_["connections"] = static_cast<std::int64_t>(sessions);
    }
    plan_.connections = static_cast<std::uint32_t>(sessions);
    const double paced = highest_ > 0 ? 0 : plan_.operations * sessions / 60;
    if (paced > most_per_second)
      return error("operations", "all connections together would make " + per_second(paced),
                   "at most " + per_second(most_per_second));
    return {};
  }

 private:
  [[nodiscard]] Error error(const char* key, std::string what, std::string expected = {},
                            std::string fix = {}) const {
    return document_.error(pointer_ + "/" + key, std::move(what), std::move(expected),
                           std::move(fix));
  }

  Result<void> read_rate() {
    const json::value* rate = phase_.if_contains("rate");
    if (rate == nullptr) return {};
    if (rate->is_string()) {
      plan_.rate_text = text_member(phase_, "rate");
      return error(
          "rate",
          "'" + plan_.rate_text + "' needs a capacity search, which this version does not do", {},
          "give a number");
    }
    if (rate->is_number()) {
      highest_ = plan_.rate = number_member(phase_, "rate");
      return {};
    }
    if (rate->is_object()) {
      const double to = number_member(rate->get_object(), "to");
      plan_.rates.push_back({number_member(rate->get_object(), "from"), to, plan_.duration});
    } else if (Result<void> done = read_steps(rate->get_array()); !done) {
      return done;
    }
    // Whatever is left of the phase keeps the last rate.
    const double last = plan_.rates.back().to;
    if (rate->is_array()) plan_.rates.push_back({last, last, Duration::zero()});
    Duration begins{};
    for (const RateStep& step : plan_.rates) {
      highest_ = std::max({highest_, step.from, step.to});
      const Duration length = &step == &plan_.rates.back() ? plan_.duration - begins : step.length;
      plan_.rate += (step.from + step.to) / 2 * seconds(length) / seconds(plan_.duration);
      begins += step.length;
    }
    if (!(plan_.rate > 0))
      return error("rate", "no operation would ever arrive", "a rate above 0 somewhere");
    return {};
  }

  Result<void> read_steps(const json::array& steps) {
    Duration all{};
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const json::object& step = steps[i].get_object();
      const std::string here = "rate/" + std::to_string(i);
      const bool even = step.contains("rate");
      if (even == step.contains("from") || even == step.contains("to"))
        return error(here.c_str(), "a step has one rate or goes from one to another",
                     "either 'rate', or 'from' and 'to'");
      Duration length = duration_member(step, "for");
      if (!step.contains("for") && i + 1 < steps.size())
        return error(here.c_str(), "key 'for' is missing", "how long this step lasts");
      if (!step.contains("for")) length = plan_.duration - all;
      if (length <= Duration::zero())
        return step.contains("for")
                   ? error((here + "/for").c_str(), "a step must last", "more than 0s")
                   : error(here.c_str(), "the steps before leave nothing of the phase to this one");
      all += length;
      if (all > plan_.duration)
        return error((here + "/for").c_str(),
                     "the steps take " + format_duration(all) + " up to here",
                     "at most the phase's duration of " + format_duration(plan_.duration));
      plan_.rates.push_back({number_member(step, even ? "rate" : "from"),
                             number_member(step, even ? "rate" : "to"), length});
    }
    return {};
  }

  Result<void> read_arrivals() {
    const bool rated = plan_.rate > 0 || plan_.operations > 0;
    const bool recorded = phase_.contains("arrivals_file");
    plan_.poisson = text_member(phase_, "arrivals") == "poisson";
    plan_.speed = number_member(phase_, "speed", 1);
    if (phase_.contains("arrivals") && !rated)
      return error("arrivals", "nothing arrives without a rate", "a key 'rate' or 'operations'");
    if (phase_.contains("speed") && !recorded)
      return error("speed", "only recorded arrivals have a speed", "a key 'arrivals_file'");
    if (!recorded) return {};
    if (rated)
      return error("arrivals_file", "the times of a file leave no choice of a rate",
                   "no key 'rate' or 'operations' beside it");
    return read_recorded();
  }

  Result<void> read_recorded() {
    std::filesystem::path path = text_member(phase_, "arrivals_file");
    std::error_code failed;
    if (path.is_relative())
      path = std::filesystem::absolute(std::filesystem::path(document_.file()).parent_path() / path,
                                       failed);
    plan_.arrivals_file = path.lexically_normal().string();
    phase_["arrivals_file"] = plan_.arrivals_file;
    Result<ArrivalSummary> summary = summarize_arrivals(plan_.arrivals_file);
    if (!summary) {
      if (!summary.error().where.file.empty()) return std::move(summary).error();
      return error("arrivals_file", summary.error().what, summary.error().expected);
    }
    plan_.recorded = summary->count;
    plan_.arrivals_identity = summary->identity;
    plan_.busiest_second = summary->busiest_second;
    for (const auto& [kind, line] : summary->kinds)
      plan_.recorded_kinds.push_back({kind, {plan_.arrivals_file, line, 1, ""}});
    const double lasts = std::max(summary->seconds / plan_.speed, 1.0);
    plan_.rate = static_cast<double>(summary->count) / lasts;
    highest_ = plan_.busiest_second * plan_.speed;
    return {};
  }

  Result<void> read_think() {
    const json::value* think = phase_.if_contains("think");
    if (think == nullptr) return {};
    if (plan_.rate > 0 || plan_.operations > 0)
      return error("think", "connections only think where nothing else sets the pace",
                   "no key 'rate', 'operations' or 'arrivals_file' beside it");
    const auto ns = [](Duration d) { return static_cast<std::uint64_t>(d.count()); };
    ThinkTime& time = plan_.think;
    if (think->is_string()) {
      time = {ThinkTime::Shape::fixed, ns(duration_member(phase_, "think")), 0};
      return {};
    }
    const json::object& object = think->get_object();
    if (object.contains("mean") ? object.size() != 1
                                : !object.contains("min") || !object.contains("max"))
      return error("think", "it is neither a range nor a mean",
                   "either 'min' and 'max', or 'mean'");
    if (object.contains("mean")) {
      time = {ThinkTime::Shape::exponential, ns(duration_member(object, "mean")), 0};
      return {};
    }
    time = {ThinkTime::Shape::uniform, ns(duration_member(object, "min")),
            ns(duration_member(object, "max"))};
    if (time.to_ns < time.from_ns)
      return error("think/max", "it is below 'min'", "at least " + text_member(object, "min"));
    return {};
  }

  CampaignDocument& document_;
  json::object& phase_;
  const std::string& pointer_;
  PhasePlan& plan_;
  double highest_ = 0;  // rate
};

std::string think_text(const ThinkTime& think) {
  const auto text = [](std::uint64_t ns) {
    return format_duration(Duration(static_cast<Duration::rep>(ns)));
  };
  switch (think.shape) {
    case ThinkTime::Shape::fixed:
      return ", thinking " + text(think.from_ns);
    case ThinkTime::Shape::uniform:
      return ", thinking " + text(think.from_ns) + " to " + text(think.to_ns);
    case ThinkTime::Shape::exponential:
      return ", thinking " + text(think.from_ns) + " on average";
    case ThinkTime::Shape::none:
      break;
  }
  return "";
}

std::string pace_text(const PhasePlan& plan) {
  if (!plan.arrivals_file.empty()) {
    std::string text = std::to_string(plan.recorded) + " recorded arrivals of " +
                       std::filesystem::path(plan.arrivals_file).filename().string();
    if (plan.speed != 1) {
      char speed[64];
      std::snprintf(speed, sizeof speed, " at %.6g times their speed", plan.speed);
      text += speed;
    }
    return text;
  }
  if (plan.rates.empty()) {
    if (plan.rate > 0) return per_second(plan.rate);
    if (plan.operations > 0)
      return std::to_string(std::lround(plan.operations)) + " operations/min each, " +
             per_second(plan.connections * plan.operations / 60) + " in all";
    return "as fast as the answers come" + think_text(plan.think);
  }
  std::string text;
  for (const RateStep& step : plan.rates) {
    if (step.length <= Duration::zero()) break;
    if (text.size() > 200) return text + ", ...";
    text += (text.empty() ? "" : ", ") + per_second(step.from);
    if (step.to != step.from) text += " to " + per_second(step.to);
    text += (plan.rates.size() > 1 ? " for " : " over ") + length_text(step.length);
  }
  return text;
}

}  // namespace

Result<void> read_phase_load(CampaignDocument& document, json::object& phase,
                             const std::string& pointer, PhasePlan& plan) {
  return LoadReader(document, phase, pointer, plan).read();
}

Result<void> read_entry_load(const CampaignDocument& document, const json::object& entry,
                             const std::string& pointer, LoadEntry& load) {
  if (const json::value* timeouts = entry.if_contains("timeouts")) {
    for (const auto& member : timeouts->get_object()) {
      const std::string kind(member.key());
      const std::string at = pointer + "/timeouts/" + kind;
      const Duration timeout = duration_member(timeouts->get_object(), kind);
      if (timeout <= Duration::zero())
        return document.error(at, "an operation needs time", "more than 0s");
      load.timeouts.push_back({{kind, document.locate(at, true)}, timeout});
    }
  }
  const json::value* retry = entry.if_contains("retry");
  if (retry == nullptr) return {};
  const json::object& policy = retry->get_object();
  load.retry.attempts = static_cast<std::uint32_t>(number_member(policy, "attempts"));
  load.retry.backoff_ns = static_cast<std::uint64_t>(duration_member(policy, "backoff").count());
  for (const json::value& name : policy.at("on").get_array())
    for (std::size_t i = 0; i < outcome_count; ++i)
      if (std::string_view(name.get_string()) == outcome_names[i]) load.retry.outcomes |= 1u << i;
  return {};
}

Result<void> check_kinds(const Campaign& campaign, const LoadEntry& load,
                         const std::vector<std::string>& kinds) {
  const auto check = [&](const NamedKind& named, const char* key) -> Result<void> {
    if (std::find(kinds.begin(), kinds.end(), named.kind) != kinds.end()) return {};
    Error error;
    error.code = ExitCode::invalid_config;
    error.what = std::string(key) + ": scenario '" + load.scenario + "' has no operation kind '" +
                 named.kind + "'";
    error.where = named.where;
    for (const std::string& kind : kinds)
      error.expected += (error.expected.empty() ? "one of " : ", ") + kind;
    return error;
  };
  for (const KindTimeout& timeout : load.timeouts)
    if (auto done = check(timeout.of, "timeouts"); !done) return done;
  for (const PhasePlan& phase : campaign.phases)
    for (const NamedKind& kind : phase.recorded_kinds)
      if (auto done = check(kind, "arrivals"); !done) return done;
  return {};
}

std::string length_text(Duration length) {
  return length % std::chrono::milliseconds(1) == Duration::zero() ? format_duration(length)
                                                                   : human_duration(length);
}

std::string load_text(const PhasePlan& plan) {
  std::string text = pace_text(plan);
  if (plan.poisson) text += ", at random (Poisson)";
  if (plan.operations_per_connection > 0)
    text += ", a new connection after " + std::to_string(plan.operations_per_connection) +
            (plan.operations_per_connection == 1 ? " operation" : " operations");
  if (plan.max_operations > 0)
    text += ", at most " + std::to_string(plan.max_operations) + " operations";
  return text;
}

Duration longest_timeout(const Campaign& campaign, const PhasePlan& plan) {
  Duration longest = plan.timeout;
  for (const LoadEntry& load : campaign.load)
    for (const KindTimeout& timeout : load.timeouts) longest = std::max(longest, timeout.timeout);
  return longest;
}

}  // namespace ordeal
