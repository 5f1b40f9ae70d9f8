// SPDX-License-Identifier: Apache-2.0
// What a guardian costs while nothing happens: memory and share of one core. Exits 1 when that is
// more than promised: 8 MiB, and 0.2 % of a core at 10 samples a second.
//   guardian_cost GUARDIAN [--seconds S]
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "guardian/client.h"
#include "guardian/pidfd.h"

namespace {

/// Nanoseconds on a processor since it began.
double cpu_ns(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/schedstat");
  double ns = 0;
  in >> ns;
  return ns;
}

double resident_mib(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; in >> word;)
    if (word == "VmRSS:") {
      double kib = 0;
      in >> kib;
      return kib / 1024;
    }
  return 0;
}

/// Wake-ups: one for each tick, as nothing else happens.
double switches(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; in >> word;)
    if (word == "voluntary_ctxt_switches:") {
      double count = 0;
      in >> count;
      return count;
    }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const double seconds =
      argc > 3 && argv[2] == std::string_view("--seconds") ? std::atof(argv[3]) : 20;
  std::string folder = (std::filesystem::temp_directory_path() / "guardian-cost-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 2;
  ordeal::GuardianOptions options;
  options.program = argv[1];
  options.run_dir = folder;
  options.run_id = "guardian-cost-" + std::to_string(::getpid());
  options.memory_percent = 94;
  options.disk_percent = 100;
  options.command = {"sleep", "1000"};
  auto guardian = ordeal::start_guardian(options);
  if (!guardian) {
    std::fprintf(stderr, "guardian_cost: %s\n", guardian.error().line().c_str());
    return 2;
  }
  const int pid = guardian->pid;
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  const double cpu_before = cpu_ns(pid);
  const double woken_before = switches(pid);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const double ns = std::chrono::duration<double, std::nano>(clock::now() - begin).count();
  const double cpu = cpu_ns(pid) - cpu_before;
  const double woken = switches(pid) - woken_before;
  const double resident = resident_mib(pid);
  ordeal::signal_pidfd(guardian->pidfd.get(), SIGQUIT);
  ::waitpid(pid, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);

  // At another rate the cost is another: it is scaled to ten a second.
  const double rate = woken / (ns / 1e9);
  const double share = rate > 0 ? 100 * cpu / ns * (10 / rate) : 100;
  std::printf("resident            %6.2f MiB    (promised: under 8)\n", resident);
  std::printf("samples             %6.1f /s\n", rate);
  std::printf("cost of a sample    %6.1f us\n", woken > 0 ? cpu / woken / 1e3 : 0);
  std::printf("share at 10/s       %6.3f %%     (promised: under 0.2 %% of one core)\n", share);
  return resident > 0 && resident < 8 && share < 0.2 ? 0 : 1;
}
