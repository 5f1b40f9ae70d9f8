// SPDX-License-Identifier: Apache-2.0
// The front starts a guardian.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>

#include "guardian/client.h"
#include "guardian/pidfd.h"

namespace ordeal {

namespace {

constexpr auto patience = std::chrono::seconds(30);

std::string shortest(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

std::vector<std::string> command_line(const GuardianOptions& options, const std::string& program) {
  std::vector<std::string> argv{program,
                                "--run-dir",
                                options.run_dir,
                                "--run-id",
                                options.run_id,
                                "--memory-percent",
                                shortest(options.memory_percent),
                                "--disk-percent",
                                shortest(options.disk_percent),
                                "--max-duration-ns",
                                std::to_string(options.max_duration_ns)};
  if (!options.drill) argv.emplace_back("--no-drill");
  const auto add = [&argv](const char* name, std::string value) {
    argv.emplace_back(name);
    argv.push_back(std::move(value));
  };
  if (options.tier != 0) add("--tier", std::to_string(options.tier));
  if (options.reserve_cpu_percent > 0)
    add("--reserve-cpu-percent", shortest(options.reserve_cpu_percent));
  if (options.reserve_memory_percent > 0)
    add("--reserve-memory-percent", shortest(options.reserve_memory_percent));
  if (options.proc_root != "/proc") {
    argv.emplace_back("--proc-root");
    argv.push_back(options.proc_root);
  }
  for (const auto& path : options.halt_files) {
    argv.emplace_back("--halt-file");
    argv.push_back(path);
  }
  if (!options.clock_shift.empty()) {
    argv.emplace_back("--clock-shift");
    argv.push_back(options.clock_shift);
  }
  const bool guard_mode = options.controller.empty();
  if (guard_mode) argv.emplace_back("--guard");
  argv.emplace_back("--");
  const auto& rest = guard_mode ? options.command : options.controller;
  argv.insert(argv.end(), rest.begin(), rest.end());
  return argv;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Between fork and exec: only what is safe there, since the caller may have threads.
[[noreturn]] void become(char* const* argv, char* const* env, int in, int log, int failure) {
  failure = ::fcntl(failure, F_DUPFD_CLOEXEC, 3);
  if (in >= 0) ::dup2(in, STDIN_FILENO);
  if (log >= 0) {
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
  }
  const long limit = ::sysconf(_SC_OPEN_MAX);
  if (::syscall(SYS_close_range, 3u, ~0u, 1u << 2 /* close-on-exec */) != 0)
    for (int fd = 3; fd < limit; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::setsid();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(argv[0], argv, env);
  const int error = errno;
  ::_exit(::write(failure, &error, sizeof error) > 0 ? 127 : 126);
}

/// What it said on stderr before it had evidence to write to, "" if nothing.
std::string said_in_log(const std::string& run_dir) {
  const auto log = read_file(run_dir + "/logs/guardian.log", ExitCode::internal);
  if (!log) return {};
  const std::string start = "ordeal-guardian: ";
  const auto at = log->rfind(start);
  if (at == std::string::npos) return {};
  const auto from = at + start.size();
  return log->substr(from, log->find('\n', from) - from);
}

Error last_words(const std::string& run_dir, const std::vector<EvidenceRecord>& records,
                 std::uint64_t after, int status) {
  Error error;
  error.code = ExitCode::internal;
  error.what = WIFSIGNALED(status)
                   ? "the guardian died of signal " + std::to_string(WTERMSIG(status))
                   : "the guardian ended with exit code " + std::to_string(WEXITSTATUS(status));
  if (WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(ExitCode::preflight))
    error.code = ExitCode::preflight;
  bool recorded = false;
  for (const auto& record : records) {
    if (record.seq <= after || record.type != "end") continue;
    error.what = record.text;
    recorded = true;
  }
  if (recorded) return error;
  if (const std::string said = said_in_log(run_dir); !said.empty() && WIFEXITED(status))
    error.what = said;
  return error;
}

}  // namespace

Result<StartedGuardian> start_guardian(const GuardianOptions& options) {
  const bool guard_mode = options.controller.empty();
  const std::string program =
      options.program.empty() ? install_paths().libexec + "/ordeal-guardian" : options.program;
  UniqueFd null;
  UniqueFd log;
  if (!guard_mode) {
    const std::string folder = options.run_dir + "/logs";
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
      return errno_error(ExitCode::preflight, "making " + folder, errno);
    null = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    log = UniqueFd(::open((folder + "/guardian.log").c_str(),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!log) return errno_error(ExitCode::preflight, "opening " + folder + "/guardian.log", errno);
  }
  std::uint64_t before = 0;  // records of an earlier guardian of this run
  if (const auto old = read_evidence(options.run_dir); old && !old->empty())
    before = old->back().seq;

  auto argv_texts = command_line(options, program);
  std::vector<std::string> env_texts;
  const std::string run_id_name = std::string(run_id_variable) + "=";
  for (char** e = environ; e != nullptr && *e != nullptr; ++e)
    if (std::strncmp(*e, run_id_name.c_str(), run_id_name.size()) != 0) env_texts.emplace_back(*e);
  env_texts.push_back(run_id_name + options.run_id);
  const auto argv = pointers(argv_texts);
  const auto env = pointers(env_texts);

  int failure[2];
  if (::pipe2(failure, O_CLOEXEC) != 0)
    return errno_error(ExitCode::internal, "making a pipe", errno);
  const UniqueFd answer(failure[0]);
  UniqueFd failing(failure[1]);
  const pid_t pid = ::fork();
  if (pid == 0) become(argv.data(), env.data(), null.get(), log.get(), failing.get());
  if (pid < 0) return errno_error(ExitCode::internal, "starting the guardian", errno);
  failing.reset();
  StartedGuardian started;
  started.pid = pid;
  started.pidfd = UniqueFd(open_pidfd(pid));
  int error = 0;
  if (::read(answer.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    ::waitpid(pid, nullptr, 0);
    return errno_error(ExitCode::internal, "executing " + program, error);
  }

  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    // First whether it ended, then what it wrote: in the other order its last record is missed.
    const bool ended = pidfd_ended(started.pidfd.get());
    const auto records = read_evidence(options.run_dir);
    if (records)
      for (const auto& record : *records)
        if (record.seq > before && record.type == "started") return started;
    if (ended) {
      int status = 0;
      ::waitpid(pid, &status, 0);
      return last_words(options.run_dir, records ? *records : std::vector<EvidenceRecord>(), before,
                        status);
    }
    if (std::chrono::steady_clock::now() > until) {
      signal_pidfd(started.pidfd.get(), SIGKILL);
      ::waitpid(pid, nullptr, 0);
      Error late;
      late.what = "the guardian did not start the run within 30 s";
      return late;
    }
    pidfd_ended(started.pidfd.get(), 2);  // sleeps
  }
}

}  // namespace ordeal
