// SPDX-License-Identifier: Apache-2.0
// The safety lever from outside: see guardian_halt.cpp.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/clock.h"
#include "guardian/client.h"

namespace ordeal {

namespace {

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_name : "user " + std::to_string(::geteuid());
}

/// One line without control characters.
std::string plain(std::string text) {
  for (char& c : text)
    if (c >= 0 && c < ' ') c = ' ';
  return text;
}

}  // namespace

std::vector<std::string> halt_files() {
  return {std::filesystem::path(runs_folder()).parent_path().string() + "/HALT",
          install_paths().sysconf + "/HALT"};
}

std::optional<Halt> active_halt(const std::vector<std::string>& files) {
  for (const auto& path : files) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) continue;
    Halt halt{path, ""};
    if (auto text = read_file(path, ExitCode::internal, 65536)) halt.text = plain(std::move(*text));
    while (!halt.text.empty() && halt.text.back() == ' ') halt.text.pop_back();
    if (halt.text.size() > 256) halt.text.resize(256);
    return halt;
  }
  return std::nullopt;
}

Error halted_error(const Halt& halt) {
  Error error;
  error.code = ExitCode::preflight;
  error.what = "halted by " + halt.path + (halt.text.empty() ? "" : " (" + halt.text + ")");
  error.fix = "lift it with `ordeal stop --lift`, or remove the file";
  return error;
}

Result<std::string> pull_halt(const std::string& reason) {
  const std::string path = halt_files().front();
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ec);
  if (ec) return errno_error(ExitCode::internal, "making the folder of " + path, ec.value());
  const SystemClock clock;
  const std::string text = "by " + user_name() + " at " + utc_time(clock.wall_ns()) +
                           (reason.empty() ? "" : ": " + plain(reason)) + "\n";
  if (auto written = write_file(path, text); !written) return std::move(written).error();
  return path;
}

Result<std::string> lift_halt() {
  const std::string path = halt_files().front();
  if (::unlink(path.c_str()) == 0) return path;
  if (errno == ENOENT) return std::string();
  return errno_error(ExitCode::internal, "removing " + path, errno);
}

}  // namespace ordeal
