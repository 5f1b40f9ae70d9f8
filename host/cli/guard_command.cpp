// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>

#include "base/duration.h"
#include "base/files.h"
#include "base/json.h"
#include "campaign/run_dir.h"
#include "campaign/status.h"
#include "cli/commands.h"
#include "guardian/client.h"

namespace ordeal {

namespace {

volatile sig_atomic_t interrupts = 0;

int fail(const Error& error) {
  std::fprintf(stderr, "ordeal: %s\n", error.line().c_str());
  return static_cast<int>(error.code);
}

/// The guardian's exit code. An interrupt goes to the command; the third one kills it.
int wait_for(const StartedGuardian& guardian) {
  int sent = 0;
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(guardian.pid, &status, WNOHANG);
    if (pid == guardian.pid)
      return WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::incomplete);
    if (interrupts > sent) {
      sent = interrupts;
      ::syscall(SYS_pidfd_send_signal, guardian.pidfd.get(), sent < 3 ? SIGTERM : SIGQUIT, nullptr,
                0);
    }
    pollfd p{guardian.pidfd.get(), POLLIN, 0};
    ::poll(&p, 1, 200);
  }
}

}  // namespace

int guard_command(const Options& options) {
  auto longest = parse_duration(options.max_duration);
  if (!longest) return fail(std::move(longest).error().within("--max-duration"));
  if (const auto halt = active_halt()) return fail(halted_error(*halt));
  for (const auto pid : sweep_orphans(runs_folder()))
    std::fprintf(stderr, "killed process %d, left behind by a run whose guardian is gone\n", pid);
  boost::json::array words;
  for (const auto& word : options.command_line) words.emplace_back(word);
  const SystemClock clock;
  auto dir = create_run_dir(runs_folder(), "", "guard",
                            pretty_json(boost::json::object{{"guard", words}}), clock);
  if (!dir) return fail(dir.error());
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::signal(SIGHUP, SIG_IGN);
  for (const int signal : {SIGINT, SIGTERM})
    ::signal(signal, [](int) { interrupts = interrupts + 1; });
  GuardianOptions guardian;
  guardian.run_dir = dir->path;
  guardian.run_id = dir->id;
  guardian.memory_percent = options.memory_percent;
  guardian.disk_percent = options.disk_percent;
  guardian.max_duration_ns = static_cast<std::uint64_t>(longest->count());
  guardian.tier = options.tier;
  guardian.command = options.command_line;
  auto started = start_guardian(guardian);
  if (!started) {
    remove_run_dir(*dir);
    return fail(started.error());
  }
  RunStatus status;
  status.run_id = dir->id;
  status.campaign = "guard";
  status.exit_code = wait_for(*started);
  sweep_run(dir->id, ::getpid(), 2000);
  status.state = "ended";
  status.final = true;
  status.reported = true;
  if (auto records = read_evidence(dir->path)) {
    for (const auto& record : *records) {
      if (record.type != "limit" && record.type != "end") continue;
      status.sentence = record.text;
      if (record.type == "limit") std::fprintf(stderr, "ordeal: %s\n", record.text.c_str());
    }
  }
  status.updated_wall_ns = clock.wall_ns();
  static_cast<void>(write_status(dir->path, status));
  return status.exit_code;
}

}  // namespace ordeal
