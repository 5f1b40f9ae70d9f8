// SPDX-License-Identifier: Apache-2.0
#include "check/case_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <ctime>
#include <fstream>

#include "base/files.h"
#include "base/plain_text.h"
#include "base/unique_fd.h"

namespace ordeal {
namespace {

constexpr std::size_t most_output = 4 << 20;

double now_s() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

std::string contents(int fd) {
  std::string text;
  char buffer[65536];
  for (off_t at = 0; text.size() < most_output;) {
    const ssize_t n = ::pread(fd, buffer, sizeof buffer, at);
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    at += n;
  }
  return text;
}

/// What a plugin's process left behind: re-parented to us, or still in its group.
void sweep(pid_t group) {
  ::kill(-group, SIGKILL);
  for (int round = 0; round < 50; ++round) {
    std::ifstream list("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    bool any = false;
    for (pid_t pid = 0; list >> pid;) {
      ::kill(pid, SIGKILL);
      any = true;
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (!any) return;
    timespec pause{0, 2'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

std::string ended(int status, bool timed_out, double limit_s) {
  if (timed_out) {
    char text[64];
    std::snprintf(text, sizeof text, "did not end within %g s", limit_s);
    return text;
  }
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return "was killed by " + (name != nullptr ? "SIG" + std::string(name)
                                               : "signal " + std::to_string(WTERMSIG(status)));
  }
  return "exited with code " + std::to_string(WEXITSTATUS(status)) + " before it was over";
}

/// The last line somebody wrote, for deaths that explain themselves.
std::string last_line(const std::string& text) {
  std::size_t end = text.find_last_not_of("\n ");
  if (end == std::string::npos) return {};
  const std::size_t start = text.rfind('\n', end);
  std::string line = text.substr(start == std::string::npos ? 0 : start + 1,
                                 end - (start == std::string::npos ? 0 : start + 1) + 1);
  return plain_text(line.substr(0, 300));
}

struct Lines {
  std::string doing = "starting";
  bool done = false;
};

Lines read_record(const std::string& text, CaseOutcome& outcome) {
  Lines lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;  // cut off in the middle
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t first = line.find('\t');
    const std::size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    if (second == std::string::npos) continue;
    const std::string word = line.substr(0, first);
    const std::string a = plain_text(std::string_view(line).substr(first + 1, second - first - 1));
    const std::string b = plain_text(std::string_view(line).substr(second + 1));
    if (word == "at") lines.doing = a;
    if (word == "done") lines.done = true;
    if (word == "fail") outcome.failures.push_back({a, b});
    if (word == "warn") outcome.warnings.push_back({a, b});
    if (word == "skip") outcome.skipped = a;
    if (word == "note") outcome.note += (outcome.note.empty() ? "" : "; ") + a;
    if (word == "data") outcome.data.emplace_back(a, b);
  }
  return lines;
}

struct Spawned {
  pid_t pid = 0;
  int error = 0;
};

Spawned spawn(const std::string& cell, const std::array<int, 4>& streams, bool own_heap) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd < 4; ++fd)
    ::posix_spawn_file_actions_adddup2(&actions, streams[static_cast<std::size_t>(fd)], fd);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (std::strncmp(*entry, "LD_PRELOAD=", 11) != 0) words.emplace_back(*entry);
  // Not there in a build with a sanitizer, which has an allocator of its own.
  const std::string heap = install_paths().libexec + "/ordeal-check-heap.so";
  if (own_heap && ::access(heap.c_str(), R_OK) == 0) words.push_back("LD_PRELOAD=" + heap);
  std::vector<char*> environment;
  for (std::string& word : words) environment.push_back(word.data());
  environment.push_back(nullptr);
  std::string program = cell;
  std::string mode = "check";
  char* const argv[] = {program.data(), mode.data(), nullptr};
  Spawned spawned;
  spawned.error =
      ::posix_spawn(&spawned.pid, cell.c_str(), &actions, &attributes, argv, environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return spawned;
}

}  // namespace

Result<CaseOutcome> run_case_process(const std::string& job, double limit_s, bool own_heap) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::array<UniqueFd, 4> files;
  std::array<int, 4> streams{};
  for (std::size_t i = 0; i < files.size(); ++i) {
    // Above the numbers they are to have in the child: dup2 onto itself would keep close-on-exec.
    const UniqueFd made(::memfd_create("ordeal-check", MFD_CLOEXEC));
    files[i] = UniqueFd(::fcntl(made.get(), F_DUPFD_CLOEXEC, 16));
    if (!files[i]) return errno_error(ExitCode::internal, "creating a memory file", errno);
    streams[i] = files[i].get();
  }
  if (::write(streams[0], job.data(), job.size()) != static_cast<ssize_t>(job.size()))
    return errno_error(ExitCode::internal, "writing the job of a case", errno);
  ::lseek(streams[0], 0, SEEK_SET);
  const std::string cell = install_paths().libexec + "/ordeal-cell";
  const double started = now_s();
  const Spawned spawned = spawn(cell, streams, own_heap);
  if (spawned.error != 0) return errno_error(ExitCode::internal, "starting " + cell, spawned.error);
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0)));
  pollfd wait{pidfd.get(), POLLIN, 0};
  bool timed_out = false;
  for (;;) {
    const double left = started + limit_s - now_s();
    timed_out = left <= 0;
    if (timed_out || ::poll(&wait, 1, static_cast<int>(left * 1000) + 1) > 0) break;
  }
  if (timed_out) ::kill(spawned.pid, SIGKILL);
  int status = 0;
  while (::waitpid(spawned.pid, &status, 0) < 0 && errno == EINTR) {
  }
  sweep(spawned.pid);

  CaseOutcome outcome;
  outcome.seconds = now_s() - started;
  const Lines lines = read_record(contents(streams[3]), outcome);
  const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !timed_out;
  if (!lines.done || !clean) {
    std::string why = "the process " + ended(status, timed_out, limit_s) + ", in " + lines.doing;
    const std::string said = last_line(contents(streams[2]));
    if (!said.empty() && !timed_out) why += "; it said: " + said;
    outcome.failures.push_back({why, ""});
  }
  return outcome;
}

}  // namespace ordeal
