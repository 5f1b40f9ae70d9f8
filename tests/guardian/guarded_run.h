// SPDX-License-Identifier: Apache-2.0
// A run directory and a guardian for one test; ends everything it started, whatever the test did.
#pragma once

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "guardian/client.h"
#include "guardian/pidfd.h"
#include "places.h"

namespace ordeal::testing {

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Live processes with this text in environment or command line. Apart from the code under test.
inline std::vector<int> processes_with(const std::string& text) {
  std::vector<int> pids;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const int pid = std::stoi(name);
    if (pid == ::getpid()) continue;
    if (slurp("/proc/" + name + "/environ").find(text) != std::string::npos ||
        slurp("/proc/" + name + "/cmdline").find(text) != std::string::npos)
      pids.push_back(pid);
  }
  return pids;
}

inline bool eventually(const std::function<bool()>& condition, int within_ms = 15000) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(within_ms);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class GuardedRun {
 public:
  GuardedRun() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    std::string folder = (std::filesystem::temp_directory_path() / "ordeal-test-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    dir = folder;
    id = "guardian-" + folder.substr(folder.size() - 6) + "-" + std::to_string(::getpid());
    // A number of seconds no one else sleeps: "sleep 1000.<digits>".
    static int count = 0;
    mark = "1000." + std::to_string(::getpid()) + "0" + std::to_string(++count) + "7";
    options.run_dir = dir;
    options.run_id = id;
    options.memory_percent = 99;
    options.disk_percent = 100;
    options.program = ORDEAL_BUILD_DIR "/libexec/ordeal/ordeal-guardian";
  }
  GuardedRun(const GuardedRun&) = delete;
  GuardedRun& operator=(const GuardedRun&) = delete;
  ~GuardedRun() {
    if (guardian.pidfd) signal_pidfd(guardian.pidfd.get(), SIGKILL);
    eventually([this] {
      const auto left = alive();
      for (const int pid : left) {
        const UniqueFd pidfd(open_pidfd(pid));
        const auto still = alive();
        if (pidfd && std::find(still.begin(), still.end(), pid) != still.end())
          signal_pidfd(pidfd.get(), SIGKILL);
      }
      return left.empty();
    });
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    std::error_code ignored;
    std::filesystem::remove_all(dir, ignored);
  }

  /// The fake controller's command line.
  void control(std::vector<std::string> arguments) {
    options.controller = {ORDEAL_BUILD_DIR "/bin/ordeal-fake-controller", dir};
    for (auto& argument : arguments) options.controller.push_back(std::move(argument));
  }
  void start() {
    auto started = start_guardian(options);
    BOOST_REQUIRE_MESSAGE(started, (started ? "" : started.error().line()) + log());
    guardian = std::move(*started);
  }
  /// The guardian's exit code (128 + signal if it was killed).
  int wait(int within_ms = 30000) {
    BOOST_REQUIRE_MESSAGE(pidfd_ended(guardian.pidfd.get(), within_ms), "no end; " + log());
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(guardian.pid, &status, 0), guardian.pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  void signal(int number) { BOOST_REQUIRE_EQUAL(signal_pidfd(guardian.pidfd.get(), number), 0); }

  /// Everything of this run that lives, by its id or by its mark.
  [[nodiscard]] std::vector<int> alive() const {
    auto pids = processes_with(std::string(run_id_variable) + "=" + id);
    for (const int pid : processes_with(mark))
      if (std::find(pids.begin(), pids.end(), pid) == pids.end()) pids.push_back(pid);
    return pids;
  }
  /// How many sleep with our mark (the shells and programs that carry it as text do not count).
  [[nodiscard]] std::size_t marked() const {
    using namespace std::string_literals;
    return processes_with("sleep\0"s + mark + "\0"s).size();
  }

  /// Five that sleep: four in the way of a process group kill or without the run's id.
  [[nodiscard]] std::string hostile_tree() const {
    return "trap '' TERM INT HUP; sleep " + mark + " & (setsid sleep " + mark +
           " &) ; setsid sh -c '(sleep " + mark + " &) ; exit 0' ; env -i sleep " + mark +
           " & setsid env -i sleep " + mark + " & wait";
  }
  static constexpr std::size_t hostile_tree_size = 5;
  void wait_for_tree(std::size_t at_least = hostile_tree_size) {
    BOOST_REQUIRE_MESSAGE(eventually([&] { return marked() >= at_least; }), log());
  }

  [[nodiscard]] std::vector<EvidenceRecord> evidence() const {
    auto records = read_evidence(dir);
    return records ? *records : std::vector<EvidenceRecord>();
  }
  /// The last record of a type; seq 0 if there is none.
  [[nodiscard]] EvidenceRecord last(std::string_view type) const {
    EvidenceRecord found;
    for (const auto& record : evidence())
      if (record.type == type) found = record;
    return found;
  }
  [[nodiscard]] std::string heard() const { return slurp(dir + "/heard"); }
  [[nodiscard]] std::string log() const { return slurp(dir + "/logs/guardian.log"); }

  std::string dir;
  std::string id;
  std::string mark;
  GuardianOptions options;
  StartedGuardian guardian;
};

}  // namespace ordeal::testing
