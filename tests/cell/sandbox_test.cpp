// SPDX-License-Identifier: Apache-2.0
#include "cell/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
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

BOOST_AUTO_TEST_SUITE_END()
