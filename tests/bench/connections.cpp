// SPDX-License-Identifier: Apache-2.0
// The resident memory of one worker with many connections: two kinds of requests with all timings
// of the HTTP plugin, closed load against a real nginx, frames taken and encoded each second as a
// cell does. Prints the memory before the load, at its peak and at the end, and what went wrong.
// Fails above --limit MiB and on any operation that did not end well.
//   connections [--connections N] [--seconds S] [--limit MIB] [--tls]
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "bench/contest_server.h"
#include "bench/options.h"
#include "plugins/http_driver.h"

namespace {

/// A line of /proc/self/status, in MiB.
double status_mib(const std::string& name) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.rfind(name + ":", 0) == 0)
      return std::strtod(line.c_str() + name.size() + 1, nullptr) / 1024;
  return 0;
}

int load(const ContestServer& server, std::uint32_t connections, double seconds, double limit) {
  // All handshakes begin at once, and nginx has one core for them.
  HttpDriver driver(
      ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so",
      R"({"url":")" + server.url() + "\"" + server.more_config() +
          R"(,"timeouts":{"connect":"120s"},"requests":[{"kind":"get"},{"kind":"post","body":"x"}]})");
  const double before = status_mib("VmRSS");
  ordeal::LoadSpec spec;
  spec.sessions = connections;
  spec.duration_ns = static_cast<std::uint64_t>(seconds * 1e9);
  spec.timeout_ns = 30'000'000'000;
  driver.begin(spec);
  ordeal::OutcomeCounts outcomes{};
  std::uint64_t most_open = 0;
  std::uint64_t failed_sessions = 0;
  std::size_t kinds = 0;
  std::size_t marks = 0;
  double steady = 0;
  const auto take = [&] {
    const ordeal::IntervalFrame frame = driver.worker().swap();
    static_cast<void>(ordeal::encode(frame));
    most_open = std::max(most_open, frame.sessions_open);
    failed_sessions += frame.sessions_failed;
    kinds = std::max(kinds, frame.kinds.size());
    for (const auto& kind : frame.kinds) {
      for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += kind.outcomes[i];
      marks = std::max(marks, kind.marks.size());
    }
    if (!driver.worker().finished()) steady = status_mib("VmRSS");
  };
  while (!driver.worker().finished()) {
    const std::uint64_t next = HttpDriver::now() + 1'000'000'000;
    while (!driver.worker().finished() && HttpDriver::now() < next)
      driver.reactor().run_once(100'000'000);
    take();
  }
  take();
  std::uint64_t all = 0;
  for (const auto n : outcomes) all += n;
  const std::uint64_t bad = all - outcomes[0];
  const double peak = status_mib("VmHWM");
  std::printf(
      "%u connections (%llu open at most), %zu kinds, %zu marks: resident %.1f MiB before, %.1f "
      "under load, %.1f at most (limit %.0f); %llu operations, %llu not ok, %llu failed "
      "connections\n",
      connections, static_cast<unsigned long long>(most_open), kinds, marks, before, steady, peak,
      limit, static_cast<unsigned long long>(all), static_cast<unsigned long long>(bad),
      static_cast<unsigned long long>(failed_sessions));
  return all > 0 && bad == 0 && failed_sessions == 0 && peak <= limit ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t connections = 10'000;
  double seconds = 5;
  double limit = 64;
  bool tls = false;
  BenchOptions known;
  known.number("--connections", connections, 1, 12'000);
  known.number("--seconds", seconds, 0.5, 600);
  known.number("--limit", limit, 1, 1e6);
  known.flag("--tls", tls);
  if (!known.parse(argc, argv)) return 2;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < connections + 100) {
    std::fprintf(stderr, "connections: only %llu descriptors are allowed\n",
                 static_cast<unsigned long long>(files.rlim_cur));
    return 1;
  }
  try {
    const ContestServer server(tls, "");
    // A process of its own, so that nothing of this one counts.
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 1;
      try {
        code = load(server, connections, seconds, limit);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "connections: %s\n", error.what());
      }
      std::fflush(nullptr);
      ::_exit(code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "connections: %s\n", error.what());
    return 1;
  }
}
