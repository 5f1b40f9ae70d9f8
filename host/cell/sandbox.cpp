// SPDX-License-Identifier: Apache-2.0
#include "cell/sandbox.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "registry/privileges.h"

namespace ordeal {

namespace {

/// Logs are rotated far below this; what else a plugin writes by itself ends here.
constexpr rlim_t largest_file = rlim_t{1} << 30;

enum class When : std::uint8_t {
  always,
  without_network,
  other_process,    // unless the first argument is this very process
  other_than_self,  // unless it is 0
  new_process,      // unless it makes a thread
  argument,         // if an argument has a value
  argument_without_network,
};

struct Rule {
  int number;
  const char* name;
  When when;
  unsigned index = 0;  // of the argument
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};

#define CALL(name, ...) \
  Rule { SCMP_SYS(name), #name, When::__VA_ARGS__ }
/// Numbers of requests are 32 bits wide, whatever the register holds.
constexpr std::uint64_t all_bits = 0xffffffff;
constexpr std::uint64_t socket_type = 0xf;
constexpr std::array rules{
    CALL(execve, always),
    CALL(execveat, always),
    CALL(fork, always),
    CALL(vfork, always),
    CALL(clone, new_process),
    CALL(ptrace, always),
    CALL(process_vm_readv, always),
    CALL(process_vm_writev, always),
    CALL(pidfd_getfd, always),
    CALL(pidfd_send_signal, always),
    CALL(kill, other_process),
    CALL(tkill, always),
    CALL(tgkill, other_process),
    CALL(rt_sigqueueinfo, other_process),
    CALL(rt_tgsigqueueinfo, other_process),
    // The signals of a descriptor reach whoever owns it.
    CALL(fcntl, argument, 1, all_bits, F_SETOWN),
    CALL(fcntl, argument, 1, all_bits, F_SETOWN_EX),
    CALL(ioctl, argument, 1, all_bits, FIOSETOWN),
    CALL(ioctl, argument, 1, all_bits, SIOCSPGRP),
    // What is typed at the terminal.
    CALL(ioctl, argument, 1, all_bits, TIOCSTI),
    CALL(ioctl, argument, 1, all_bits, TIOCLINUX),
    // Another's limit of CPU time ends it.
    CALL(prlimit64, other_than_self),
    CALL(socket, without_network),
    // One end of these pairs can be connected to any other socket.
    CALL(socketpair, argument_without_network, 1, socket_type, SOCK_DGRAM),
    CALL(socketpair, argument_without_network, 1, socket_type, SOCK_RAW),
    // A ring makes sockets behind the filter's back.
    CALL(io_uring_setup, without_network),
    CALL(mount, always),
    CALL(umount2, always),
    CALL(move_mount, always),
    CALL(mount_setattr, always),
    CALL(fsopen, always),
    CALL(pivot_root, always),
    CALL(chroot, always),
    CALL(setns, always),
    CALL(unshare, always),
    CALL(bpf, always),
    CALL(userfaultfd, always),
    CALL(add_key, always),
    CALL(request_key, always),
    CALL(keyctl, always),
    CALL(init_module, always),
    CALL(finit_module, always),
    CALL(delete_module, always),
    CALL(kexec_load, always),
    CALL(kexec_file_load, always),
    CALL(reboot, always),
    CALL(swapon, always),
    CALL(swapoff, always),
    CALL(settimeofday, always),
    CALL(clock_settime, always),
};
#undef CALL

/// The leak checker stops the process from a clone of it, by ptrace.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

bool has(const std::vector<std::string>& privileges, std::string_view one) {
  return std::find(privileges.begin(), privileges.end(), one) != privileges.end();
}

bool applies(const Rule& rule, const std::vector<std::string>& privileges) {
  if (rule.when == When::without_network || rule.when == When::argument_without_network)
    return !has(privileges, privilege_network);
  if (!sanitized) return true;
  return rule.when != When::new_process && rule.number != SCMP_SYS(ptrace);
}

int add(scmp_filter_ctx filter, std::uint32_t action, const Rule& rule) {
  scmp_arg_cmp first{};  // the first argument, unless it says otherwise
  unsigned compared = 0;
  if (rule.when == When::other_process) {
    compared = 1;
    first.op = SCMP_CMP_NE;
    first.datum_a = static_cast<scmp_datum_t>(::getpid());
  } else if (rule.when == When::other_than_self) {
    compared = 1;
    first.op = SCMP_CMP_NE;
  } else if (rule.mask != 0) {
    compared = 1;
    first.arg = rule.index;
    first.op = SCMP_CMP_MASKED_EQ;
    first.datum_a = rule.mask;
    first.datum_b = rule.value;
  } else if (rule.when == When::new_process) {
    compared = 1;
    first.op = SCMP_CMP_MASKED_EQ;
    first.datum_a = CLONE_THREAD;
  }
  return seccomp_rule_add_array(filter, action, rule.number, compared, &first);
}

/// Keeps this thread and those it will make from answering denied calls themselves: the answer
/// could be to go on. The thread that answers must be there already. Returns an errno.
int keep_answers_ours() {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return ENOMEM;
  int error = 0;
  for (const std::uint64_t number :
       {SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND, SECCOMP_IOCTL_NOTIF_ADDFD}) {
    scmp_arg_cmp asks{};
    asks.arg = 1;
    asks.op = SCMP_CMP_MASKED_EQ;
    asks.datum_a = all_bits;
    asks.datum_b = number;
    if (error == 0)
      error = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1, &asks);
  }
  if (error == 0) error = seccomp_load(filter);
  seccomp_release(filter);
  return -error;
}

}  // namespace

struct Sandbox::Counters {
  std::array<std::atomic<std::uint64_t>, rules.size()> denied{};
  std::array<std::uint64_t, rules.size()> taken{};  // the reactor's thread only

  /// Answers every denied call. The thread that calls waits meanwhile, perhaps with locks of the C
  /// library held (fork takes that of malloc): this one neither makes a call that could be denied
  /// nor allocates.
  void answer(int listener, seccomp_notif* request, seccomp_notif_resp* response) {
    for (;;) {
      std::memset(request, 0, sizeof *request);  // the kernel insists
      const int received = seccomp_notify_receive(listener, request);
      // Its caller was killed before it could be read.
      if (received != 0 && (errno == EINTR || errno == ENOENT)) continue;
      if (received != 0) break;
      const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& one) {
        return one.number == request->data.nr;
      });
      if (rule != rules.end())
        denied[static_cast<std::size_t>(rule - rules.begin())].fetch_add(1,
                                                                         std::memory_order_relaxed);
      response->id = request->id;
      response->val = 0;
      response->error = -EPERM;
      response->flags = 0;
      seccomp_notify_respond(listener, response);
    }
    const int why = errno;
    // Nobody may wait for an answer that will not come. The number is another file's when a plugin
    // has closed ours, and then those who waited have been let go.
    if (why != EBADF && why != ENOTTY) ::close(listener);
    seccomp_notify_free(request, response);
  }
};

Sandbox::Sandbox(const Confinement& confinement) : counters_(std::make_shared<Counters>()) {
  limit(confinement);
  filter(confinement);
}

void Sandbox::limit(const Confinement& confinement) {
  const auto at_most = [this](auto resource, const char* name, rlim_t value) {
    rlimit now{};
    ::getrlimit(resource, &now);
    const rlim_t most = std::min(value, now.rlim_max);
    const rlimit wanted{most, most};
    if (::setrlimit(resource, &wanted) != 0)
      gaps_.push_back(std::string(name) + ": " + std::strerror(errno));
  };
  at_most(RLIMIT_CORE, "no core files", 0);
  at_most(RLIMIT_FSIZE, "size of files", largest_file);
  if (confinement.files != 0)
    at_most(RLIMIT_NOFILE, "open descriptors", confinement.files);
  else  // load: each connection takes one, and the usual soft limit is 1,024
    at_most(RLIMIT_NOFILE, "open descriptors", RLIM_INFINITY);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    gaps_.push_back(std::string("no new privileges: ") + std::strerror(errno));
}

void Sandbox::filter(const Confinement& confinement) {
  // Denied calls are answered by a thread of this process, which can tell their names. A kernel
  // without such listeners answers by itself.
  int error = 0;
  for (const std::uint32_t action : {SCMP_ACT_NOTIFY, SCMP_ACT_ERRNO(EPERM)}) {
    const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == nullptr) {
      error = -ENOMEM;
      break;
    }
    // All threads: the log has one already.
    error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    // The C library falls back to clone(), whose flags a filter can read.
    if (error == 0 && !sanitized)
      error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    for (const Rule& rule : rules)
      // A call that this architecture does not have needs no rule.
      if (error == 0 && rule.number >= 0 && applies(rule, confinement.privileges))
        error = add(filter, action, rule);
    seccomp_notif* request = nullptr;
    seccomp_notif_resp* response = nullptr;
    if (error == 0 && action == SCMP_ACT_NOTIFY) error = seccomp_notify_alloc(&request, &response);
    if (error == 0) error = seccomp_load(filter);
    if (error == 0 && action == SCMP_ACT_NOTIFY) {
      const int listener = seccomp_notify_fd(filter);
      sigset_t all;
      sigset_t before;
      ::sigfillset(&all);
      // Signals are for the plugin's threads and the reactor's.
      ::pthread_sigmask(SIG_BLOCK, &all, &before);
      std::thread([counters = counters_, listener, request, response] {
        counters->answer(listener, request, response);
      }).detach();
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      if (const int failed = keep_answers_ours(); failed != 0)
        gaps_.push_back(std::string("denials can be overruled: ") + std::strerror(failed));
    }
    seccomp_release(filter);
    if (error == 0) return;
  }
  gaps_.push_back(std::string("system calls are not filtered: ") + std::strerror(-error));
}

std::vector<Sandbox::Denial> Sandbox::take_denials() {
  std::vector<Denial> denials;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::uint64_t all = counters_->denied[i].load(std::memory_order_relaxed);
    if (all == counters_->taken[i]) continue;
    denials.push_back({rules[i].name, all - counters_->taken[i]});
    counters_->taken[i] = all;
  }
  return denials;
}

std::vector<std::string> Sandbox::denied_calls(const std::vector<std::string>& privileges) {
  std::vector<std::string> names;
  for (const Rule& rule : rules)
    if (rule.number >= 0 && applies(rule, privileges) &&
        (names.empty() || names.back() != rule.name))
      names.emplace_back(rule.name);
  return names;
}

}  // namespace ordeal
