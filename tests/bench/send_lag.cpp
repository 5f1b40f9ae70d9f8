// SPDX-License-Identifier: Apache-2.0
// How late open load sends: ordeal's engine with its HTTP plugin at half of what it can do, against
// two bare loops on the same core, in turns: one that only waits for each intended start, and one
// that sends and receives, too (bare_timer_loop.h). Prints how late each noticed its starts, the
// CPU time of each per start, and the rate the engine achieved; judges nothing.
//
//   send_lag [--pairs N] [--seconds S] [--connections C] [--rate R]
//
// --rate: per second; else half of what closed load reaches on the same connections. On a machine
// with other work the figures are those of its scheduler; `chrt -f 10` helps, with --seconds 0.5:
// a thread that needs its core for over 0.95 s of a second is then held for the rest.
#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "bench/bare_timer_loop.h"
#include "bench/median.h"
#include "bench/options.h"
#include "plugins/http_driver.h"
#include "plugins/http_nginx.h"

namespace {

struct Options {
  int pairs = 15;
  double seconds = 1;
  std::uint32_t connections = 64;
  double rate = 0;
};

// All in microseconds.
struct Lag {
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
  double cpu = 0;  // per start
};

struct Series {
  const char* name;
  std::function<ordeal::Histogram()> run;
  std::vector<Lag> lags;
};

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

Lag measure(const Series& series) {
  const double before = cpu_seconds();
  const ordeal::Histogram lag = series.run();
  const double used = cpu_seconds() - before;
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  return {us(lag.value_at(50)), us(lag.value_at(99)), us(lag.value_at(99.9)), us(lag.max()),
          used * 1e6 / static_cast<double>(lag.count())};
}

ordeal::LoadSpec spec_of(const Options& options) {
  ordeal::LoadSpec spec;
  spec.sessions = options.connections;
  spec.duration_ns = static_cast<std::uint64_t>(options.seconds * 1e9);
  // When the connections are open.
  spec.start_ns = HttpDriver::now() + 50'000'000;
  return spec;
}

double capacity(HttpDriver& driver, const Options& options) {
  ordeal::LoadSpec spec = spec_of(options);
  spec.duration_ns = 1'000'000'000;
  return static_cast<double>(driver.run(spec).wire.measured);
}

// `off`: how far the rate achieved was from the one asked for.
ordeal::Histogram engine(HttpDriver& driver, const Options& options, std::vector<double>& off) {
  ordeal::LoadSpec spec = spec_of(options);
  spec.model = ordeal::LoadSpec::Model::open;
  spec.rate = options.rate;
  ordeal::IntervalFrame frame = driver.run(spec);
  off.push_back(
      std::fabs(static_cast<double>(frame.wire.measured) / (options.rate * options.seconds) - 1));
  return std::move(frame.send_lag);
}

double median(const Series& series, double Lag::*of) {
  std::vector<double> values;
  for (const Lag& lag : series.lags) values.push_back(lag.*of);
  return ::median(std::move(values));
}

void print(const char* name, const Lag& lag) {
  std::printf("%-8s p50 %7.1f us  p99 %7.1f us  p99.9 %8.1f us  max %8.1f us  CPU %5.1f us\n", name,
              lag.p50, lag.p99, lag.p999, lag.max, lag.cpu);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  BenchOptions known;
  known.number("--pairs", options.pairs, 1, 100);
  known.number("--seconds", options.seconds, 0.1, 60);
  known.number("--connections", options.connections, 1, 4000);
  known.number("--rate", options.rate, 1, 1e6);
  if (!known.parse(argc, argv)) return 2;
  try {
    const Nginx nginx("location / { return 200 'hello, world'; }", 1);
    cpu_set_t core;
    CPU_ZERO(&core);
    CPU_SET(0, &core);
    ::sched_setaffinity(0, sizeof core, &core);
    ::prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);  // as the reactor does
    HttpDriver driver(ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so",
                      "{\"url\":\"" + nginx.url() + "\"}");
    if (options.rate == 0) {
      const double most = capacity(driver, options);
      options.rate = std::floor(most / 2);
      std::printf("capacity %.0f/s, ", most);
    }
    std::printf("rate %.0f/s\n", options.rate);
    const auto count = static_cast<std::uint64_t>(options.rate * options.seconds);
    BareTimerLoop waiting(0, 0);
    BareTimerLoop sending(nginx.port(), options.connections);
    std::vector<double> off;
    Series all[] = {{"ordeal", [&] { return engine(driver, options, off); }, {}},
                    {"waiting", [&] { return waiting.run(options.rate, count); }, {}},
                    {"sending", [&] { return sending.run(options.rate, count); }, {}}};
    for (int pair = 0; pair < options.pairs; ++pair) {
      for (int i = 0; i < 3; ++i) {
        Series& series = all[(i + pair) % 3];  // each goes first in turn
        series.lags.push_back(measure(series));
        print(series.name, series.lags.back());
      }
    }
    std::printf("\nmedians of %d:\n", options.pairs);
    for (const Series& series : all)
      print(series.name,
            {median(series, &Lag::p50), median(series, &Lag::p99), median(series, &Lag::p999),
             median(series, &Lag::max), median(series, &Lag::cpu)});
    std::printf(
        "send lag p99 %.2f x the loop that waits, %.2f x the one that sends; rate off by "
        "%.4f %% at most\n",
        median(all[0], &Lag::p99) / median(all[1], &Lag::p99),
        median(all[0], &Lag::p99) / median(all[2], &Lag::p99),
        *std::max_element(off.begin(), off.end()) * 100);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "send_lag: %s\n", error.what());
    return 1;
  }
  return 0;
}
