// SPDX-License-Identifier: Apache-2.0
#include "guardian/init.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/codec.h"
#include "guardian/fixed_text.h"
#include "guardian/kernel.h"

namespace ordeal {

namespace {

std::uint64_t to_ns(const timeval& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(t.tv_usec) * 1000u;
}

bool hung_up(int lifeline) {
  pollfd p{lifeline, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

}  // namespace

int InitServer::settle(const InitSetup& setup, bool& has_fresh_proc) noexcept {
  has_fresh_proc = false;
  if (setup.new_user) {
    write_small_file("/proc/self/setgroups", "deny");  // absent before Linux 3.19
    FixedText<64> uid_map;
    uid_map << setup.uid << " " << setup.uid << " 1\n";
    FixedText<64> gid_map;
    gid_map << setup.gid << " " << setup.gid << " 1\n";
    if (const int e = write_small_file("/proc/self/uid_map", uid_map.c_str()); e != 0) return e;
    if (const int e = write_small_file("/proc/self/gid_map", gid_map.c_str()); e != 0) return e;
  }
  if (setup.fresh_proc) {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return errno;
    has_fresh_proc =
        ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
  }
  return 0;
}

void InitServer::run(const InitSetup& setup) noexcept {
  setup_ = setup;
  // Before all else: what is started later is born in the group.
  if (setup_.group.enter() != 0) ::_exit(1);
  if (in_namespace(setup_.tier))
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  else
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_NAME, "ordeal-init");
  // Low numbers for what is kept, then everything of the guardian's goes: above all the other
  // containments' lifelines, which must hang up when the guardian alone is gone.
  const int channel = ::fcntl(setup_.channel, F_DUPFD_CLOEXEC, 200);
  const int lifeline = ::fcntl(setup_.lifeline, F_DUPFD_CLOEXEC, 200);
  const int drill = setup_.drill < 0 ? -1 : ::fcntl(setup_.drill, F_DUPFD_CLOEXEC, 200);
  const int kill = setup_.group.kill < 0 ? -1 : ::fcntl(setup_.group.kill, F_DUPFD_CLOEXEC, 200);
  setup_.channel = ::dup3(channel, 3, O_CLOEXEC);
  setup_.lifeline = ::dup3(lifeline, 4, O_CLOEXEC);
  int next = 5;
  setup_.drill = drill < 0 ? -1 : ::dup3(drill, next++, O_CLOEXEC);
  setup_.group = {};
  setup_.group.kill = kill < 0 ? -1 : ::dup3(kill, next++, O_CLOEXEC);
  close_from(static_cast<unsigned>(next));
  // PDEATHSIG set after the guardian's death would never come.
  if (setup_.channel < 0 || setup_.lifeline < 0 || hung_up(setup_.lifeline)) ::_exit(1);
  bool has_fresh_proc = false;
  if (settle(setup_, has_fresh_proc) != 0) ::_exit(1);
  ::setsid();
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  signals_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0) ::_exit(1);
  if (!in_namespace(setup_.tier) && table_.open_in_clone() != 0) ::_exit(1);
  if (setup_.drill >= 0) {
    play_drill(setup_.drill);
    ::close(setup_.drill);
  }
  peers_[0].fd = setup_.channel;
  serve();
}

void InitServer::serve() noexcept {
  std::array<pollfd, max_peers + 2> polled;
  std::array<std::uint32_t, max_peers> index;
  for (;;) {
    polled[0] = {signals_, POLLIN, 0};
    polled[1] = {setup_.lifeline, POLLIN, 0};
    nfds_t n = 2;
    for (std::uint32_t i = 0; i < max_peers; ++i) {
      if (peers_[i].fd < 0) continue;
      index[n - 2] = i;
      polled[n++] = {peers_[i].fd, static_cast<short>(peers_[i].blocked ? POLLOUT : POLLIN), 0};
    }
    if (::poll(polled.data(), n, -1) < 0 && errno != EINTR) ::_exit(1);
    if (polled[1].revents != 0) end_everything();
    if (polled[0].revents != 0) {
      signalfd_siginfo info;
      while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      }
      reap();
    }
    for (nfds_t i = 2; i < n; ++i) {
      if (polled[i].revents == 0) continue;
      const std::uint32_t peer = index[i - 2];
      if (peers_[peer].blocked) {
        peers_[peer].blocked = false;
        report_pending(peer);
      } else {
        take(peer);
      }
    }
  }
}

void InitServer::end_everything() noexcept {
  // In a PID namespace the kernel does the rest, whatever they do.
  if (in_namespace(setup_.tier)) ::_exit(0);
  for (;;) {
    // In T3 this is the last that this process does.
    static_cast<void>(Cgroups::kill(setup_.group));
    if (table_.scan() && table_.mark_descendants(::getpid()) != 0) table_.kill_marked();
    pid_t pid = 0;
    do {
      pid = ::waitpid(-1, nullptr, WNOHANG | __WALL);
    } while (pid > 0);
    // A subreaper without children has no descendants.
    if (pid < 0 && errno == ECHILD) ::_exit(0);
    sleep_ns(1'000'000);
  }
}

/// Three that a process group would lose: one in a session of its own that ignores TERM, one whose
/// parent has ended, one that is stopped. Each holds the pipe open and says a byte when it is
/// there.
void InitServer::play_drill(int pipe) noexcept {
  const auto stay = [pipe](bool stopped) {
    ::setsid();
    for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) ::signal(s, SIG_IGN);
    const char there = 1;
    if (::write(pipe, &there, 1) != 1) ::_exit(1);
    if (stopped) ::kill(::getpid(), SIGSTOP);
    for (;;) ::pause();
  };
  if (clone_process(0, nullptr) == 0) stay(false);
  if (clone_process(0, nullptr) == 0) stay(true);
  if (clone_process(0, nullptr) == 0) {
    ::setsid();
    if (clone_process(0, nullptr) == 0) stay(false);
    ::_exit(0);
  }
}

std::uint32_t InitServer::add_peer(int fd) noexcept {
  for (std::uint32_t i = 1; i < max_peers; ++i)
    if (peers_[i].fd < 0) {
      peers_[i] = {fd, false};
      return i;
    }
  return no_peer;
}

bool InitServer::reply(std::uint32_t peer, const OutgoingFrame& frame,
                       std::span<const int> fds) noexcept {
  const int error = send_frame(peers_[peer].fd, frame.bytes(), fds);
  if (error == 0) return true;
  if (error == EAGAIN || error == ENOBUFS) peers_[peer].blocked = true;
  return false;
}

void InitServer::report(Child& child) noexcept {
  if (child.peer != no_peer && peers_[child.peer].fd >= 0) {
    OutgoingFrame frame(GuardMessage::exited);
    frame.u32(child.token).i32(child.status).u64(child.user_ns).u64(child.system_ns);
    frame.u64(child.max_rss_bytes);
    child.ended = true;
    if (!reply(child.peer, frame) && peers_[child.peer].blocked) return;
  }
  child = {};
}

void InitServer::report_pending(std::uint32_t peer) noexcept {
  for (auto& child : children_)
    if (child.pid != 0 && child.peer == peer && child.ended && !peers_[peer].blocked) report(child);
}

void InitServer::reap() noexcept {
  for (;;) {
    int status = 0;
    rusage usage{};
    const pid_t pid = ::wait4(-1, &status, WNOHANG | __WALL, &usage);
    if (pid <= 0) return;
    for (auto& child : children_) {
      if (child.pid != pid || child.ended) continue;
      child.status = status;
      child.user_ns = to_ns(usage.ru_utime);
      child.system_ns = to_ns(usage.ru_stime);
      child.max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
      report(child);
      break;
    }
  }
}

void InitServer::take(std::uint32_t peer) noexcept {
  IncomingFrame frame;
  switch (receive_frame(peers_[peer].fd, buffer_, frame)) {
    case Received::nothing:
      return;
    case Received::closed:
      lose(peer);
      return;
    case Received::frame:
      break;
  }
  if (frame.type == GuardMessage::start) {
    start(peer, frame);
  } else if (frame.type == GuardMessage::signal) {
    Decoder in(frame.payload);
    const auto token = in.u32();
    const auto signal = in.i32();
    if (in.ok()) send_signal(peer, token, signal);
  }
  frame.close_fds();
}

void InitServer::lose(std::uint32_t peer) noexcept {
  ::close(peers_[peer].fd);
  peers_[peer] = {};
  for (auto& child : children_) {
    if (child.pid == 0 || child.peer != peer) continue;
    if (child.ended) {
      child = {};
      continue;
    }
    child.peer = no_peer;
    // The controller's cells end by their own channels or with the containment; what a cell asked
    // for would have no owner any more.
    if (peer != 0) ::kill(child.pid, SIGKILL);
  }
}

void InitServer::send_signal(std::uint32_t peer, std::uint32_t token, int signal) noexcept {
  for (const auto& child : children_)
    if (child.pid != 0 && !child.ended && child.peer == peer && child.token == token)
      ::kill(child.pid, signal);
}

}  // namespace ordeal
