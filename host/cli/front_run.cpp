// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/files.h"
#include "base/json.h"
#include "campaign/campaign.h"
#include "campaign/readiness.h"
#include "cli/front.h"
#include "cli/overrides.h"
#include "guardian/client.h"

namespace ordeal {

namespace {

int fail(const Error& error) {
  std::fprintf(stderr, "ordeal: %s\n", error.line().c_str());
  return static_cast<int>(error.code);
}

/// A command line for people to repeat a run with.
std::string quoted_command(const RunRequest& request) {
  std::string text = request.baseline_only ? "ordeal baseline " : "ordeal run ";
  text += request.options.campaign;
  for (const auto& set : request.options.sets) text += " --set '" + set + "'";
  if (request.options.time_scale != 1) {
    char scale[32];
    std::snprintf(scale, sizeof scale, " --time-scale %g", request.options.time_scale);
    text += scale;
  }
  return text;
}

bool confirmed(const Campaign& campaign) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0) return true;
  Duration total = campaign.baseline_duration;
  for (const auto& phase : campaign.phases) total += phase.duration + phase.pause;
  std::fprintf(stderr, "Campaign %s against %s: %zu phases, about %s. Start? [y/N] ",
               campaign.name.c_str(),
               campaign.target.http.empty() ? "its own target" : campaign.target.http.c_str(),
               campaign.phases.size(), human_duration(total).c_str());
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// Whether a process other than `bystander` is still a child of ours.
bool have_children(std::int32_t bystander) {
  const std::string self = std::to_string(::getpid());
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ec)) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (pid == std::to_string(bystander)) continue;
    auto stat = read_file(entry.path().string() + "/stat", ExitCode::internal, 4096);
    if (!stat) continue;
    // pid (name) state ppid ...: the name may hold anything, so count from its end.
    const auto name_end = stat->rfind(')');
    if (name_end == std::string::npos || name_end + 4 > stat->size()) continue;
    const auto parent = stat->substr(name_end + 4, stat->find(' ', name_end + 4) - name_end - 4);
    if (parent == self) return true;
  }
  return false;
}

/// Waits for the guardian, then for whatever else has become our child: we are the subreaper.
int reap_tree(std::int32_t guardian, const std::string& run_id, std::int32_t bystander) {
  int guardian_code = static_cast<int>(ExitCode::incomplete);
  bool guardian_reaped = false;
  for (int round = 0; round < 600; ++round) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0) break;
    if (pid == guardian) {
      guardian_reaped = true;
      if (WIFEXITED(status)) guardian_code = WEXITSTATUS(status);
    }
    if (pid > 0) continue;
    if (guardian_reaped && !have_children(bystander)) break;
    if (round == 250) sweep_run(run_id, ::getpid(), 2000);  // they had 5 s to end by themselves
    ::poll(nullptr, 0, 20);
  }
  return guardian_code;
}

void print_conclusion(const RunDir& dir, const Conclusion& end, bool as_json) {
  if (as_json) {
    boost::json::array reports;
    for (const auto& path : end.reports) reports.emplace_back(path);
    const boost::json::value value = boost::json::object{{"run_id", dir.id},
                                                         {"run_dir", dir.path},
                                                         {"exit_code", end.exit_code},
                                                         {"verdict", end.sentence},
                                                         {"reports", reports}};
    std::fputs(pretty_json(value).c_str(), stdout);
    return;
  }
  std::printf("%s\n", end.sentence.c_str());
  for (const auto& path : end.reports) std::printf("report: %s\n", path.c_str());
}

/// What the guardian enforces, once it is armed.
void say_reserved(const std::string& run_dir) {
  const auto records = read_evidence(run_dir);
  if (!records) return;
  for (const auto& record : *records)
    if (record.type == "reserved")
      std::fprintf(stderr, "containment T%lld, reserved: %s\n", static_cast<long long>(record.a),
                   record.text.c_str());
}

}  // namespace

int run_command(const Options& options, bool baseline_only) {
  RunRequest request;
  request.options = options;
  request.baseline_only = baseline_only;
  request.ask = !options.yes && !options.detach;
  request.campaign = resolve_campaign_path(options.campaign);
  return run_campaign(request);
}

int run_campaign(const RunRequest& request) {
  const Options& options = request.options;
  if (const auto halt = active_halt()) return fail(halted_error(*halt));
  const Registry registry = Registry::scan(Registry::default_places(options.plugin_dirs));
  auto campaign = load_campaign(request.campaign, overrides_of(options), registry);
  if (!campaign) return fail(campaign.error());

  const std::string runs = runs_folder();
  const Readiness readiness =
      check_readiness(*campaign, options.run_dir.empty() ? runs : options.run_dir);
  if (!readiness.ready()) {
    Error error;
    error.code = ExitCode::preflight;
    error.what = readiness.problem();
    return fail(error);
  }
  if (request.ask && !confirmed(*campaign)) {
    std::fputs("ordeal: not started\n", stderr);
    return static_cast<int>(ExitCode::stopped);
  }

  for (const auto pid : sweep_orphans(runs))
    std::fprintf(stderr, "killed process %d, left behind by a run whose guardian is gone\n", pid);
  const SystemClock clock;
  auto dir = create_run_dir(runs, options.run_dir, campaign->name, campaign->effective, clock);
  if (!dir) return fail(dir.error());
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  GuardianOptions guardian;
  guardian.run_dir = dir->path;
  guardian.run_id = dir->id;
  guardian.memory_percent =
      std::min(campaign->safety.memory_percent, 100 - campaign->safety.reserve_memory_percent);
  guardian.disk_percent = campaign->safety.disk_percent;
  guardian.reserve_cpu_percent = campaign->safety.reserve_cpu_percent;
  guardian.reserve_memory_percent = campaign->safety.reserve_memory_percent;
  guardian.tier = options.tier;
  guardian.max_duration_ns = static_cast<std::uint64_t>(campaign->safety.max_duration.count());
  char scale[32];
  std::snprintf(scale, sizeof scale, "%.17g", options.time_scale);
  guardian.controller = {install_paths().bin + "/ordeal",
                         "__controller",
                         "--run-dir",
                         dir->path,
                         "--time-scale",
                         scale,
                         "--again",
                         quoted_command(request)};
  if (request.baseline_only) guardian.controller.emplace_back("--baseline-only");
  for (const auto& plugin_dir : options.plugin_dirs) {
    guardian.controller.emplace_back("--plugin-dir");
    guardian.controller.push_back(plugin_dir);
  }
  auto started = start_guardian(guardian);
  if (!started) {
    remove_run_dir(*dir);
    return fail(started.error());
  }
  std::fprintf(stderr, "run %s\n", dir->path.c_str());
  say_reserved(dir->path);
  if (campaign->fit_factor != 1)
    std::fprintf(stderr, "fit: phase durations times %.3f\n", campaign->fit_factor);
  if (options.time_scale != 1)
    std::fprintf(stderr, "time scale %g: durations are not those of the campaign\n",
                 options.time_scale);
  if (options.detach) {
    std::printf("%s\n", dir->id.c_str());
    return 0;
  }
  follow_run(*dir, true);
  const int guardian_code = reap_tree(started->pid, dir->id, request.bystander);
  const Conclusion end = conclude_run(*dir, options, guardian_code);
  print_conclusion(*dir, end, options.json);
  return end.exit_code;
}

int watch_command(const Options& options) {
  auto dir = find_run_dir(runs_folder(), options.run);
  if (!dir) return fail(dir.error());
  follow_run(*dir, false);
  const Conclusion end = conclude_run(*dir, options, guardian_verdict(*dir));
  print_conclusion(*dir, end, options.json);
  return end.exit_code;
}

}  // namespace ordeal
