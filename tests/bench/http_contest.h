// SPDX-License-Identifier: Apache-2.0
// Programs that make HTTP load, in turns on core 0 against an nginx on core 1: CPU time per request
// of each. Shared by the http_vs_* benches.
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/median.h"
#include "plugins/http_driver.h"
#include "plugins/http_nginx.h"

struct Measured {
  std::uint64_t requests = 0;
  double wall_s = 0;
  double user_s = 0;
  double system_s = 0;
  [[nodiscard]] double cpu_us() const {
    return (user_s + system_s) * 1e6 / static_cast<double>(requests);
  }
};

inline double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

inline void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

// Runs `body` in a child pinned to core 0 and returns what it wrote to its standard output, with
// the CPU time of it and its children.
inline std::string in_child(const std::function<void()>& body, Measured& measured) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const std::uint64_t start = HttpDriver::now();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin_to(0);
    ::dup2(ends[1], 1);
    ::close(ends[0]);
    ::close(ends[1]);
    try {
      body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(1);
    }
    std::fflush(stdout);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  measured.wall_s = static_cast<double>(HttpDriver::now() - start) / 1e9;
  measured.user_s = seconds(used.ru_utime);
  measured.system_s = seconds(used.ru_stime);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("failed: " + text);
  return text;
}

inline std::uint64_t number_after(const std::string& text, const std::string& mark) {
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + mark.size(), nullptr, 10);
}

inline void run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  throw std::runtime_error("cannot run " + words[0]);
}

// Inside a child: ordeal's engine for so long, as in a cell, which sends a frame each second.
// Prints "requests:N".
inline void drive(HttpDriver& driver, std::uint32_t connections, double seconds) {
  ordeal::LoadSpec spec;
  spec.sessions = connections;
  spec.duration_ns = static_cast<std::uint64_t>(seconds * 1e9);
  driver.begin(spec);
  // As in a cell: a frame each second, encoded.
  std::uint64_t requests = 0;
  std::size_t bytes = 0;
  const auto take = [&] {
    const ordeal::IntervalFrame frame = driver.worker().swap();
    requests += frame.wire.measured;
    bytes += ordeal::encode(frame).size();
  };
  while (!driver.worker().finished()) {
    const std::uint64_t next = HttpDriver::now() + 1'000'000'000;
    while (!driver.worker().finished() && HttpDriver::now() < next)
      driver.reactor().run_once(100'000'000);
    take();
  }
  take();
  std::printf("requests:%llu bytes:%zu\n", static_cast<unsigned long long>(requests), bytes);
}

struct Series {
  const char* name;
  std::function<Measured()> run;
  std::vector<double> cpu_us;
  std::vector<double> rate;
};

// Runs all of them `pairs` times, each going first in turn, and prints what came out, with the
// medians beside those of the first.
inline void contest(std::vector<Series>& all, int pairs) {
  for (int pair = 0; pair < pairs; ++pair) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      // Each goes first in turn.
      Series& series = all[(i + static_cast<std::size_t>(pair)) % all.size()];
      const Measured m = series.run();
      if (m.requests == 0) throw std::runtime_error(std::string(series.name) + ": no requests");
      series.cpu_us.push_back(m.cpu_us());
      series.rate.push_back(static_cast<double>(m.requests) / m.wall_s);
      std::printf("%-15s %9llu requests  %8.0f/s  %.2f s CPU  %.3f us/request\n", series.name,
                  static_cast<unsigned long long>(m.requests),
                  static_cast<double>(m.requests) / m.wall_s, m.user_s + m.system_s, m.cpu_us());
      std::fflush(stdout);
    }
  }
  std::printf("\nmedian of %d, CPU time; in brackets the 95 %% interval of the pairs' ratio:\n",
              pairs);
  for (const Series& series : all) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < series.cpu_us.size(); ++i)
      ratios.push_back(series.cpu_us[i] / all[0].cpu_us[i]);
    const auto [low, high] = median_interval(ratios);
    std::printf("%-15s %.3f us/request, %.3f x %s [%.3f, %.3f], %.0f requests/s\n", series.name,
                median(series.cpu_us), median(ratios), all[0].name, low, high, median(series.rate));
  }
}
