// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "campaign/campaign.h"
#include "campaign/containment.h"
#include "campaign/documents/documents.h"
#include "campaign/report_writer.h"
#include "cli/front.h"
#include "guardian/client.h"
#include "ordeal/abi/report.h"

namespace ordeal {

namespace {

namespace json = boost::json;

/// Why the run ended, as its guardian saw it, for a journal whose controller could not say.
std::string reason_of(int exit_code) {
  switch (static_cast<ExitCode>(exit_code)) {
    case ExitCode::stopped:
      return "person";
    case ExitCode::safety_stop:
      return "safety";
    case ExitCode::internal:
      return "controller_error";
    default:
      return "incomplete";
  }
}

/// What the guardian noted about why the run ended.
bool is_reason(const std::string& type) {
  return type == "limit" || type == "stop_requested" || type == "controller_died" ||
         type == "controller_silent";
}
/// What the machine looked like before; the reports keep it apart from the events.
bool is_surroundings(const std::string& type) { return type == "sensors" || type == "process"; }
/// What bears on how the run ended; the rest is the guardian's own routine.
bool bears_on_the_end(const std::string& type) {
  return is_reason(type) || is_surroundings(type) || type == "controller_aborted" ||
         type == "stop" || type == "killed" || type == "blind";
}

/// Whether the guardian ended the run for a reason of its own: the reports then need its evidence,
/// even if the controller could still write them.
bool guardian_ended(const RunDir& dir) {
  const auto records = read_evidence(dir.path);
  return records && std::any_of(records->begin(), records->end(), [](const auto& record) {
           return is_reason(record.type) && record.type != "stop_requested";
         });
}

/// Returns the last reason.
std::string merge_evidence(JournalWriter& journal, const RunDir& dir) {
  std::string detail;
  const auto records = read_evidence(dir.path);
  if (!records) return detail;
  for (const auto& record : *records) {
    if (!bears_on_the_end(record.type)) continue;
    if (is_reason(record.type)) detail = record.text;
    JournalEvent event;
    event.at = {boot_id(), record.mono_ns, record.wall_ns};
    event.topic = is_surroundings(record.type) ? "guardian" : "safety";
    event.type = is_surroundings(record.type) ? record.type : "guardian";
    event.data = compact_json(json::object{{"level", record.type},
                                           {"rule", "guardian"},
                                           {"reason", record.text},
                                           {"a", record.a},
                                           {"b", record.b}});
    static_cast<void>(journal.event(event));
  }
  static_cast<void>(journal.set("guardian_evidence", "true"));
  return detail;
}

/// Completes the journal with the guardian's evidence, if it ended the run or nobody else could say
/// how it ended, and with the end. Returns whether there was something to add. A journal that
/// somebody else is writing is left alone.
bool complete_journal(const RunDir& dir, int exit_code) {
  auto journal = JournalWriter::open(dir.file("journal.db"));
  if (!journal) return false;
  bool ended = false;
  bool merged = false;
  if (auto reader = JournalReader::open(dir.file("journal.db"))) {
    if (auto end = (*reader)->get("end")) ended = end->has_value();
    if (auto evidence = (*reader)->get("guardian_evidence")) merged = evidence->has_value();
  }
  const bool merge = !merged && (!ended || guardian_ended(dir));
  if (ended && !merge) return false;
  const SystemClock clock;
  std::string detail;
  if (merge) detail = merge_evidence(**journal, dir);
  if (!ended)
    static_cast<void>(
        (*journal)->set("end", compact_json(json::object{{"exit_code", exit_code},
                                                         {"reason", reason_of(exit_code)},
                                                         {"detail", detail},
                                                         {"wall_ns", clock.wall_ns()}})));
  static_cast<void>((*journal)->commit());
  static_cast<void>((*journal)->checkpoint());
  return true;
}

struct Rendered {
  std::vector<std::string> problems;
  std::string sentence;
  int exit_code = static_cast<int>(ExitCode::incomplete);
};

/// Renders every stage the journal has something for.
Result<Rendered> render_all(const RunDir& dir, const Options& options, bool urgent) {
  auto text = read_file(dir.file("campaign.json"), ExitCode::internal);
  if (!text) return std::move(text).error();
  const Registry registry = Registry::scan(Registry::default_places(options.plugin_dirs));
  auto campaign = parse_effective(*text, dir.file("campaign.json"), {}, registry);
  if (!campaign) return std::move(campaign).error();
  auto journal = JournalReader::open(dir.file("journal.db"));
  if (!journal) return std::move(journal).error();
  Rendered rendered;
  auto verdict = judge_campaign(**journal);
  if (!verdict) return std::move(verdict).error();
  rendered.sentence = verdict->sentence;
  rendered.exit_code = static_cast<int>(verdict->exit_code);

  const SystemClock clock;
  Loop loop(clock);
  ChildCells cells(loop, install_paths().libexec + "/ordeal-cell", dir.logs());
  ReportWriter writer(loop, cells, registry, campaign->report, dir.reports());
  writer.set_urgent([urgent] { return urgent; });
  const bool histograms = writer.wants_histograms();
  const auto render = [&](std::uint32_t stage, const auto& document) {
    if (!document) {
      rendered.problems.push_back(document.error().line());
      return;
    }
    for (const auto& outcome : writer.render(stage, *document))
      if (!outcome.problem.empty())
        rendered.problems.push_back("report " + outcome.report + ": " + outcome.problem);
  };
  if (auto ready = (*journal)->get("readiness"); ready && *ready)
    render(ORDEAL_STAGE_READINESS, readiness_document(**journal));
  if (auto base = (*journal)->get("baseline"); base && *base)
    render(ORDEAL_STAGE_BASELINE, baseline_document(**journal));
  if (auto phases = (*journal)->phases()) {
    std::vector<std::int32_t> done;
    for (const auto& phase : *phases)
      if (std::find(done.begin(), done.end(), phase.index) == done.end())
        done.push_back(phase.index);
    for (const auto index : done)
      render(ORDEAL_STAGE_PHASE, phase_documents(**journal, index, histograms));
  }
  render(ORDEAL_STAGE_CAMPAIGN, campaign_document(**journal));
  return rendered;
}

/// The run's summary reports first, at most one line each.
std::vector<std::string> report_paths(const RunDir& dir) {
  std::vector<std::string> paths;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(dir.reports(), ec)) {
    const std::string name = entry.path().filename().string();
    if (name.compare(0, 6, "phase_") != 0) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

int guardian_verdict(const RunDir& dir) {
  int code = static_cast<int>(ExitCode::incomplete);
  if (auto records = read_evidence(dir.path))
    for (const auto& record : *records)
      if (record.type == "end") code = static_cast<int>(record.a);
  return code;
}

Conclusion conclude_run(const RunDir& dir, const Options& options, int guardian_exit_code) {
  Conclusion end;
  sweep_run(dir.id, ::getpid(), 2000);
  auto status = read_status(dir.path);
  end.exit_code = status && status->final ? status->exit_code : guardian_exit_code;
  if (status) end.sentence = status->sentence;
  const bool reported = status && status->final && status->reported;
  std::error_code ec;
  if (std::filesystem::exists(dir.file("journal.db"), ec) &&
      (complete_journal(dir, end.exit_code) || !reported)) {
    auto rendered = render_all(dir, options, end.exit_code == static_cast<int>(ExitCode::stopped));
    if (!rendered) {
      std::fprintf(stderr, "ordeal: the reports could not be written: %s\n",
                   rendered.error().line().c_str());
    } else {
      for (const auto& problem : rendered->problems)
        std::fprintf(stderr, "ordeal: %s\n", problem.c_str());
      end.sentence = rendered->sentence;
      if (rendered->exit_code != end.exit_code)
        end.sentence = "the run ended with exit code " + std::to_string(end.exit_code) +
                       ", which its journal does not tell: " + rendered->sentence;
      RunStatus after = status ? *status : RunStatus{};
      after.run_id = dir.id;
      after.state = "ended";
      after.final = true;
      after.reported = true;
      after.exit_code = end.exit_code;
      after.sentence = end.sentence;
      static_cast<void>(write_status(dir.path, after));
    }
  }
  end.reports = report_paths(dir);
  return end;
}

int report_command(const Options& options) {
  auto dir = find_run_dir(runs_folder(), options.run);
  if (!dir) {
    std::fprintf(stderr, "ordeal: %s\n", dir.error().line().c_str());
    return static_cast<int>(dir.error().code);
  }
  if (!running_guardian(dir->path)) complete_journal(*dir, guardian_verdict(*dir));
  auto rendered = render_all(*dir, options, false);
  if (!rendered) {
    std::fprintf(stderr, "ordeal: %s\n", rendered.error().line().c_str());
    return static_cast<int>(rendered.error().code);
  }
  for (const auto& problem : rendered->problems)
    std::fprintf(stderr, "ordeal: %s\n", problem.c_str());
  json::array paths;
  for (const auto& path : report_paths(*dir)) {
    paths.emplace_back(path);
    if (!options.json) std::printf("%s\n", path.c_str());
  }
  if (options.json)
    std::fputs(pretty_json(json::object{{"run_id", dir->id}, {"reports", paths}}).c_str(), stdout);
  return rendered->problems.empty() ? 0 : static_cast<int>(ExitCode::internal);
}

}  // namespace ordeal
