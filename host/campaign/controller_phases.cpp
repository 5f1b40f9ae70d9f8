// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/duration.h"
#include "base/json.h"
#include "base/log.h"
#include "campaign/campaign_load.h"
#include "campaign/controller.h"
#include "campaign/documents/documents.h"
#include "campaign/facts.h"
#include "campaign/load_fact.h"
#include "campaign/local_ports.h"
#include "campaign/phase_load.h"
#include "campaign/quota_use.h"
#include "ordeal/abi/report.h"
#include "ordeal/abi/rule.h"

namespace ordeal {

namespace {

namespace json = boost::json;
constexpr std::uint64_t second_ns = 1'000'000'000;
/// Over this share of a phase under throttle or hold its load was another than planned.
constexpr double held_back_limit = 0.01;

std::uint64_t ns(Duration d) { return static_cast<std::uint64_t>(d.count()); }
double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

std::string describe(const PhasePlan& plan) {
  std::string text = plan.name + ": " + human_duration(plan.duration) + ", " +
                     std::to_string(plan.connections) + " connections";
  return text + ", " + load_text(plan);
}

std::string percent(double share) { return std::to_string(std::lround(share * 100)) + " %"; }

}  // namespace

std::size_t Controller::selected_phases() {
  const std::size_t all = campaign_.phases.size();
  if (!campaign_.escalate_select_by_health) return all;
  // Shares of the plan by health score: those of the eight phases of the scripts this replaces.
  const double share = health_ >= 90 ? 1.0 : health_ >= 80 ? 0.75 : health_ >= 70 ? 0.5 : 0.25;
  const auto count = static_cast<std::size_t>(std::ceil(static_cast<double>(all) * share));
  const std::string text = "health " + std::to_string(std::lround(health_)) +
                           " of 100: " + std::to_string(count) + " of " + std::to_string(all) +
                           " phases will run";
  bulletin_->event("control", "decision", -1,
                   {{"text", text}, {"inputs", json::object{{"health", health_}, {"phases", all}}}},
                   text);
  return count;
}

bool Controller::goes_on_after(const PhasePlan& plan) {
  if (consecutive_failures_ == 0) return true;
  std::string why;
  if (!campaign_.escalate_recover)
    why = "phase " + plan.name + " failed and escalate.recover is false";
  else if (consecutive_failures_ >= campaign_.safety.max_consecutive_failures)
    why = std::to_string(consecutive_failures_) + " phases failed in a row";
  if (why.empty()) return true;
  bulletin_->event("control", "decision", plan.index,
                   {{"text", "no further phase: " + why},
                    {"inputs", json::object{{"consecutive_failures", consecutive_failures_},
                                            {"limit", campaign_.safety.max_consecutive_failures},
                                            {"recover", campaign_.escalate_recover}}}},
                   why + ": the campaign ends here");
  return false;
}

void Controller::phases() {
  const std::size_t count = selected_phases();
  for (std::size_t i = 0; i < count; ++i) {
    const PhasePlan& plan = campaign_.phases[i];
    if (!phase(plan, 1) || i + 1 == count || !goes_on_after(plan)) return;
    if (consecutive_failures_ > 0)
      cooldown(campaign_.safety.cooldown, "phase " + plan.name + " failed");
    else if (plan.pause.count() > 0)
      loop_.run_until([this] { return interrupted(); }, loop_.now() + ns(plan.pause));
    if (interrupted()) return;
  }
}

void Controller::cooldown(Duration longest, const std::string& why) {
  set_state("cooldown");
  bulletin_->event("control", "cooldown_started", status_.phase,
                   {{"why", why}, {"longest_s", seconds(ns(longest))}},
                   "cooldown, at most " + human_duration(longest) + ": " + why);
  const std::uint64_t started = loop_.now();
  // The host has settled when two readings in a row lie 10 points below the CPU limit.
  std::uint32_t calm = 0;
  const double limit = campaign_.safety.cpu_percent / 100 - 0.10;
  services_->on_samples(
      [&](const std::string& metric, const std::string&, double value, std::uint64_t) {
        if (metric == "ordeal_cpu_busy_ratio") calm = value < limit ? calm + 1 : 0;
      });
  services_->hurry(second_ns);
  const auto settled = [&] {
    return calm >= 2 && climb(services_->rules(), *cpu_, false).level < ORDEAL_VERDICT_STOP_PHASE;
  };
  loop_.run_until([&] { return settled() || interrupted(); }, started + ns(longest));
  services_->on_samples({});
  services_->hurry(0);
  bulletin_->event("control", "cooldown_ended", status_.phase,
                   {{"seconds", seconds(loop_.now() - started)}, {"settled", settled()}}, "");
}

void Controller::check_host(const PhasePlan& plan) {
  const Safety& safety = plan.safety ? *plan.safety : campaign_.safety;
  const std::uint64_t now = loop_.now();
  if (now < next_host_check_ns_) return;
  next_host_check_ns_ = now + ns(safety.check_interval);
  // A reading older than two checks says nothing about now.
  const std::uint64_t fresh = 2 * ns(safety.check_interval) + 20 * second_ns;
  double share = 0;
  if (services_->newest("ordeal_cpu_busy_ratio", share, fresh)) cpu_->check(share);
  // The campaign's own memory and disk limits are the guardian's, and end the run; a phase's
  // tighter ones end the phase.
  if (!plan.safety) return;
  const auto over = [&](const char* what, const char* metric, double limit_percent) {
    if (!services_->newest(metric, share, fresh) || share * 100 <= limit_percent) return;
    host_limit_ = std::string(what) + " " + percent(share) + " used, this phase's limit is " +
                  percent(limit_percent / 100);
  };
  over("memory", "ordeal_memory_used_ratio", safety.memory_percent);
  over("disk", "ordeal_disk_used_ratio", safety.disk_percent);
}

void Controller::wait_phase(const PhasePlan& plan, LoadRun& load, std::string& stop_reason) {
  const std::uint64_t latest = phase_end_ns_ + ns(longest_timeout(campaign_, plan)) + 5 * second_ns;
  std::uint64_t last_ns = loop_.now();
  const auto done = [&] {
    const std::uint64_t now_ns = loop_.now();
    if (ladder_.factor() < 1) held_back_ns_ += now_ns - last_ns;
    last_ns = now_ns;
    if (load.finished()) return true;
    if (interrupted()) {
      stop_reason = ending_->reason;
      return true;
    }
    if (load.gave_up()) {
      stop_reason = load.refusal().empty() ? "a load cell was quarantined" : load.refusal();
      return true;
    }
    check_host(plan);
    LadderState now = climb(services_->rules(), *cpu_, plan.judge);
    if (!host_limit_.empty() && now.level < ORDEAL_VERDICT_STOP_PHASE) {
      now.level = ORDEAL_VERDICT_STOP_PHASE;
      now.reason = host_limit_;
    }
    if (desk_->pressure_level() > now.level) {
      now.level = desk_->pressure_level();
      now.reason = "guardian: " + desk_->pressure();
    }
    if (now.level != ladder_.level) {
      bulletin_->event("safety", "ladder", plan.index,
                       {{"level", level_name(now.level)},
                        {"from", level_name(ladder_.level)},
                        {"reason", now.reason},
                        {"factor", now.factor()}},
                       std::string("safety ladder: ") + level_name(now.level) +
                           (now.reason.empty() ? "" : " (" + now.reason + ")"));
      if (now.factor() != ladder_.factor()) load.throttle(now.factor());
      ladder_ = now;
    }
    if (now.level >= ORDEAL_VERDICT_STOP_PHASE) {
      stop_reason = "safety: " + now.reason;
      if (now.level >= ORDEAL_VERDICT_ABORT) end_with("safety", now.reason);
      return true;
    }
    return false;
  };
  if (!loop_.run_until(done, latest)) stop_reason = "hung: the load did not end by itself";
  if (load.finished()) return;
  load.stop(0);
  loop_.run_until([&] { return load.finished(); }, loop_.now() + 800'000'000);
}

json::object Controller::phase_result(const PhasePlan& plan, const LoadRun& load,
                                      const std::string& stop_reason, double ran) const {
  const LoadTotals& t = load.totals();
  const double missing =
      t.worker_ns > 0 ? static_cast<double>(t.missing_ns) / static_cast<double>(t.worker_ns) : 0;
  const bool open = plan.rate > 0 || plan.operations > 0;
  const GeneratorEvidence generator{open, t.send_lag, t.workers, local_ports(),
                                    quota_use(desk_->cpu_stat()).since(quota_before_)};
  json::array invalid;
  for (const auto& problem : generator_problems(generator)) invalid.emplace_back(problem);
  for (const auto& fault : load.faults()) invalid.emplace_back(fault);
  if (load.gave_up()) invalid.emplace_back("a load cell was quarantined");
  const double held_back = seconds(held_back_ns_) / std::max(0.001, ran);
  if (held_back > held_back_limit)
    invalid.emplace_back("safety held the load back for " + percent(held_back) +
                         " of the phase: the target was not offered what the phase says");
  json::array codes;
  for (const auto& [code, count] : t.codes)
    codes.push_back(json::object{
        {"load", code.load}, {"kind", code.kind}, {"code", code.code}, {"count", count}});
  // The share of intended operations the generator itself got to: what waits for a slow target has
  // been offered to it all the same.
  json::value send_rate = nullptr;
  if (open && t.offered > 0) {
    std::uint64_t ended = 0;
    for (const auto n : t.outcomes) ended += n;
    send_rate = std::min(1.0, static_cast<double>(ended) / static_cast<double>(t.offered));
  }
  json::object used = generator_fact(generator);
  used["held_back_share"] = held_back;
  used["send_rate"] = std::move(send_rate);
  return {{"wire", json::object{{"probe", t.wire.probe},
                                {"warm_up", t.wire.warm_up},
                                {"measured", t.wire.measured},
                                {"retried", t.wire.retried},
                                {"cancelled", t.wire.cancelled}}},
          {"offered", t.offered},
          {"sessions", json::object{{"opened", t.sessions_opened},
                                    {"failed", t.sessions_failed},
                                    {"renewed", t.sessions_renewed}}},
          {"misbehaviour", t.misbehaviour},
          {"late", t.late},
          {"generator", std::move(used)},
          {"valid", invalid.empty()},
          {"invalid_reasons", invalid},
          {"missing_share", missing},
          {"stop_reason", stop_reason.empty() ? json::value(nullptr) : json::value(stop_reason)},
          {"codes", codes}};
}

bool Controller::phase(const PhasePlan& plan, std::int32_t attempt) {
  status_.phase = plan.index;
  status_.phase_name = plan.name;
  PhaseRow row;
  row.index = plan.index;
  row.attempt = attempt;
  row.name = plan.name;
  row.state = "running";
  json::object planned = phase_plan_fact(plan);
  planned["load_model"] = load_model_fact(campaign_, plan, phase_specs(campaign_, plan, 0));
  row.plan = compact_json(planned);
  row.result = "{}";
  auto containment = desk_->make_containment(ContainmentKind::load);
  if (!containment) {
    // A stop that came meanwhile is why nothing new was started.
    if (!interrupted()) end_with("controller_error", containment.error().line());
    return false;
  }
  auto load = std::make_unique<LoadRun>(loop_, **containment, registry_, campaign_, *bulletin_,
                                        *services_, plan.index, topics_.get());
  const auto drop_load = [&] {
    current_load_ = nullptr;
    load.reset();
    desk_->end_containment(*containment);
  };
  load->feed(feeders_);
  auto started = load->start(phase_specs(campaign_, plan, 0));
  if (started)
    loop_.run_until([&] { return load->created() || !load->refusal().empty() || interrupted(); },
                    loop_.now() + 15 * second_ns);
  if (interrupted()) {
    drop_load();
    return false;
  }
  if (!started || !load->created() || !load->refusal().empty()) {
    end_with("controller_error",
             !started ? started.error().line()
                      : "the load of phase " + plan.name + " did not come up: " + load->refusal());
    drop_load();
    return false;
  }
  set_state("phase");
  // Violations count anew in every phase.
  cpu_.emplace(plan.safety ? *plan.safety : campaign_.safety);
  ladder_ = {};
  host_limit_.clear();
  held_back_ns_ = 0;
  row.started = bulletin_->moment();
  bulletin_->phase(row);
  bulletin_->event("phase", "phase_started", plan.index, phase_plan_fact(plan),
                   "phase " + std::to_string(plan.index + 1) + "/" +
                       std::to_string(campaign_.phases.size()) + " " + describe(plan));
  services_->set_phase(plan.index);
  phase_start_ns_ = loop_.now() + 20'000'000;
  quota_before_ = quota_use(desk_->cpu_stat());
  phase_end_ns_ = phase_start_ns_ + ns(plan.duration);
  current_load_ = load.get();
  load->on_interval([&](const SnapshotInterval& interval) {
    reports_->stream(compact_json(interval_fact(plan.index, interval)));
  });
  load->begin(phase_specs(campaign_, plan, phase_start_ns_),
              static_cast<std::uint64_t>(campaign_.interval.count()));

  std::string stop_reason;
  wait_phase(plan, *load, stop_reason);

  const double ran = seconds(loop_.now() - std::min(loop_.now(), phase_start_ns_));
  row.state = stop_reason.empty() ? "done" : "stopped";
  row.ended = bulletin_->moment();
  row.result = compact_json(phase_result(plan, *load, stop_reason, ran));
  drop_load();
  bulletin_->tell_troubles();
  bulletin_->phase(row);
  services_->set_phase(-1);
  wait_durable();

  auto journal = read_journal();
  if (!journal) {
    end_with("controller_error", journal.error().line());
    return false;
  }
  auto judged = judge_phase(**journal, plan.index);
  if (!judged) {
    end_with("controller_error", judged.error().line());
    return false;
  }
  json::array reasons;
  std::string why;
  for (const auto& reason : judged->reasons) {
    reasons.emplace_back(reason);
    why += (why.empty() ? ": " : "; ") + reason;
  }
  const std::string result(phase_result_name(judged->result));
  bulletin_->event("phase", "phase_ended", plan.index, {{"result", result}, {"reasons", reasons}},
                   "phase " + plan.name + " " + result + why);
  if (judged->result == PhaseResult::failed || judged->result == PhaseResult::invalid ||
      (judged->result == PhaseResult::stopped && !ending_))
    ++consecutive_failures_;
  else if (judged->result == PhaseResult::passed)
    consecutive_failures_ = 0;
  // After a hard limit there are two seconds left: the front writes the reports then.
  static_cast<void>(interrupted());
  if (desk_->stop_level() < 2) {
    const bool histograms = reports_ && reports_->wants_histograms();
    report(ORDEAL_STAGE_PHASE, phase_documents(**journal, plan.index, histograms));
  }
  return !interrupted();
}

}  // namespace ordeal
