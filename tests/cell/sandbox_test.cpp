// SPDX-License-Identifier: Apache-2.0
#include "cell/sandbox.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <functional>
#include <thread>

using namespace ordeal;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

namespace {

/// What `holds` says in a process of its own that is confined; the parent is not.
bool confined(const Confinement& confinement, const std::function<bool(Sandbox&)>& holds) {
  const pid_t child = ::fork();
  if (child == 0) {
    Sandbox sandbox(confinement);
    ::_exit(sandbox.gaps().empty() && holds(sandbox) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool denied(std::int64_t result) { return result < 0 && errno == EPERM; }

}  // namespace

BOOST_AUTO_TEST_SUITE(sandbox)

BOOST_AUTO_TEST_CASE(sockets_need_the_privilege) {
  BOOST_TEST(confined({}, [](Sandbox& sandbox) {
    if (!denied(::socket(AF_INET, SOCK_STREAM, 0)) || !denied(::socket(AF_UNIX, SOCK_STREAM, 0)))
      return false;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return false;
    const auto denials = sandbox.take_denials();
    return denials.size() == 1 && denials[0].call == "socket" && denials[0].count == 2 &&
           sandbox.take_denials().empty();
  }));
  BOOST_TEST(confined({{"network"}, 0}, [](Sandbox& sandbox) {
    return ::socket(AF_INET, SOCK_STREAM, 0) >= 0 && sandbox.take_denials().empty();
  }));
}

#ifndef SANITIZED  // the leak checker itself forks and traces
BOOST_AUTO_TEST_CASE(no_process_of_its_own) {
  BOOST_TEST(confined({{"network", "process"}, 0}, [](Sandbox& sandbox) {
    if (!denied(::fork())) return false;
    // With every signal blocked, as the C library does it.
    pid_t pid = 0;
    char name[] = "true";
    char* words[] = {name, nullptr};
    if (::posix_spawnp(&pid, name, nullptr, nullptr, words, environ) != EPERM) return false;
    if (!denied(::execv("/bin/true", words))) return false;
    const auto denials = sandbox.take_denials();
    return denials.size() == 2;
  }));
}
#endif

BOOST_AUTO_TEST_CASE(threads_and_signals_of_its_own_are_allowed) {
  BOOST_TEST(confined({}, [](Sandbox& sandbox) {
    ::signal(SIGUSR1, SIG_IGN);
    bool in_thread = false;
    // Threads made later are confined, too.
    std::thread([&] {
      in_thread = ::raise(SIGUSR1) == 0 && ::kill(::getpid(), SIGUSR1) == 0 &&
                  denied(::socket(AF_INET, SOCK_STREAM, 0));
    }).join();
    if (!in_thread || !denied(::kill(::getppid(), 0)) || !denied(::kill(-1, 0))) return false;
    const auto denials = sandbox.take_denials();
    return denials.size() == 2 && denials[0].call == "kill" && denials[0].count == 2;
  }));
}

BOOST_AUTO_TEST_CASE(no_detour_to_another_process) {
  BOOST_TEST(confined({}, [](Sandbox& sandbox) {
    int ends[2];
    if (::pipe(ends) != 0) return false;
    // Signals by way of a descriptor, its owner being somebody else.
    const f_owner_ex owner{F_OWNER_PID, ::getppid()};
    if (!denied(::fcntl(ends[0], F_SETOWN, ::getppid())) ||
        !denied(::fcntl(ends[0], F_SETOWN_EX, &owner)))
      return false;
    int parent = ::getppid();
    if (!denied(::ioctl(ends[0], FIOSETOWN, &parent)) ||
        !denied(::ioctl(ends[0], SIOCSPGRP, &parent)))
      return false;
    char typed = 'x';
    if (!denied(::ioctl(ends[0], TIOCSTI, &typed))) return false;
    const rlimit none{1, 1};
    if (!denied(::prlimit(::getppid(), RLIMIT_CPU, &none, nullptr))) return false;
    rlimit own{};
    if (::prlimit(0, RLIMIT_CPU, nullptr, &own) != 0) return false;
    const auto denials = sandbox.take_denials();
    return denials.size() == 3 && denials[0].call == "fcntl" && denials[0].count == 2 &&
           denials[1].call == "ioctl" && denials[1].count == 3 && denials[2].call == "prlimit64";
  }));
}

BOOST_AUTO_TEST_CASE(a_pair_that_can_be_connected_needs_the_privilege) {
  const auto pairs = [](int type) {
    int ends[2];
    return ::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends);
  };
  BOOST_TEST(confined({}, [&](Sandbox&) {
    return denied(pairs(SOCK_DGRAM)) && denied(pairs(SOCK_RAW)) && pairs(SOCK_STREAM) == 0 &&
           pairs(SOCK_SEQPACKET) == 0;
  }));
  BOOST_TEST(confined({{"network"}, 0}, [&](Sandbox&) { return pairs(SOCK_DGRAM) == 0; }));
}

BOOST_AUTO_TEST_CASE(a_plugin_cannot_answer_for_the_host) {
  // It would find the listener among its descriptors and let its own call go on.
  BOOST_TEST(confined({}, [](Sandbox&) {
    std::atomic<bool> over = false;
    bool refused = false;
    std::thread answers([&] {
      seccomp_notif request{};
      seccomp_notif_resp answer{};
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      refused = true;
      do {
        for (int fd = 3; fd < 32; ++fd) {
          if (::fcntl(fd, F_GETFD) < 0) continue;
          refused = refused && denied(::ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request)) &&
                    denied(::ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer));
        }
      } while (!over);
    });
    bool all_denied = true;
    for (int i = 0; i < 100; ++i)
      all_denied = all_denied && denied(::socket(AF_UNIX, SOCK_STREAM, 0));
    over = true;
    answers.join();
    return refused && all_denied;
  }));
}

BOOST_AUTO_TEST_CASE(threads_that_were_there_are_confined) {
  BOOST_TEST(confined({}, [](Sandbox&) { return true; }));
  const pid_t child = ::fork();
  if (child == 0) {
    std::atomic<int> stage = 0;
    bool was_denied = false;
    std::thread earlier([&] {
      stage = 1;
      while (stage != 2) std::this_thread::yield();
      was_denied = denied(::socket(AF_INET, SOCK_STREAM, 0));
    });
    while (stage != 1) std::this_thread::yield();
    Sandbox sandbox({});
    stage = 2;
    earlier.join();
    ::_exit(was_denied ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(limits_hold) {
  BOOST_TEST(confined({{}, 64}, [](Sandbox&) {
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    int last = 0;
    for (int i = 0; i < 100 && last >= 0; ++i) last = ::dup(2);
    return core.rlim_max == 0 && last < 0 && errno == EMFILE;
  }));
}

BOOST_AUTO_TEST_CASE(what_is_denied_can_be_listed) {
  const auto lists = [](const std::vector<std::string>& privileges, const char* call) {
    const auto calls = Sandbox::denied_calls(privileges);
    return std::find(calls.begin(), calls.end(), call) != calls.end();
  };
  BOOST_TEST(lists({}, "socket"));
  BOOST_TEST(!lists({"network"}, "socket"));
  BOOST_TEST(lists({"network", "process"}, "execve"));
}

BOOST_AUTO_TEST_CASE(load_may_open_as_much_as_is_allowed_at_all) {
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 64;
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  BOOST_TEST(confined({{}, 0}, [&](Sandbox&) {
    rlimit now{};
    return ::getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == before.rlim_max;
  }));
  ::setrlimit(RLIMIT_NOFILE, &before);
}

BOOST_AUTO_TEST_SUITE_END()
