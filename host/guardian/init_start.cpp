// SPDX-License-Identifier: Apache-2.0
// An init starts a process.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/codec.h"
#include "guardian/fixed_text.h"
#include "guardian/init.h"
#include "guardian/kernel.h"

namespace ordeal {

namespace {

constexpr int spare_fds = 64;  // descriptors wait above this until they get their final number

void close_one(int& fd) noexcept {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

bool same_name(const char* entry, std::string_view other) noexcept {
  const auto equals = other.find('=');
  if (equals == std::string_view::npos) return false;
  return std::string_view(entry).substr(0, equals + 1) == other.substr(0, equals + 1);
}

}  // namespace

/// A start on its way: what was asked for and the descriptors made for it.
struct InitServer::Start {
  std::uint32_t token = 0;
  std::uint32_t flags = 0;
  const char* cwd = nullptr;  // nullptr: stay
  std::array<int, 2> in{-1, -1};
  std::array<int, 2> out{-1, -1};
  std::array<int, 2> err{-1, -1};
  std::array<int, 2> channel{-1, -1};  // ours, the child's
  std::array<int, 2> failure{-1, -1};  // the child writes errno here if it cannot exec

  [[nodiscard]] bool has(StartFlag flag) const noexcept {
    return (flags & static_cast<std::uint32_t>(flag)) != 0;
  }
  void close_all() noexcept {
    for (auto* pair : {&in, &out, &err, &channel, &failure})
      for (int& fd : *pair) close_one(fd);
  }
};

char* InitServer::keep(std::string_view text) noexcept {
  if (text.size() + 1 > arena_.size() - arena_used_) return nullptr;
  char* at = arena_.data() + arena_used_;
  std::memcpy(at, text.data(), text.size());
  at[text.size()] = '\0';
  arena_used_ += text.size() + 1;
  return at;
}

int InitServer::read_start(std::uint32_t peer, const IncomingFrame& frame, Start& start) noexcept {
  arena_used_ = 0;
  Decoder in(frame.payload);
  start.token = in.u32();
  start.flags = in.u32();
  if (!frame.first || frame.more) return E2BIG;
  const std::uint32_t n_argv = in.u32();
  if (!in.ok() || n_argv == 0) return EINVAL;
  if (n_argv >= max_strings) return E2BIG;
  for (std::uint32_t i = 0; i < n_argv; ++i)
    if ((argv_[i] = keep(in.text())) == nullptr) return E2BIG;
  argv_[n_argv] = nullptr;
  // Added ones first, then the run's own that they do not replace.
  std::size_t n_env = 0;
  const std::uint32_t n_added = in.u32();
  if (!in.ok() || n_added >= max_strings - 2) return in.ok() ? E2BIG : EINVAL;
  FixedText<160> run_id;
  run_id << run_id_variable << "=" << setup_.run_id.data();
  if ((env_[n_env++] = keep(run_id.view())) == nullptr) return E2BIG;
  for (std::uint32_t i = 0; i < n_added; ++i) {
    const auto text = in.text();
    if (same_name(env_[0], text)) continue;
    if ((env_[n_env++] = keep(text)) == nullptr) return E2BIG;
  }
  const std::size_t own = n_env;
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) {
    const bool replaced = std::any_of(env_.begin(), env_.begin() + static_cast<long>(own),
                                      [e](const char* added) { return same_name(*e, added); });
    if (replaced) continue;
    if (n_env == max_strings - 1) return E2BIG;
    env_[n_env++] = *e;
  }
  env_[n_env] = nullptr;
  const auto cwd = in.text();
  if (!in.ok()) return EINVAL;
  if (!cwd.empty()) {
    if ((start.cwd = keep(cwd)) == nullptr) return E2BIG;
  } else if (peer != 0) {
    start.cwd = setup_.run_dir.data();  // as ordeal.host.process/1 says
  }
  return 0;
}

int InitServer::prepare(const IncomingFrame& frame, Start& start) noexcept {
  if (start.has(StartFlag::stdio_fds) && frame.n_fds < 3) return EINVAL;
  if (::pipe2(start.failure.data(), O_CLOEXEC) != 0) return errno;
  if (start.has(StartFlag::pipes) &&
      (::pipe2(start.in.data(), O_CLOEXEC) != 0 || ::pipe2(start.out.data(), O_CLOEXEC) != 0 ||
       ::pipe2(start.err.data(), O_CLOEXEC) != 0))
    return errno;
  if (start.has(StartFlag::init_channel)) return make_channel(start.channel);
  return 0;
}

void InitServer::start(std::uint32_t peer, IncomingFrame& frame) noexcept {
  if (!frame.first) return;  // the rest of one that was refused
  Start start;
  const auto answer = [&](int error, std::span<const int> fds) {
    OutgoingFrame reply_frame(GuardMessage::started);
    reply_frame.u32(start.token).i32(error);
    return reply(peer, reply_frame, fds);
  };
  int error = read_start(peer, frame, start);
  const auto slot = std::find_if(children_.begin(), children_.end(),
                                 [](const Child& child) { return child.pid == 0; });
  if (error == 0 && slot == children_.end()) error = EAGAIN;
  if (error == 0) error = prepare(frame, start);
  std::uint32_t served = no_peer;
  if (error == 0 && start.channel[0] >= 0) {
    served = add_peer(start.channel[0]);
    if (served == no_peer) error = EMFILE;
  }
  int pidfd = -1;
  pid_t pid = -1;
  if (error == 0) {
    pid = clone_process(0, &pidfd);
    if (pid == 0) become(start, frame);
    if (pid < 0) error = errno;
  }
  if (pid > 0) {
    close_one(start.failure[1]);
    ssize_t n = 0;
    do {
      n = ::read(start.failure[0], &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    if (n != static_cast<ssize_t>(sizeof error)) error = 0;  // closed by exec
    if (error != 0) ::waitpid(pid, nullptr, __WALL);
  }
  if (served != no_peer) {
    if (error != 0)
      peers_[served] = {};
    else
      start.channel[0] = -1;  // the peer table's now
  }
  if (error != 0) {
    answer(error, {});
  } else {
    *slot = {};
    slot->pid = pid;
    slot->token = start.token;
    slot->peer = peer;
    const std::array<int, 4> fds{pidfd, start.in[1], start.out[0], start.err[0]};
    // An asker that cannot be told has no use for the child.
    if (!answer(0, std::span(fds).first(start.has(StartFlag::pipes) ? 4 : 1))) ::kill(pid, SIGKILL);
  }
  close_one(pidfd);
  start.close_all();
}

void InitServer::hold_back() const noexcept {
  const HoldBack& how = setup_.hold_back;
  if (how.nice != 0) ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + how.nice);
  if (how.data_bytes != 0) {
    rlimit limit{};
    ::getrlimit(RLIMIT_DATA, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, how.data_bytes);
    limit.rlim_max = limit.rlim_cur;
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  cpu_set_t cpus;
  if (how.spare_cpus == 0 || ::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return;
  // The first ones stay free: they serve most interrupts.
  std::uint32_t spare = how.spare_cpus;
  for (std::size_t i = 0; i < CPU_SETSIZE && spare > 0; ++i) {
    if (!CPU_ISSET(i, &cpus)) continue;
    CPU_CLR(i, &cpus);
    --spare;
  }
  if (CPU_COUNT(&cpus) > 0) ::sched_setaffinity(0, sizeof cpus, &cpus);
}

void InitServer::become(const Start& start, const IncomingFrame& frame) noexcept {
  const int failure = ::fcntl(start.failure[1], F_DUPFD_CLOEXEC, spare_fds);
  const auto fail = [failure](int error) {
    if (::write(failure, &error, sizeof error) < 0) ::_exit(126);
    ::_exit(127);
  };
  if (failure < 0) ::_exit(127);
  // What each number will be, by where it is now.
  std::array<int, 3 + frame_fds_max + 1> to{};
  std::array<int, 3 + frame_fds_max + 1> from{};
  std::size_t n = 0;
  std::size_t first = 0;
  if (start.has(StartFlag::pipes)) {
    from = {start.in[0], start.out[1], start.err[1]};
    n = 3;
  } else if (start.has(StartFlag::stdio_fds)) {
    from = {frame.fds[0], frame.fds[1], frame.fds[2]};
    n = first = 3;
  } else if (!start.has(StartFlag::keep_stdio)) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) fail(errno);
    from = {null, null, null};
    n = 3;
  }
  for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<int>(i);
  int next = 3;
  bool channel_due = start.channel[1] >= 0;
  for (std::size_t i = first; i < frame.n_fds; ++i) {
    if (next == cell_init_fd && channel_due) {
      from[n] = start.channel[1];
      to[n++] = next++;
      channel_due = false;
    }
    from[n] = frame.fds[i];
    to[n++] = next++;
  }
  if (channel_due) {
    from[n] = start.channel[1];
    to[n++] = cell_init_fd;
  }
  for (std::size_t i = 0; i < n; ++i)
    if ((from[i] = ::fcntl(from[i], F_DUPFD_CLOEXEC, spare_fds)) < 0) fail(errno);
  if (next > 3 || start.channel[1] >= 0)
    for (std::size_t i = 0; i < n; ++i)
      if (to[i] >= 3) ::close(to[i]);
  close_from_on_exec(3);
  for (std::size_t i = 0; i < n; ++i)
    if (::dup2(from[i], to[i]) < 0) fail(errno);
  ::setsid();
  // The tree goes first when the machine runs out of memory, this init and the guardian last.
  write_small_file("/proc/self/oom_score_adj",
                   setup_.kind == ContainmentKind::service ? "500" : "800");
  if (start.cwd != nullptr && ::chdir(start.cwd) != 0) fail(errno);
  if (setup_.kind != ContainmentKind::target) hold_back();
  reset_signals();
  environ = env_.data();
  ::execvp(argv_[0], argv_.data());
  fail(errno);
  ::_exit(127);
}

}  // namespace ordeal
