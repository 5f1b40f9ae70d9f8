// SPDX-License-Identifier: Apache-2.0
#include "campaign/controller.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "campaign/documents/documents.h"
#include "campaign/facts.h"
#include "ordeal/abi/report.h"
#include "ordeal/abi/rule.h"

namespace ordeal {

namespace {

namespace json = boost::json;
constexpr std::uint64_t second_ns = 1'000'000'000;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

/// The code of a run that ended before any load, and so is not judged.
ExitCode code_without_load(const std::string& reason) {
  if (reason == "person") return ExitCode::stopped;
  if (reason == "safety") return ExitCode::safety_stop;
  if (reason == "guardian_lost" || reason == "incomplete") return ExitCode::incomplete;
  return ExitCode::internal;
}

}  // namespace

Controller::Controller(ControllerOptions options) : options_(std::move(options)), loop_(clock_) {}

Controller::~Controller() = default;

ExitCode Controller::run() {
  if (auto ready = set_up(); !ready) {
    log(Severity::error, "controller", ready.error().line());
    // A stop that came meanwhile is why it did not come up.
    if (!desk_ || !interrupted())
      end_with(ready.error().code == ExitCode::internal ? "controller_error" : "preflight",
               ready.error().line(), ready.error().code);
    return finish();
  }
  if (!interrupted() && baseline() && !options_.baseline_only) phases();
  if (!ending_) end_with("finished", "");
  return finish();
}

Result<void> Controller::set_up() {
  start_ns_ = loop_.now();
  status_.run_id = options_.dir.id;
  status_.state = "starting";
  auto link = GuardianLink::inherited();
  if (!link) return std::move(link).error();
  const InstallPaths paths = install_paths();
  desk_ = std::make_unique<GuardianDesk>(loop_, std::move(*link), paths.libexec + "/ordeal-cell",
                                         options_.dir.logs());

  registry_ = Registry::scan(Registry::default_places(options_.plugin_dirs));
  const std::string campaign_path = options_.dir.file("campaign.json");
  auto text = read_file(campaign_path, ExitCode::internal);
  if (!text) return std::move(text).error();
  CampaignOverrides overrides;
  overrides.time_scale = options_.time_scale;
  auto campaign = parse_effective(*text, campaign_path, overrides, registry_);
  if (!campaign) return std::move(campaign).error();
  campaign_ = std::move(*campaign);
  status_.campaign = campaign_.name;
  status_.phases = static_cast<std::int32_t>(campaign_.phases.size());
  planned_seconds_ = seconds(campaign_.baseline_duration);
  for (const auto& phase : campaign_.phases) planned_seconds_ += seconds(phase.duration);
  cpu_.emplace(campaign_.safety);

  if (auto started = start_bus(); !started) return started;
  desk_->counters().controller_armed = 1;
  loop_.every(500'000'000, [this] { update_status(); });
  if (auto ready = desk_->wait_ready(); !ready) return ready;

  RunFact run;
  run.run_id = options_.dir.id;
  run.campaign = campaign_.name;
  run.version = options_.version;
  run.time_scale = campaign_.time_scale;
  run.fit_factor = campaign_.fit_factor;
  run.seed = campaign_.seed;
  run.command = options_.command;
  bulletin_->set("run", run_fact(run, clock_));
  if (auto config = parse_json(*text, campaign_path)) bulletin_->set("config", *config);
  bulletin_->set("plan", plan_fact(campaign_));
  bulletin_->set("target", target_fact(campaign_));
  bulletin_->set("containment", json::object{{"load_tier", desk_->load_tier()},
                                             {"service_tier", desk_->service_tier()},
                                             {"drill_ns", desk_->drill_ns()},
                                             {"reserved", desk_->reserved()}});
  return start_services();
}

Result<void> Controller::start_bus() {
  auto journal = JournalWriter::open(options_.dir.file("journal.db"));
  if (!journal) return std::move(journal).error();
  auto planned = plan_topics(campaign_, registry_);
  if (!planned) return std::move(planned).error();
  topic_plan_ = std::move(*planned);
  std::vector<TopicSpec> topics = controller_topics();
  const auto first = static_cast<std::uint32_t>(topics.size());
  topics.insert(topics.end(), topic_plan_.topics.begin(), topic_plan_.topics.end());
  bus_ = Bus::make(topics, clock_);
  std::vector<std::string> names;
  for (const auto& topic : topics) names.push_back(topic.name);
  auto subscription = bus_->subscribe("journal", names, 4096);
  if (!subscription) return std::move(subscription).error();
  recorder_ = std::make_unique<Recorder>(std::move(*journal), std::move(*subscription), clock_,
                                         static_cast<std::uint64_t>(campaign_.block.count()),
                                         desk_->counters().journal);
  Recorder::Topics kept{first, {names.begin() + first, names.end()}, {}};
  for (const TopicUser& user : topic_plan_.users) kept.sources[user.source] = user.label;
  recorder_->keep_topics(std::move(kept));
  topics_ = std::make_unique<TopicHub>(loop_, *bus_, topic_plan_, first);
  if (auto subscribed = topics_->subscribe(); !subscribed) return subscribed;
  bus_->start();
  topics_->begin();
  recorder_->start();
  bulletin_ = std::make_unique<Bulletin>(*bus_, clock_);
  desk_->on_pressure([this](std::uint32_t level, const std::string& what) {
    bulletin_->event("safety", "pressure", status_.phase,
                     {{"level", level_name(level)}, {"rule", "guardian"}, {"reason", what}},
                     "guardian: " + what);
  });
  return {};
}

Result<void> Controller::start_services() {
  auto containment = desk_->make_containment(ContainmentKind::service);
  if (!containment) return std::move(containment).error();
  service_containment_ = *containment;
  services_ = std::make_unique<Services>(loop_, *service_containment_, registry_, campaign_,
                                         *bulletin_, topics_.get());
  reports_ =
      std::make_unique<ReportWriter>(loop_, *service_containment_, registry_, campaign_.report,
                                     options_.dir.reports(), topics_.get());
  reports_->set_urgent([this] { return desk_->stop_level() > 0; });
  reports_->on_metrics([this](const std::string& component, std::vector<Services::OwnMetric>& known,
                              Decoder& in) { services_->own_metrics(component, known, in, 0); });
  reports_->on_trouble(
      [this](PluginTrouble trouble) { bulletin_->trouble(status_.phase, std::move(trouble)); });
  if (auto started = services_->start(); !started) return started;
  const bool settled = loop_.run_until([this] { return services_->settled() || interrupted(); },
                                       loop_.now() + 15 * second_ns);
  Error error;
  error.code = ExitCode::plugin_rejected;
  if (!services_->refusal().empty()) {
    error.what = services_->refusal();
    return error;
  }
  if (!settled) {
    error.what = "the collectors and rules did not come up within 15 s";
    error.fix = "see the logs in " + options_.dir.logs();
    return error;
  }
  // A report that cannot be written is better known now than in the morning.
  if (auto problem = reports_->prepare(); !problem.empty() && !interrupted()) {
    error.what = std::move(problem);
    return error;
  }
  bulletin_->set("plugins", plugins_fact(campaign_, *services_, registry_));
  return {};
}

void Controller::set_state(const std::string& state) {
  status_.state = state;
  update_status();
}

void Controller::update_status() {
  const std::uint64_t now = loop_.now();
  status_.elapsed = static_cast<double>(now - start_ns_) / 1e9;
  status_.remaining = std::max(0.0, planned_seconds_ - status_.elapsed);
  if (current_load_ != nullptr) {
    const LoadNow load = current_load_->now();
    status_.rate = load.rate;
    status_.errors = load.errors;
    status_.p50 = load.p50;
    status_.p99 = load.p99;
    status_.phase_elapsed =
        now > phase_start_ns_ ? static_cast<double>(now - phase_start_ns_) / 1e9 : 0;
    status_.phase_remaining =
        phase_end_ns_ > now ? static_cast<double>(phase_end_ns_ - now) / 1e9 : 0;
  } else {
    status_.rate = status_.errors = status_.p50 = status_.p99 = 0;
    status_.phase_elapsed = status_.phase_remaining = 0;
  }
  status_.ladder = level_name(ladder_.level);
  if (services_) {
    double value = 0;
    status_.cpu.reset();
    status_.memory.reset();
    if (services_->newest("ordeal_cpu_busy_ratio", value, 60 * second_ns)) status_.cpu = value;
    if (services_->newest("ordeal_memory_used_ratio", value, 60 * second_ns))
      status_.memory = value;
  }
  if (bulletin_) status_.lines.assign(bulletin_->lines().begin(), bulletin_->lines().end());
  status_.updated_wall_ns = clock_.wall_ns();
  if (auto written = write_status(options_.dir.path, status_); !written)
    log(Severity::error, "controller", written.error().line());
}

void Controller::end_with(std::string reason, std::string detail, std::optional<ExitCode> code) {
  if (!ending_) ending_ = Ending{std::move(reason), std::move(detail), code};
}

bool Controller::interrupted() {
  if (ending_) return true;
  if (desk_->guardian_lost()) {
    end_with("guardian_lost", "the guardian is gone; nothing goes on unguarded");
    end_silent_guardian();
  } else if (desk_->stop_reason() == StopReason::controller_silent) {
    end_with("incomplete", desk_->stop_detail());
  } else if (desk_->stop_level() >= 2) {
    end_with("safety", desk_->stop_detail());
  } else if (desk_->stop_level() == 1) {
    const StopReason why = desk_->stop_reason();
    end_with(why == StopReason::person || why == StopReason::halt ? "person" : "safety",
             desk_->stop_detail());
  } else if (bulletin_ && bulletin_->failed()) {
    const std::string which = topics_->failure();
    end_with("controller_error", "a control event could not be delivered in time" +
                                     (which.empty() ? which : ": " + which));
  } else if (recorder_ && !recorder_->failure().empty()) {
    end_with("controller_error", "the journal failed: " + recorder_->failure());
  }
  return ending_.has_value();
}

bool Controller::wait_durable() {
  const std::uint64_t barrier = bulletin_->barrier();
  return loop_.run_until([&] { return recorder_->barrier_done() >= barrier; },
                         loop_.now() + 10 * second_ns);
}

Result<std::unique_ptr<JournalReader>> Controller::read_journal() {
  return JournalReader::open(options_.dir.file("journal.db"));
}

bool Controller::undocumented(const Error& error) {
  log(Severity::error, "controller", error.line());
  return false;
}

bool Controller::render(std::uint32_t stage, const ReportWriter::StageDocument& document) {
  if (!reports_ || desk_->guardian_lost()) return false;
  last_outcomes_ = reports_->render(stage, document);
  for (const auto& outcome : last_outcomes_) {
    if (outcome.problem.empty()) continue;
    bulletin_->event("plugin", "report_failed", status_.phase,
                     {{"plugin", outcome.plugin},
                      {"component", outcome.report},
                      {"stage", stage},
                      {"reason", outcome.problem}},
                     "report " + outcome.report + " failed: " + outcome.problem);
  }
  return true;
}

void Controller::name_failed_reports() {
  const bool failed = std::any_of(last_outcomes_.begin(), last_outcomes_.end(),
                                  [](const auto& outcome) { return !outcome.problem.empty(); });
  if (!failed) return;
  bulletin_->tell_troubles();
  wait_durable();
  auto journal = read_journal();
  if (!journal) return;
  if (const auto document = campaign_document(**journal))
    reports_->render(ORDEAL_STAGE_CAMPAIGN, *document, &last_outcomes_);
}

void Controller::end_silent_guardian() {
  // One that is only stopped would hold its front, and its containments, for ever; with it the
  // kernel ends the load.
  const auto guardian = running_guardian(options_.dir.path);
  if (guardian && guardian->pid == ::getppid()) ::kill(guardian->pid, SIGKILL);
}

ExitCode Controller::finish() {
  ExitCode code = ending_->code.value_or(code_without_load(ending_->reason));
  std::string sentence = ending_->detail;
  if (bulletin_ && recorder_) {
    set_state("reports");
    // The record of the run ends here: reports made again from it later must be the same.
    if (reports_) reports_->on_metrics({});
    bulletin_->event("control", "ended", -1,
                     {{"reason", ending_->reason}, {"detail", ending_->detail}},
                     "run ended: " + ending_->reason +
                         (ending_->detail.empty() ? "" : " (" + ending_->detail + ")"));
    if (reports_)
      for (const auto& [name, lost] : reports_->lost())
        bulletin_->event(
            "plugin", "report_lost_intervals", -1,
            {{"plugin", reports_->plugin_of(name)}, {"component", name}, {"lost", lost}},
            "report " + name + " was too slow for " + std::to_string(lost) + " interval events");
    // A hard limit leaves two seconds for everything.
    topics_->settle(desk_->stop_level() >= 2 || desk_->guardian_lost() ? 0 : second_ns);
    bulletin_->tell_troubles();
    bulletin_->set("bus_drops", drops_fact(topics_->drops(), topic_plan_));
    const auto end = [&](json::value exit_code) {
      bulletin_->set("end", json::object{{"exit_code", std::move(exit_code)},
                                         {"reason", ending_->reason},
                                         {"detail", ending_->detail},
                                         {"wall_ns", clock_.wall_ns()}});
    };
    end(ending_->code ? json::value(static_cast<int>(*ending_->code)) : json::value(nullptr));
    wait_durable();
    // A journal that failed lacks the end, and would be judged as that of a dead controller.
    if (auto journal = read_journal(); journal && load_began_ && recorder_->failure().empty()) {
      if (auto verdict = judge_campaign(**journal)) {
        code = verdict->exit_code;
        sentence = verdict->sentence;
        if (options_.baseline_only && ending_->reason == "finished") {
          code = ExitCode::go;
          sentence = "the baseline is complete";
        }
        end(static_cast<int>(code));
        wait_durable();
      } else {
        log(Severity::error, "controller", verdict.error().line());
      }
      status_.reported =
          options_.baseline_only || report(ORDEAL_STAGE_CAMPAIGN, campaign_document(**journal));
      if (!options_.baseline_only) name_failed_reports();
    }
    if (services_) services_->stop();
    if (reports_) reports_->stop();
    bus_->close();
    recorder_->finish();
    if (const auto failure = recorder_->failure(); !failure.empty()) {
      log(Severity::error, "controller", "the journal failed: " + failure);
      code = ExitCode::internal;
      sentence = "INTERNAL ERROR: the journal failed: " + failure;
    }
  }
  status_.state = "ended";
  status_.final = true;
  status_.exit_code = static_cast<int>(code);
  status_.sentence = sentence;
  current_load_ = nullptr;
  services_.reset();
  reports_.reset();
  update_status();
  if (desk_) desk_->report_status(true, code, sentence);
  if (desk_ && desk_->guardian_lost()) end_silent_guardian();
  log(Severity::info, "controller",
      "ends with " + std::to_string(static_cast<int>(code)) + ": " + sentence);
  return code;
}

}  // namespace ordeal
