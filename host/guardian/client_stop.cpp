// SPDX-License-Identifier: Apache-2.0
// A stop from outside: needs neither controller nor, in the end, guardian.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "guardian/client.h"
#include "guardian/pidfd.h"

namespace ordeal {

namespace {

using steady = std::chrono::steady_clock;

constexpr auto patience = std::chrono::milliseconds(500);
constexpr int sweep_ms = 5000;

/// The bytes of a /proc file, "" if it cannot be read.
std::string read_proc(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes;
  char buffer[4096];
  for (;;) {
    const ssize_t n = fd ? ::read(fd.get(), buffer, sizeof buffer) : 0;
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(n));
  }
}

bool carries(std::int32_t pid, const std::string& entry) {
  const std::string environment = read_proc("/proc/" + std::to_string(pid) + "/environ");
  for (std::size_t at = 0; at < environment.size();) {
    const auto end = std::min(environment.find('\0', at), environment.size());
    if (std::string_view(environment).substr(at, end - at) == entry) return true;
    at = end + 1;
  }
  return false;
}

std::string entry_of(const std::string& run_id) {
  return std::string(run_id_variable) + "=" + run_id;
}

/// A descriptor of that very process, or none.
UniqueFd hold(const ProcessIdentity& identity) {
  UniqueFd pidfd(open_pidfd(identity.pid));
  if (!pidfd || pidfd_ended(pidfd.get()) || !still_running(identity)) return UniqueFd();
  return pidfd;
}

std::vector<std::int32_t> all_pids() {
  std::vector<std::int32_t> pids;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return pids;
  while (const dirent* found = ::readdir(proc)) {
    const std::string_view name = found->d_name;
    std::int32_t pid = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (end.ec == std::errc() && end.ptr == name.data() + name.size()) pids.push_back(pid);
  }
  ::closedir(proc);
  return pids;
}

std::int32_t parent_of(std::int32_t pid) {
  const std::string text = read_proc("/proc/" + std::to_string(pid) + "/stat");
  const auto close = text.rfind(')');
  std::istringstream in(close == std::string::npos ? std::string() : text.substr(close + 1));
  std::string state;
  std::int32_t parent = 0;
  in >> state >> parent;
  return parent;
}

/// Processes of the run and their descendants: one of these may have emptied its environment.
std::vector<ProcessIdentity> family_of_run(const std::string& run_id, std::int32_t spare) {
  const std::string entry = entry_of(run_id);
  std::map<std::int32_t, ProcessIdentity> others;
  std::multimap<std::int32_t, std::int32_t> children;
  std::vector<ProcessIdentity> family;
  for (const std::int32_t pid : all_pids()) {
    // The start time before the environment: if it is still the same when the process is held,
    // then that was its environment and not that of another with the same pid.
    ProcessIdentity identity = identify_process(pid);
    if (identity.pid == 0 || pid == spare || pid == ::getpid()) continue;
    children.emplace(parent_of(pid), pid);
    if (carries(pid, entry))
      family.push_back(std::move(identity));
    else
      others.emplace(pid, std::move(identity));
  }
  for (std::size_t i = 0; i < family.size(); ++i) {
    const auto [first, last] = children.equal_range(family[i].pid);
    for (auto child = first; child != last; ++child)
      if (const auto other = others.extract(child->second); !other.empty())
        family.push_back(other.mapped());
  }
  return family;
}

/// Whether this run had a guardian, and has none now: none holds the lock on its evidence.
bool guardian_gone(const std::string& run_dir) {
  const UniqueFd fd(::open((run_dir + "/" + evidence_file).c_str(), O_RDONLY | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0 && !running_guardian(run_dir);
}

}  // namespace

std::optional<ProcessIdentity> running_guardian(const std::string& run_dir) {
  const auto text = read_file(run_dir + "/" + guardian_pid_file, ExitCode::internal, 4096);
  if (!text) return std::nullopt;
  ProcessIdentity identity;
  std::istringstream in(*text);
  if (!(in >> identity.pid >> identity.start_ticks >> identity.boot_id)) return std::nullopt;
  if (!hold(identity)) return std::nullopt;
  return identity;
}

std::vector<std::int32_t> processes_of_run(const std::string& run_id) {
  const std::string entry = entry_of(run_id);
  std::vector<std::int32_t> pids = all_pids();
  std::erase_if(pids, [&](std::int32_t pid) { return !carries(pid, entry); });
  return pids;
}

std::vector<std::int32_t> sweep_run(const std::string& run_id, std::int32_t spare, int timeout_ms) {
  std::vector<std::int32_t> killed;
  if (run_id.empty()) return killed;
  const auto until = steady::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    bool left = false;
    for (const auto& identity : family_of_run(run_id, spare)) {
      const UniqueFd pidfd = hold(identity);
      if (!pidfd) continue;
      left = true;
      if (signal_pidfd(pidfd.get(), SIGKILL) == 0 &&
          std::find(killed.begin(), killed.end(), identity.pid) == killed.end())
        killed.push_back(identity.pid);
    }
    if (!left || steady::now() >= until) return killed;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::vector<std::int32_t> sweep_orphans(const std::string& runs) {
  // A guardian that was just started has its id before it has its lock.
  constexpr std::uint64_t least_age_s = 5;
  const std::string name = std::string(run_id_variable) + "=";
  const auto uptime = read_proc("/proc/uptime");
  const auto now_ticks = static_cast<std::uint64_t>(std::strtod(uptime.c_str(), nullptr) *
                                                    static_cast<double>(::sysconf(_SC_CLK_TCK)));
  const auto least_ticks = least_age_s * static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  std::map<std::string, bool> orphaned;
  std::vector<std::int32_t> killed;
  for (const std::int32_t pid : all_pids()) {
    const std::string environment = read_proc("/proc/" + std::to_string(pid) + "/environ");
    const auto at = environment.compare(0, name.size(), name) == 0
                        ? 0
                        : environment.find(std::string(1, '\0') + name);
    if (at == std::string::npos) continue;
    const auto from = environment.find('=', at) + 1;
    const std::string run_id = environment.substr(from, environment.find('\0', from) - from);
    if (run_id.empty() || run_id.find('/') != std::string::npos || run_id[0] == '.') continue;
    const ProcessIdentity identity = identify_process(pid);
    if (identity.pid == 0 || identity.start_ticks + least_ticks > now_ticks) continue;
    const auto [found, added] = orphaned.try_emplace(run_id, false);
    if (added) found->second = guardian_gone(runs + "/" + run_id);
    if (!found->second) continue;
    for (const std::int32_t ended : sweep_run(run_id, 0, sweep_ms)) killed.push_back(ended);
    found->second = false;
  }
  return killed;
}

Result<StopOutcome> stop_run(const std::string& run_dir, const std::string& run_id, bool force) {
  StopOutcome outcome;
  const auto guardian = running_guardian(run_dir);
  const UniqueFd pidfd = guardian ? hold(*guardian) : UniqueFd();
  outcome.was_running = static_cast<bool>(pidfd);
  if (!outcome.was_running) {
    outcome.swept = sweep_run(run_id, 0, sweep_ms);
    return outcome;
  }
  std::uint64_t before = 0;
  if (const auto records = read_evidence(run_dir); records && !records->empty())
    before = records->back().seq;
  if (signal_pidfd(pidfd.get(), force ? SIGQUIT : SIGTERM) != 0 && errno != ESRCH)
    return errno_error(ExitCode::internal, "signalling the guardian", errno);
  const auto until = steady::now() + patience;
  for (;;) {
    const bool ended = pidfd_ended(pidfd.get());
    if (const auto records = read_evidence(run_dir); records)
      for (const auto& record : *records)
        if (record.seq > before && (record.type == "stop_requested" || record.type == "end"))
          outcome.acknowledged = true;
    if (!force && (outcome.acknowledged || ended)) break;
    if (force && ended && processes_of_run(run_id).empty()) return outcome;
    if (steady::now() >= until) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (force || !outcome.acknowledged) outcome.swept = sweep_run(run_id, 0, sweep_ms);
  return outcome;
}

}  // namespace ordeal
