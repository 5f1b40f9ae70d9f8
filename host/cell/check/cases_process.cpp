// SPDX-License-Identifier: Apache-2.0
// What a plugin does to the process that it is a guest in.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdio>
#include <cstring>

#include "cell/check/cases.h"
#include "cell/check/heap.h"
#include "cell/check/subject.h"

namespace ordeal::check {

namespace {

/// One whole life of an instance, as often as asked for.
void live(const Subject& subject, int lives = 1) {
  for (int i = 0; i < lives; ++i) {
    Instance instance(subject, subject.job().subject());
    if (instance.create(subject.job().config) && instance.describe()) instance.use();
  }
}

std::string beginning_of(int fd) {
  char text[160];
  const ssize_t n = ::pread(fd, text, sizeof text, 0);
  return std::string(text, static_cast<std::size_t>(n < 0 ? 0 : n));
}

off_t size_of(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_size : 0;
}

struct Action {
  void* handler = nullptr;
  unsigned long flags = 0;
};

std::array<Action, 65> signal_actions() {
  std::array<Action, 65> actions;
  for (int number = 1; number <= 64; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) != 0) continue;
    actions[static_cast<std::size_t>(number)] = {
        reinterpret_cast<void*>((action.sa_flags & SA_SIGINFO) != 0
                                    ? reinterpret_cast<void (*)()>(action.sa_sigaction)
                                    : reinterpret_cast<void (*)()>(action.sa_handler)),
        static_cast<unsigned long>(action.sa_flags)};
  }
  return actions;
}

std::size_t entries_of(const char* folder) {
  DIR* dir = ::opendir(folder);
  if (dir == nullptr) return 0;
  std::size_t count = 0;
  while (const dirent* entry = ::readdir(dir)) count += entry->d_name[0] != '.' ? 1u : 0u;
  ::closedir(dir);
  return count;
}

/// Children that run or wait to be reaped.
std::size_t children() {
  std::size_t count = 0;
  DIR* tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return 0;
  while (const dirent* task = ::readdir(tasks)) {
    if (task->d_name[0] == '.') continue;
    const std::string path = std::string("/proc/self/task/") + task->d_name + "/children";
    FILE* file = std::fopen(path.c_str(), "re");
    if (file == nullptr) continue;
    for (int pid = 0; std::fscanf(file, "%d", &pid) == 1;) ++count;
    std::fclose(file);
  }
  ::closedir(tasks);
  return count;
}

struct Held {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t processes = 0;
};

Held held() {
  const HeapPause pause;
  return {entries_of("/proc/self/fd"), entries_of("/proc/self/task"), children()};
}

std::string environment_text() {
  std::string text;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    text += std::string(*entry) + "\n";
  return text;
}

struct State {
  std::string folder;
  mode_t mask = 0;
  std::string locale;
  std::string environment;
  std::array<std::pair<dev_t, ino_t>, 4> streams{};
  std::array<rlim_t, RLIM_NLIMITS> limits{};
  int priority = 0;
};

State process_state() {
  State state;
  char folder[4096] = "";
  if (::getcwd(folder, sizeof folder) != nullptr) state.folder = folder;
  state.mask = ::umask(0);
  ::umask(state.mask);
  state.locale = std::setlocale(LC_ALL, nullptr);
  state.environment = environment_text();
  for (int fd = 0; fd < 4; ++fd) {
    struct stat status {};
    if (::fstat(fd, &status) == 0)
      state.streams[static_cast<std::size_t>(fd)] = {status.st_dev, status.st_ino};
  }
  for (int what = 0; what < RLIM_NLIMITS; ++what) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource>(what), &limit);
    state.limits[static_cast<std::size_t>(what)] = limit.rlim_cur;
  }
  state.priority = ::getpriority(PRIO_PROCESS, 0);
  return state;
}

}  // namespace

void case_output(const Job& job, Record& record) {
  const Subject subject(job, record);
  live(subject);
  std::fflush(nullptr);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
    if (size_of(fd) > 0)
      record.fail("it wrote to " +
                      std::string(fd == STDOUT_FILENO ? "standard output" : "standard error") +
                      ": " + beginning_of(fd),
                  "say it through ordeal.host.log/1: a cell's output belongs to nobody");
}

void case_signals(const Job& job, Record& record) {
  const auto before = signal_actions();
  sigset_t mask_before;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask_before);
  const Subject subject(job, record);
  live(subject);
  const auto after = signal_actions();
  sigset_t mask_after;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask_after);
  for (int number = 1; number <= 64; ++number) {
    const auto i = static_cast<std::size_t>(number);
    const char* name = ::sigabbrev_np(number);
    const std::string signal =
        name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(number);
    if (before[i].handler != after[i].handler || before[i].flags != after[i].flags)
      record.fail("it changed what happens on " + signal, "signals are the host's");
    if (::sigismember(&mask_before, number) != ::sigismember(&mask_after, number))
      record.fail("it changed whether the worker's thread blocks " + signal,
                  "signals are the host's; restore the mask");
  }
}

void case_process_state(const Job& job, Record& record) {
  const State before = process_state();
  const Subject subject(job, record);
  live(subject);
  const State after = process_state();
  if (before.folder != after.folder)
    record.fail("it changed the working folder to " + after.folder, "use absolute paths");
  if (before.mask != after.mask) record.fail("it changed the umask");
  if (before.locale != after.locale)
    record.fail("it changed the locale to " + after.locale,
                "use functions that take a locale: other plugins' numbers change with it");
  if (before.environment != after.environment) record.fail("it changed the environment");
  if (before.streams != after.streams)
    record.fail("it closed or replaced one of the host's descriptors (0 to 3)",
                "close only what you have opened");
  if (before.limits != after.limits) record.fail("it changed a resource limit (setrlimit)");
  if (before.priority != after.priority) record.fail("it changed the process's priority");
}

void case_leaks(const Job& job, Record& record) {
  constexpr int warm_up = 4;
  constexpr int lives = 8;
  const Subject subject(job, record);
  live(subject, warm_up);
  const Held before = held();
  const HeapUse heap_before = heap_use();
  live(subject, lives);
  const HeapUse heap_after = heap_use();
  Held after = held();
  // Threads that were told to end may need a moment.
  for (int i = 0; i < 40 && (after.threads > before.threads || after.processes > before.processes);
       ++i) {
    timespec pause{0, 5'000'000};
    ::nanosleep(&pause, nullptr);
    after = held();
  }
  const auto grown = [&](std::size_t from, std::size_t to, const char* what, const char* fix) {
    if (to < from + lives / 2) return;
    record.fail(std::to_string(to - from) + " " + what + " are left after " +
                    std::to_string(lives) + " lives of an instance",
                fix);
  };
  grown(before.descriptors, after.descriptors, "descriptors", "close them in destroy");
  grown(before.threads, after.threads, "threads", "join them in destroy");
  grown(before.processes, after.processes, "child processes",
        "plugins never fork: use ordeal.host.process/1");
  if (!heap_available()) {
    record.note("memory was not counted in this build");
    return;
  }
  const std::int64_t blocks = heap_after.blocks - heap_before.blocks;
  const std::int64_t bytes = heap_after.bytes - heap_before.bytes;
  if (blocks >= lives)
    record.fail(std::to_string(blocks) + " blocks of memory (" + std::to_string(bytes) +
                    " bytes) are left after " + std::to_string(lives) + " lives of an instance",
                "free in destroy what create and its calls have allocated");
  record.note(std::to_string(lives) + " lives left " + std::to_string(blocks) + " blocks");
}

}  // namespace ordeal::check
