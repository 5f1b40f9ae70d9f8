// SPDX-License-Identifier: Apache-2.0
#include "campaign/run_dir.h"

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/files.h"

namespace ordeal {

namespace fs = std::filesystem;

namespace {

Error refused(const std::string& path, const std::string& what, const std::string& fix) {
  Error error;
  error.code = ExitCode::preflight;
  error.where.file = path;
  error.what = what;
  error.fix = fix;
  return error;
}

std::string file_safe(std::string name) {
  for (char& c : name)
    if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-') c = '_';
  return name.empty() ? "campaign" : name.substr(0, 64);
}

std::string hex4() {
  std::random_device random;
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::uint32_t bits = random(), i = 0; i < 4; ++i, bits >>= 4) text += digits[bits & 15];
  return text;
}

bool looks_like_a_run(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path / "campaign.json", ignored);
}

}  // namespace

Result<RunDir> create_run_dir(const std::string& runs, const std::string& explicit_path,
                              const std::string& campaign, const std::string& effective,
                              const Clock& clock) {
  std::error_code ec;
  fs::path path;
  if (!explicit_path.empty()) {
    path = fs::absolute(explicit_path, ec).lexically_normal();
    if (path.filename().empty()) path = path.parent_path();
    if (fs::exists(path, ec) && (!fs::is_directory(path, ec) || !fs::is_empty(path, ec)))
      return refused(path.string(), "the run directory is occupied",
                     "name a folder that does not exist or is empty");
  } else {
    path = fs::path(runs) /
           (utc_time(clock.wall_ns(), true) + "-" + file_safe(campaign) + "-" + hex4());
  }
  const bool existed = fs::exists(path, ec);
  RunDir dir{path.string(), path.filename().string()};
  for (const auto& folder : {dir.path, dir.logs(), dir.reports()}) {
    fs::create_directories(folder, ec);
    if (ec) {
      const std::string why = ec.message();
      if (!existed) fs::remove_all(path, ec);
      return refused(folder, "the run directory cannot be made: " + why,
                     "choose another place with --run-dir or XDG_STATE_HOME");
    }
  }
  if (auto written = write_file(dir.file("campaign.json"), effective); !written) {
    remove_run_dir(dir);
    Error error = std::move(written).error();
    error.code = ExitCode::preflight;
    return error;
  }
  return dir;
}

void remove_run_dir(const RunDir& dir) {
  std::error_code ignored;
  for (const char* name : {"campaign.json", "guardian.evidence", "guardian.pid", "status.json",
                           "journal.db", "journal.db-wal", "journal.db-shm", "journal.db.lock"})
    fs::remove(dir.file(name), ignored);
  fs::remove_all(dir.logs(), ignored);
  fs::remove(dir.reports(), ignored);
  fs::remove(dir.path, ignored);
}

std::vector<RunDir> list_run_dirs(const std::string& runs) {
  std::vector<RunDir> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(runs, ec))
    if (looks_like_a_run(entry.path()))
      found.push_back({entry.path().string(), entry.path().filename().string()});
  std::sort(found.begin(), found.end(),
            [](const RunDir& a, const RunDir& b) { return a.id < b.id; });
  return found;
}

Result<RunDir> find_run_dir(const std::string& runs, const std::string& name) {
  if (name.find('/') != std::string::npos || name == "." || name == "..") {
    std::error_code ec;
    fs::path path = fs::absolute(name, ec).lexically_normal();
    if (path.filename().empty()) path = path.parent_path();
    if (looks_like_a_run(path)) return RunDir{path.string(), path.filename().string()};
  }
  const auto all = list_run_dirs(runs);
  Error error;
  error.code = ExitCode::usage;
  if (all.empty()) {
    error.what = "there is no run in " + runs;
    return error;
  }
  if (name.empty()) return all.back();
  std::vector<RunDir> matches;
  for (const auto& run : all) {
    if (run.id == name) return run;
    if (run.id.starts_with(name)) matches.push_back(run);
  }
  if (matches.size() == 1) return matches.front();
  error.what =
      (matches.empty() ? "no run begins with '" : "several runs begin with '") + name + "'";
  error.expected = "a run as `ordeal runs` lists them, the newest being " + all.back().id;
  return error;
}

}  // namespace ordeal
