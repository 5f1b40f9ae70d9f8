// SPDX-License-Identifier: Apache-2.0
// stop, status and runs: about runs that another terminal (or nobody) watches.
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "campaign/run_dir.h"
#include "campaign/status.h"
#include "cli/commands.h"
#include "guardian/client.h"
#include "ui/progress.h"

namespace ordeal {

namespace {

namespace json = boost::json;

int fail(const Error& error) {
  std::fprintf(stderr, "ordeal: %s\n", error.line().c_str());
  return static_cast<int>(error.code);
}

/// How a run stands: "running", "ended", or "resumable" when it was cut off.
std::string standing(const RunDir& dir, const Result<RunStatus>& status) {
  if (running_guardian(dir.path)) return "running";
  if (status && status->final && status->exit_code != static_cast<int>(ExitCode::incomplete))
    return "ended";
  return "resumable";
}

}  // namespace

namespace {

/// The safety lever: guardians see the file by themselves, within a second.
int halt_command(const Options& options) {
  if (!options.run.empty()) {
    std::fputs("ordeal: --halt and --lift are about every run; name none\n", stderr);
    return static_cast<int>(ExitCode::usage);
  }
  auto path = options.lift ? lift_halt() : pull_halt(*options.halt);
  if (!path) return fail(path.error());
  if (options.lift) {
    const auto still = active_halt();
    if (path->empty()) std::fputs("there was no HALT file of yours\n", stdout);
    if (!path->empty()) std::printf("lifted: %s is removed\n", path->c_str());
    if (!still) return 0;
    return fail(halted_error(*still));
  }
  std::printf("halted: %s; no run begins until `ordeal stop --lift`\n", path->c_str());
  for (const auto& dir : list_run_dirs(runs_folder()))
    if (running_guardian(dir.path)) std::printf("%s: stopping\n", dir.id.c_str());
  return 0;
}

}  // namespace

int stop_command(const Options& options) {
  if (options.halt || options.lift) return halt_command(options);
  const std::string runs = runs_folder();
  Result<RunDir> dir = find_run_dir(runs, options.run);
  if (options.run.empty()) {
    // The newest run that still runs.
    const auto all = list_run_dirs(runs);
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
      if (!running_guardian(it->path)) continue;
      dir = *it;
      break;
    }
  }
  if (!dir) return fail(dir.error());
  auto stopped = stop_run(dir->path, dir->id, options.force);
  if (!stopped) return fail(stopped.error());
  if (!stopped->was_running && stopped->swept.empty()) {
    std::fprintf(stderr, "ordeal: run %s is not running\n", dir->id.c_str());
    return static_cast<int>(ExitCode::usage);
  }
  std::printf("%s: %s\n", dir->id.c_str(),
              options.force           ? "killed"
              : stopped->acknowledged ? "stopping"
                                      : "its guardian did not answer; its processes were killed");
  for (const auto pid : stopped->swept) std::printf("killed process %d\n", pid);
  return 0;
}

int status_command(const Options& options) {
  auto dir = find_run_dir(runs_folder(), options.run);
  if (!dir) return fail(dir.error());
  auto status = read_status(dir->path);
  if (!status) return fail(status.error());
  const std::string state = standing(*dir, status);
  if (options.json) {
    auto value = parse_json(status_json(*status), "status.json");
    value->get_object()["standing"] = state;
    std::fputs(pretty_json(*value).c_str(), stdout);
    return 0;
  }
  std::printf("%s: %s\n%s\n", dir->id.c_str(), state.c_str(), progress_line(*status).c_str());
  if (status->final) std::printf("exit code %d: %s\n", status->exit_code, status->sentence.c_str());
  return 0;
}

int runs_command(const Options& options) {
  json::array list;
  for (const auto& dir : list_run_dirs(runs_folder())) {
    auto status = read_status(dir.path);
    const std::string state = standing(dir, status);
    const bool final = status && status->final;
    if (!options.json) {
      std::printf("%-40s %-10s %4s  %s\n", dir.id.c_str(), state.c_str(),
                  final ? std::to_string(status->exit_code).c_str() : "-",
                  final ? status->sentence.c_str() : "");
      continue;
    }
    list.push_back(
        json::object{{"run_id", dir.id},
                     {"path", dir.path},
                     {"campaign", status ? json::value(status->campaign) : json::value(nullptr)},
                     {"state", state},
                     {"exit_code", final ? json::value(status->exit_code) : json::value(nullptr)},
                     {"verdict", final ? json::value(status->sentence) : json::value(nullptr)}});
  }
  if (options.json) std::fputs(pretty_json(list).c_str(), stdout);
  return 0;
}

}  // namespace ordeal
