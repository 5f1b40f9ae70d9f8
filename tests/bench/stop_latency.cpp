// SPDX-License-Identifier: Apache-2.0
// How long a stop takes: from the moment a violation can be seen (a meminfo that says so) to the
// end of the last process of the run, with the real guardian and a tree of daemons, on every tier
// this machine offers, on the machine as it is and with all of it loaded (two spinning processes
// per processor, one that takes and returns 256 MiB). The guardian reads every 20 ms here, which is
// in the figures.
//   stop_latency [--n N] [--tier N] [--state idle|loaded]
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "guardian/client.h"
#include "guardian/pidfd.h"

namespace {

using namespace ordeal;
namespace fs = std::filesystem;

constexpr double period_ms = 20;
constexpr int patience_ms = 10'000;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "stop_latency: %s\n", why.c_str());
  std::exit(2);
}

double now_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

/// Processes that keep the machine busy; they end with this object, or with this process.
class Load {
 public:
  Load() {
    const long cpus = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
    for (long i = 0; i < 2 * cpus; ++i)
      add([] {
        std::atomic<unsigned> n = 0;  // a loop the compiler must keep
        for (;;) n.fetch_add(1, std::memory_order_relaxed);
      });
    add([] {
      constexpr std::size_t size = std::size_t{256} << 20;
      void* memory =
          ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (memory == MAP_FAILED) ::_exit(1);
      for (;;) {
        std::memset(memory, 1, size);
        ::madvise(memory, size, MADV_DONTNEED);
      }
    });
  }
  ~Load() {
    for (const pid_t pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  template <typename Work>
  void add(Work work) {
    const pid_t pid = ::fork();
    if (pid < 0) give_up("no load");
    if (pid > 0) {
      pids_.push_back(pid);
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
  }
  std::vector<pid_t> pids_;
};

/// A quarter of 10 GB used up to the limit, so that the guardian reads as often as it ever does.
void write_meminfo(const std::string& path, int available_percent) {
  const std::string text =
      "MemTotal:       10000000 kB\nMemFree:         1000000 kB\n"
      "MemAvailable:   " +
      std::to_string(available_percent) + "00000 kB\n";
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    give_up("no meminfo");
}

/// One run; milliseconds, or nothing when the tier is not to be had.
std::optional<double> once(const std::string& dir, std::uint32_t tier, int number,
                           std::mt19937& random) {
  GuardianOptions options;
  options.run_id = "stop-" + std::to_string(::getpid()) + "-" + std::to_string(number);
  options.run_dir = dir + "/" + options.run_id;
  options.tier = tier;
  options.reserve_cpu_percent = 20;
  options.memory_percent = 80;
  options.disk_percent = 100;
  options.proc_root = options.run_dir;
  options.program = BENCH_GUARDIAN;
  fs::create_directories(options.run_dir);
  const std::string meminfo = options.run_dir + "/meminfo";
  const std::string fifo = options.run_dir + "/alive";
  write_meminfo(meminfo, 22);
  if (::mkfifo(fifo.c_str(), 0600) != 0) give_up("no fifo");
  const UniqueFd in(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  options.command = {"/bin/sh", "-c",
                     "exec " BENCH_HOSTILE " daemon 3>" + fifo + " >/dev/null 2>&1 </dev/null"};
  auto started = start_guardian(options);
  if (!started) {
    if (started.error().what.find("is not to be had here") != std::string::npos)
      return std::nullopt;
    give_up(started.error().line());
  }
  std::array<char, 64> bytes;
  for (int ready = 0; ready < 3;) {
    pollfd p{in.get(), POLLIN, 0};
    if (::poll(&p, 1, patience_ms) != 1) give_up("the tree did not start");
    const ssize_t n = ::read(in.get(), bytes.data(), bytes.size());
    if (n > 0)
      ready += static_cast<int>(n);
    else
      ::usleep(1000);  // not opened yet
  }
  ::usleep(std::uniform_int_distribution<unsigned>(20'000, 60'000)(random));
  write_meminfo(meminfo, 5);  // no dwell time: under half of what must be free
  const double begin = now_ms();
  pollfd p{in.get(), POLLIN, 0};
  if (::poll(&p, 1, patience_ms) != 1) give_up("a survivor");
  const double end = now_ms();
  if (::read(in.get(), bytes.data(), bytes.size()) != 0) give_up("the tree spoke");
  if (!pidfd_ended(started->pidfd.get(), patience_ms)) give_up("the guardian did not end");
  int status = 0;
  ::waitpid(started->pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 111) give_up("no safety stop");
  fs::remove_all(options.run_dir);
  return end - begin;
}

void print(std::uint32_t tier, const char* state, std::vector<double> times, bool& good) {
  std::sort(times.begin(), times.end());
  const auto percentile = [&](std::size_t p) { return times[(times.size() * p + 99) / 100 - 1]; };
  const double limit = tier == 4 ? 1000 : 100;
  const bool slow = percentile(50) > period_ms + 20 || percentile(99) > limit;
  std::printf("T%u %-6s  n %zu  p50 %.1f ms  p99 %.1f ms  max %.1f ms%s\n", tier, state,
              times.size(), percentile(50), percentile(99), times.back(), slow ? "  TOO SLOW" : "");
  const std::array<double, 9> edges{5, 10, 20, 30, 40, 60, 100, 300, 1000};
  std::size_t from = 0;
  for (std::size_t i = 0; i <= edges.size() && from < times.size(); ++i) {
    const auto to =
        i == edges.size()
            ? times.size()
            : static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), edges[i]) -
                                       times.begin());
    if (to > from) {
      char label[32];
      std::snprintf(label, sizeof label, i == edges.size() ? "> %.0f ms" : "<= %.0f ms",
                    edges[std::min(i, edges.size() - 1)]);
      const auto bar = static_cast<int>(1 + 49 * (to - from) / times.size());
      std::printf("    %10s %6zu %.*s\n", label, to - from, bar,
                  "##################################################");
    }
    from = to;
  }
  std::fflush(stdout);
  good = good && !slow;
}

}  // namespace

int main(int argc, char** argv) {
  int n = 1000;
  std::uint32_t only = 0;
  std::string_view state;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--n") n = std::atoi(argv[i + 1]);
    if (flag == "--tier") only = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
    if (flag == "--state") state = argv[i + 1];
  }
  if (n < 1) give_up("--n must be at least 1");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Else a loaded machine lets this process see the end late. What it starts is not favoured.
  const sched_param priority{1};
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority) != 0)
    std::printf("without real-time scheduling: the end is seen late on a loaded machine\n");
  std::string dir = (fs::temp_directory_path() / "ordeal-stop-XXXXXX").string();
  if (::mkdtemp(dir.data()) == nullptr) give_up("no temporary folder");
  std::mt19937 random(1);
  bool good = true;
  int number = 0;
  for (std::uint32_t tier = 1; tier <= 4; ++tier) {
    if (only != 0 && only != tier) continue;
    for (const char* with : {"idle", "loaded"}) {
      if (!state.empty() && state != with) continue;
      std::optional<Load> load;
      if (with == std::string_view("loaded")) load.emplace();
      std::vector<double> times;
      for (int i = 0; i < n; ++i) {
        const auto ms = once(dir, tier, ++number, random);
        if (!ms) break;
        times.push_back(*ms);
      }
      if (times.empty())
        std::printf("T%u %-6s  not to be had here\n", tier, with);
      else
        print(tier, with, std::move(times), good);
    }
  }
  fs::remove_all(dir);
  return good ? 0 : 1;
}
