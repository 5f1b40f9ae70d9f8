// SPDX-License-Identifier: Apache-2.0
#include "campaign/report_writer.h"

#include <signal.h>

#include <algorithm>

#include "base/plain_text.h"

namespace ordeal {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t create_limit_ns = 15 * second_ns;
constexpr std::uint64_t render_limit_ns = 60 * second_ns;
/// A stop promises its reports within 15 s, and the guardian waits 12 s for them. A hung report
/// takes this three times before it is given up.
constexpr std::uint64_t urgent_limit_ns = 3'000'000'000;
constexpr std::uint64_t closed_grace_ns = 1'000'000'000;
constexpr std::uint32_t give_up_after = 3;
constexpr std::uint32_t report_instance = 1;
/// As for collectors and rules.
constexpr std::uint32_t descriptors_max = 512;

}  // namespace

ReportWriter::ReportWriter(Loop& loop, CellStarter& starter, const Registry& registry,
                           std::vector<ReportEntry> reports, std::string folder, TopicHub* topics)
    : loop_(loop),
      starter_(starter),
      registry_(registry),
      files_(std::move(folder)),
      topics_(topics) {
  for (auto& entry : reports) {
    auto report = std::make_unique<Report>();
    report->entry = std::move(entry);
    report->index = reports_.size();
    reports_.push_back(std::move(report));
  }
}

ReportWriter::~ReportWriter() { stop(); }

void ReportWriter::stop() {
  for (auto& report : reports_) {
    if (!report->link) continue;
    report->link->shutdown();
    if (topics_ != nullptr) topics_->gone("report", report->index);
    starter_.forget(*report->link);
    report->link.reset();
  }
}

void ReportWriter::stream(const std::string& json) {
  for (auto& report : reports_)
    if (report->link && report->link->up() && !report->link->interval(report_instance, json))
      ++report->lost;
}

std::vector<std::pair<std::string, std::uint64_t>> ReportWriter::lost() const {
  std::vector<std::pair<std::string, std::uint64_t>> lost;
  for (const auto& report : reports_)
    if (report->lost > 0) lost.emplace_back(report->entry.report, report->lost);
  return lost;
}

std::string ReportWriter::plugin_of(const std::string& name) const {
  for (const auto& report : reports_)
    if (report->entry.report == name && report->plugin != nullptr)
      return report->plugin->id + " " + report->plugin->version;
  return "";
}

std::string ReportWriter::prepare() {
  for (auto& report : reports_) {
    start(*report);
    if (!report->link) return report->outcome.problem;
  }
  return "";
}

std::vector<ReportWriter::Outcome> ReportWriter::render(std::uint32_t stage,
                                                        const StageDocument& document,
                                                        const std::vector<Outcome>* failed) {
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < reports_.size(); ++i) {
    auto& report = reports_[i];
    if (failed != nullptr && i < failed->size() && !(*failed)[i].problem.empty()) continue;
    const bool fuller = !document.with_histograms.empty() && wants_histograms(report->entry);
    render_one(*report, stage, fuller ? document.with_histograms : document.plain);
    outcomes.push_back(report->outcome);
  }
  return outcomes;
}

bool ReportWriter::wants_histograms(const ReportEntry& entry) const {
  const auto found = registry_.find("report", entry.plugin + "/" + entry.report);
  if (!found) return false;
  const auto& wants = found->component->wants;
  return std::find(wants.begin(), wants.end(), "histograms") != wants.end();
}

bool ReportWriter::wants_histograms() const {
  return std::any_of(reports_.begin(), reports_.end(),
                     [this](const auto& report) { return wants_histograms(report->entry); });
}

void ReportWriter::start(Report& report) {
  auto found = registry_.find("report", report.entry.plugin + "/" + report.entry.report);
  if (!found) {
    report.outcome.problem = found.error().line();
    return;
  }
  report.plugin = found->plugin;
  report.outcome.plugin = report.plugin->id + " " + report.plugin->version;
  auto link = starter_.start(
      "report-" + report.entry.report,
      [this, &report](CellLink&, CellMessage type, Decoder& in) { message(report, type, in); });
  if (!link) {
    report.outcome.problem = link.error().line();
    return;
  }
  report.link = std::move(*link);
  report.metrics.clear();
  report.link->confine(report.plugin->privileges, descriptors_max);
  report.link->load(*report.plugin);
  if (topics_ != nullptr)
    topics_->attach("report", report.index, *report.link, report_instance, ++report.generation);
  report.link->create(report_instance, report.plugin->id, "report", report.entry.report,
                      report.entry.config);
  CellLink& cell = *report.link;
  const auto answered = [&, late = out_of_patience()] {
    return cell.create_answer(report_instance) || !cell.death().empty() || late();
  };
  loop_.run_until(answered, loop_.now() + create_limit_ns);
  if (const auto answer = cell.create_answer(report_instance); answer && answer->empty()) return;
  report.outcome.problem = cell.refusal(*report.plugin, report_instance);
  if (report.outcome.problem.empty())
    report.outcome.problem =
        "plugin " + report.outcome.plugin + ": its cell did not come up: " + cell.how_it_ended();
  cell.kill(SIGKILL);
  drop(report);
}

void ReportWriter::drop(Report& report) {
  // Its next stage starts it again, so its events wait.
  if (topics_ != nullptr) topics_->lost("report", report.index);
  starter_.forget(*report.link);
  report.link.reset();
}

void ReportWriter::render_one(Report& report, std::uint32_t stage, const std::string& document) {
  report.outcome = {};
  report.outcome.report = report.entry.report;
  if (report.plugin != nullptr)
    report.outcome.plugin = report.plugin->id + " " + report.plugin->version;
  if (report.failures >= give_up_after) {
    report.outcome.problem = "quarantined after " + std::to_string(report.failures) + " failures";
    return;
  }
  if (!report.link) start(report);
  if (!report.link) {
    ++report.failures;
    return;
  }
  files_.begin(*report.plugin);
  report.token = next_token_++;
  report.done = false;
  report.link->render(report_instance, report.token, stage, document);
  CellLink& cell = *report.link;
  const auto late = out_of_patience();
  loop_.run_until([&] { return report.done || cell.ended() || cell.closed() || late(); },
                  loop_.now() + render_limit_ns);
  if (report.done) {
    if (!report.outcome.problem.empty()) ++report.failures;
    return;
  }
  ++report.failures;
  // A process closes its channel a moment before it is known how it ended.
  if (cell.closed()) loop_.run_until([&] { return cell.ended(); }, loop_.now() + closed_grace_ns);
  report.outcome.problem = cell.ended() || cell.closed() ? "its cell died: " + cell.how_it_ended()
                           : late()
                               ? "it took longer than 3 s while the run was to stop, and was killed"
                               : "it took longer than 60 s and was killed";
  cell.kill(SIGKILL);
  drop(report);
}

std::function<bool()> ReportWriter::out_of_patience() {
  return [this, since = std::uint64_t{0}]() mutable {
    if (!urgent_ || !urgent_()) return false;
    if (since == 0) since = loop_.now();
    return loop_.now() - since > urgent_limit_ns;
  };
}

void ReportWriter::message(Report& report, CellMessage type, Decoder& in) {
  in.u32();  // the only instance
  if (type == CellMessage::metrics) {
    if (on_metrics_) on_metrics_(report.entry.report, report.metrics, in);
    return;
  }
  if (topics_ != nullptr && topics_->message("report", report.index, type, in)) return;
  if (type == CellMessage::trouble) {
    PluginTrouble trouble;
    trouble.plugin = report.outcome.plugin;
    trouble.component = report.entry.report;
    trouble.kind = plain_text(in.text(), 64);
    trouble.count = in.u64();
    trouble.detail = plain_text(in.text());
    if (on_trouble_ && in.ok()) on_trouble_(std::move(trouble));
    return;
  }
  if (in.u64() != report.token) return;
  if (type == CellMessage::file) {
    file(report, in);
  } else if (type == CellMessage::rendered) {
    if (const auto problem = plain_text(in.text()); !problem.empty())
      report.outcome.problem = problem;
    report.done = true;
  }
}

void ReportWriter::file(Report& report, Decoder& in) {
  const std::string name(in.text());
  const auto bytes = in.bytes();
  if (!in.ok()) return;
  const PluginInfo* robbed = nullptr;
  const std::string problem = files_.put(
      *report.plugin, name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, robbed);
  if (!problem.empty()) {
    report.outcome.problem = problem;
    return;
  }
  report.outcome.files.push_back(name);
  if (robbed == nullptr || !on_trouble_) return;
  PluginTrouble trouble;
  trouble.plugin = robbed->id + " " + robbed->version;
  trouble.kind = "forged";
  trouble.count = 1;
  trouble.detail = "it had written '" + name + "', which is a file of " + report.plugin->id;
  on_trouble_(std::move(trouble));
}

}  // namespace ordeal
