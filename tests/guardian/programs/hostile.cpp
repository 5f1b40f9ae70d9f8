// SPDX-License-Identifier: Apache-2.0
// Trees that do not want to end: ordeal-hostile TREE. Every member holds descriptor 3 open, the
// write end of the caller's pipe, which so comes to its end when the last of them is gone; each
// says a byte there when it is ready. All end by themselves after 30 s, the stopped ones apart.
//   ignores-term        ignores every signal that can be ignored
//   daemon              double fork, a session of its own, no parent left
//   daemon-without-env  the same, with an empty environment
//   subreaper           adopts the orphans of its own children
//   stopped             stands still and cannot act on any signal but KILL
//   racer               forks and exits, forks and exits: every pid is gone before it is looked at
//   respawner           members that start one another again, at most 2,000 times
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <new>
#include <string_view>

namespace {

constexpr int pipe_fd = 3;
constexpr int lifetime_s = 30;
constexpr int spawns_most = 2000;

long now_s() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec;
}
const long end_s = now_s() + lifetime_s;

void ready() {
  const char byte = 1;
  if (::write(pipe_fd, &byte, 1) != 1) ::_exit(1);
}

[[noreturn]] void stay() {
  while (now_s() < end_s) ::poll(nullptr, 0, 1000);
  ::_exit(0);
}

void ignore_signals() {
  for (int s = 1; s < NSIG; ++s)
    if (s != SIGCHLD) ::signal(s, SIG_IGN);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

[[noreturn]] void ignores_term() {
  ignore_signals();
  for (int i = 0; i < 3; ++i)
    if (::fork() == 0) break;
  ready();
  stay();
}

/// The orphan goes on as `program` without an environment; nullptr: it stays what it is.
[[noreturn]] void daemon(char* program) {
  for (int i = 0; i < 2; ++i) {
    if (::fork() != 0) continue;
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    if (program != nullptr) {
      char word[] = "stay";
      char* argv[] = {program, word, nullptr};
      char* env[] = {nullptr};
      ::execve(program, argv, env);
      ::_exit(1);
    }
    ready();
    stay();
  }
  ready();
  stay();
}

[[noreturn]] void subreaper() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (int i = 0; i < 2; ++i) {
    if (::fork() != 0) continue;
    ::setsid();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int k = 0; k < 2; ++k)
      if (::fork() == 0) {
        if (::fork() != 0) ::_exit(0);
        ready();
        stay();
      }
    ready();
    stay();
  }
  ready();
  stay();
}

[[noreturn]] void stopped() {
  for (int i = 0; i < 3; ++i)
    if (::fork() == 0) {
      ::setsid();
      break;
    }
  ready();
  ::kill(::getpid(), SIGSTOP);
  stay();
}

[[noreturn]] void racer() {
  for (int chain = 0; chain < 2; ++chain) {
    if (::fork() != 0) continue;
    ::setsid();
    for (int generation = 0; now_s() < end_s; ++generation) {
      if (generation < 20) ready();
      const pid_t child = ::fork();
      if (child > 0) ::_exit(0);
      if (child < 0) ::sched_yield();
    }
    ::_exit(0);
  }
  ready();
  stay();
}

[[noreturn]] void respawn(std::atomic<int>& spawned) {
  const auto spawn = [&](const auto& self) -> void {
    if (spawned.fetch_add(1) >= spawns_most || ::fork() != 0) return;
    ::setsid();
    const pid_t parent = ::getppid();
    ready();
    // The child starts its parent again, the parent its children.
    while (now_s() < end_s && ::getppid() == parent) ::poll(nullptr, 0, 1);
    self(self);
    self(self);
    stay();
  };
  for (int i = 0; i < 3; ++i) spawn(spawn);
  ready();
  while (now_s() < end_s) {
    if (::waitpid(-1, nullptr, WNOHANG) > 0)
      spawn(spawn);
    else
      ::poll(nullptr, 0, 1);
  }
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string_view tree = argv[1];
  if (tree == "stay") {
    ready();
    stay();
  }
  if (tree == "ignores-term") ignores_term();
  if (tree == "daemon") daemon(nullptr);
  if (tree == "daemon-without-env") daemon(argv[0]);
  if (tree == "subreaper") subreaper();
  if (tree == "stopped") stopped();
  if (tree == "racer") racer();
  if (tree == "respawner") {
    void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 1;
    respawn(*new (shared) std::atomic<int>(0));
  }
  std::fprintf(stderr, "ordeal-hostile: no tree '%s'\n", argv[1]);
  return 2;
}
