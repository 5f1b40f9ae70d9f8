// SPDX-License-Identifier: Apache-2.0
// What a server's stalls look like: the demo target stands still now and then, under ordeal's open
// load and under wrk's closed load. Prints both beside what the schedule of the stalls says; judges
// nothing.
//
//   coordinated_omission [--every S] [--stall S] [--periods N] [--rate R] [--connections C]
//
// Whatever is intended x seconds before a stall ends takes x seconds, so over whole periods the
// latency at a share q of all operations is stall - (1 - q) * every. Closed load cannot see that:
// while the server stands still it sends nothing, and one slow operation per connection is all it
// counts. wrk puts made-up operations into its figures for the time it sent nothing, from what it
// takes for the usual interval; they are printed as wrk says them, with ordeal's own closed load,
// which invents nothing, beside them.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bench/options.h"
#include "plugins/http_driver.h"
#include "plugins/http_nginx.h"

namespace {

struct Options {
  double every = 10;
  double stall = 1;
  int periods = 2;
  double rate = 1000;
  std::uint32_t connections = 20;
  [[nodiscard]] double seconds() const { return every * periods; }
};

std::string milliseconds(double seconds) {
  return std::to_string(static_cast<long>(seconds * 1e3 + 0.5)) + "ms";
}

void execute(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

class Target {
 public:
  explicit Target(const Options& options) : port_(free_port()) {
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(126);
      execute({BENCH_DEMO_TARGET, "--port", std::to_string(port_), "--flaw", "stall",
               "--stall-every", milliseconds(options.every), "--stall-for",
               milliseconds(options.stall), "--service-time", "0s"});
    }
    for (int i = 0; i < 500; ++i) {
      if (!fetch(port_, "/status").empty()) return;
      ::usleep(10'000);
    }
    throw std::runtime_error("the demo target does not start");
  }
  ~Target() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  std::uint16_t port_;
  pid_t pid_ = -1;
};

std::string run_wrk(const Options& options, const std::string& url) {
  const std::string command = "wrk -t1 -c" + std::to_string(options.connections) + " --latency -d" +
                              std::to_string(static_cast<int>(options.seconds() + 0.5)) + "s " +
                              url + "/ 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen");
  std::string text;
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) text.append(part, n);
  if (::pclose(pipe) != 0) throw std::runtime_error("wrk failed: " + text);
  return text;
}

// Of "99%   12.34ms": seconds.
double seconds_after(const std::string& text, const std::string& mark, int words = 0) {
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) return 0;
  const char* p = text.c_str() + at + mark.size();
  char* end = nullptr;
  double value = std::strtod(p, &end);
  while (words-- > 0) {
    while (*end != ' ' && *end != '\0') ++end;
    value = std::strtod(end, &end);
  }
  if (std::strncmp(end, "us", 2) == 0) return value / 1e6;
  if (std::strncmp(end, "ms", 2) == 0) return value / 1e3;
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  BenchOptions known;
  known.number("--every", options.every, 0.5, 60);
  known.number("--stall", options.stall, 0.01, 30);
  known.number("--periods", options.periods, 1, 100);
  known.number("--rate", options.rate, 1, 1e5);
  known.number("--connections", options.connections, 1, 1000);
  if (!known.parse(argc, argv)) return 2;
  if (options.stall >= options.every) {
    std::fprintf(stderr, "--stall: expected less than --every\n");
    return 2;
  }
  try {
    const Target target(options);
    HttpDriver driver(ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so",
                      "{\"url\":\"" + target.url() + "\"}");
    ordeal::LoadSpec spec;
    spec.model = ordeal::LoadSpec::Model::open;
    spec.sessions = options.connections;
    spec.rate = options.rate;
    // The first stall comes one period after the start of the target: not at the edge of ours.
    spec.start_ns = HttpDriver::now() + static_cast<std::uint64_t>(5e8 * options.every);
    spec.duration_ns = static_cast<std::uint64_t>(options.seconds() * 1e9);
    spec.timeout_ns = static_cast<std::uint64_t>(2e9 * options.every);
    const ordeal::IntervalFrame frame = driver.run(spec);
    spec.model = ordeal::LoadSpec::Model::closed;
    spec.start_ns = HttpDriver::now() + 50'000'000;
    const ordeal::IntervalFrame closed_frame = driver.run(spec);
    if (frame.kinds.empty() || closed_frame.kinds.empty())
      throw std::runtime_error("no operations");
    const ordeal::Histogram& latency = frame.kinds[0].latency;
    const ordeal::Histogram& closed = closed_frame.kinds[0].latency;
    const std::string wrk = run_wrk(options, target.url());

    std::printf("a stall of %.3g s every %.3g s, for %.3g s\n\n", options.stall, options.every,
                options.seconds());
    std::printf("%-8s %14s %22s %14s %16s\n", "", "by schedule", "ordeal (open)", "wrk (closed)",
                "ordeal (closed)");
    const auto row = [&](const char* name, double share, double reported, double other,
                         double in_closed) {
      const double scheduled = std::max(0.0, options.stall - (1 - share) * options.every);
      std::printf("%-8s %11.1f ms %11.1f ms", name, scheduled * 1e3, reported * 1e3);
      std::printf(scheduled > 0 ? " (%+5.2f %%)" : "          ",
                  scheduled > 0 ? (reported / scheduled - 1) * 100 : 0);
      if (other > 0)
        std::printf(" %11.1f ms", other * 1e3);
      else
        std::printf(" %14s", "-");
      std::printf(" %13.1f ms\n", in_closed * 1e3);
    };
    const auto at = [](const ordeal::Histogram& of, double p) {
      return static_cast<double>(of.value_at(p)) / 1e9;
    };
    row("p99", 0.99, at(latency, 99), seconds_after(wrk, "99%"), at(closed, 99));
    row("p99.9", 0.999, at(latency, 99.9), 0, at(closed, 99.9));  // wrk does not print it
    row("max", 1, at(latency, 100), seconds_after(wrk, "Latency ", 2), at(closed, 100));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coordinated_omission: %s\n", error.what());
    return 1;
  }
  return 0;
}
