// SPDX-License-Identifier: Apache-2.0
#include "e2e/installed.h"
#include "places.h"

#include <signal.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

namespace ordeal::testing {

namespace fs = std::filesystem;
namespace json = boost::json;

Installed::Installed() = default;

Installed::~Installed() {
  for (const auto& dir : run_dirs())
    for (const pid_t pid : processes_of(fs::path(dir).filename().string())) ::kill(pid, SIGKILL);
}

std::string Installed::prefix() { return ORDEAL_STAGE_DIR; }

std::map<std::string, std::string> Installed::environment() const {
  return {{"XDG_STATE_HOME", folder() + "/state"},
          {"XDG_DATA_HOME", folder() + "/data"},
          {"TMPDIR", folder()}};
}

Finished Installed::run(std::vector<std::string> args, double seconds) {
  args.insert(args.begin(), ordeal());
  return testing::run(std::move(args), environment(), folder(), seconds);
}

std::unique_ptr<Program> Installed::start(std::vector<std::string> args, const std::string& name) {
  args.insert(args.begin(), ordeal());
  return std::make_unique<Program>(std::move(args), environment(), folder(), name, true);
}

std::vector<std::string> Installed::run_dirs() const {
  std::vector<std::string> dirs;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder() + "/state/ordeal/runs", ec))
    dirs.push_back(entry.path().string());
  std::sort(dirs.begin(), dirs.end());
  return dirs;
}

std::string Installed::run_dir() const {
  const auto dirs = run_dirs();
  return dirs.empty() ? "" : dirs.back();
}

std::string Installed::run_id() const { return fs::path(run_dir()).filename().string(); }

std::string Installed::state() const {
  json::error_code ec;
  const auto status = json::parse(slurp(run_dir() + "/status.json"), ec);
  return ec ? "" : at(status, "/state");
}

bool Installed::wait_for_load(double seconds) {
  return eventually(
      [&] {
        json::error_code ec;
        const auto status = json::parse(slurp(run_dir() + "/status.json"), ec);
        return !ec && at(status, "/state") == "phase" && number_at(status, "/rate") > 0;
      },
      seconds);
}

json::value Installed::report() const {
  json::error_code ec;
  auto value = json::parse(slurp(run_dir() + "/reports/autonomous_campaign_report.json"), ec);
  return ec ? json::value(nullptr) : value;
}

std::string at(const json::value& document, const std::string& pointer) {
  json::error_code ec;
  const auto* found = document.find_pointer(pointer, ec);
  if (found == nullptr) return "(none)";
  return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

double number_at(const json::value& document, const std::string& pointer) {
  json::error_code ec;
  const auto* found = document.find_pointer(pointer, ec);
  return found != nullptr && found->is_number() ? found->to_number<double>() : -1;
}

}  // namespace ordeal::testing
