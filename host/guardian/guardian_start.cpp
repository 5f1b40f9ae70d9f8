// SPDX-License-Identifier: Apache-2.0
// The guardian starts what it guards.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "guardian/guardian.h"
#include "guardian/kernel.h"

namespace ordeal {

void Guardian::become_controller(int channel, int failure) noexcept {
  const auto fail = [failure]() {
    const int error = errno;
    ::_exit(::write(failure, &error, sizeof error) > 0 ? 127 : 126);
  };
  // Away from 3 and 4 first.
  const int from_channel = ::fcntl(channel, F_DUPFD_CLOEXEC, 64);
  const int from_counters = ::fcntl(counters_fd_.get(), F_DUPFD_CLOEXEC, 64);
  failure = ::fcntl(failure, F_DUPFD_CLOEXEC, 64);
  close_from_on_exec(3);
  if (::dup2(from_channel, controller_channel_fd) < 0 ||
      ::dup2(from_counters, controller_counters_fd) < 0)
    fail();
  ::setsid();
  write_small_file("/proc/self/oom_score_adj", "200");
  reset_signals();
  ::execvp(argv_[0], argv_.data());
  fail();
  ::_exit(127);
}

void Guardian::announce_ready() noexcept {
  FixedText<160> status;
  status << "guarding " << options_.run_id;
  notifier_.ready(status.view());
}

bool Guardian::start_controller() {
  std::array<int, 2> ends{-1, -1};
  std::array<int, 2> failure{-1, -1};
  Text text;
  if (const int e = make_channel(ends); e != 0 || ::pipe2(failure.data(), O_CLOEXEC) != 0) {
    text << "the controller could not be started: no channel";
    end_with(static_cast<int>(ExitCode::internal), text.view());
    return false;
  }
  channel_ = UniqueFd(ends[0]);
  const UniqueFd theirs(ends[1]);
  const UniqueFd answer(failure[0]);
  UniqueFd failing(failure[1]);
  int pidfd = -1;
  const pid_t pid = clone_process(0, &pidfd);
  if (pid == 0) become_controller(theirs.get(), failing.get());
  int error = pid < 0 ? errno : 0;
  failing.reset();
  if (pid > 0) {
    controller_ = pid;
    controller_pidfd_ = UniqueFd(pidfd);
    ssize_t n = 0;
    do {
      n = ::read(answer.get(), &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    if (n != static_cast<ssize_t>(sizeof error)) error = 0;  // closed by exec
  }
  if (error != 0) {
    text << "the controller could not be started: " << options_.argv[0] << ": "
         << std::strerror(error);
    end_with(static_cast<int>(ExitCode::internal), text.view());
    return false;
  }
  text << "controller " << options_.argv[0];
  note("started", text.view(), pid);
  announce_ready();
  OutgoingFrame ready(GuardMessage::ready);
  ready.u32(static_cast<std::uint32_t>(containments_.plan_for(ContainmentKind::load).tier))
      .u32(static_cast<std::uint32_t>(containments_.plan_for(ContainmentKind::service).tier))
      .u64(drill_ns_)
      .text(reserved_)
      .text(containments_.groups().cpu_stat());
  send(ready);
  return true;
}

/// When memory runs out after all, the tree goes first, then the controller. Nothing runs in the
/// containment yet: who holds the channel starts it.
int Guardian::make_contained(ContainmentKind kind, std::uint32_t id, int& channel) noexcept {
  const int error = containments_.make(kind, id, channel);
  if (error != 0) return error;
  FixedText<64> path;
  path << "/proc/" << containments_.find(id)->init << "/oom_score_adj";
  write_small_file(path.c_str(), "800");
  return 0;
}

bool Guardian::start_command() {
  int channel = -1;
  int error = make_contained(ContainmentKind::load, 1, channel);
  if (error == 0) {
    channel_ = UniqueFd(channel);
    error = send_frame(channel, command_frame_);
  }
  if (error == 0) return true;
  Text text;
  text << "the containment could not be made: " << std::strerror(error);
  end_with(static_cast<int>(ExitCode::internal), text.view());
  return false;
}

}  // namespace ordeal
