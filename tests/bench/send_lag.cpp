// SPDX-License-Identifier: Apache-2.0
// How late open load sends: ordeal's engine with its HTTP plugin at half of what it can do, against
// a bare loop that only waits for each intended start and looks at the clock, both on one core, in
// turns. Prints the send lag of both and the rate achieved; judges nothing.
//
//   send_lag [--pairs N] [--seconds S] [--connections C] [--rate R]
//
// --rate: per second; else half of what closed load reaches on the same connections.
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/unique_fd.h"
#include "bench/median.h"
#include "bench/options.h"
#include "plugins/http_driver.h"
#include "plugins/http_nginx.h"

namespace {

struct Options {
  int pairs = 7;
  double seconds = 3;
  std::uint32_t connections = 64;
  double rate = 0;
};

struct Lag {
  double p50 = 0;
  double p99 = 0;
  double max = 0;
  double rate = 0;  // achieved over asked, less 1
};

Lag lag_of(const ordeal::Histogram& lag, double rate_error) {
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  return {us(lag.value_at(50)), us(lag.value_at(99)), us(lag.max()), rate_error};
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

Lag engine(HttpDriver& driver, const Options& options) {
  ordeal::LoadSpec spec = spec_of(options);
  spec.model = ordeal::LoadSpec::Model::open;
  spec.rate = options.rate;
  const ordeal::IntervalFrame frame = driver.run(spec);
  const double asked = options.rate * options.seconds;
  return lag_of(frame.send_lag, static_cast<double>(frame.wire.measured) / asked - 1);
}

Lag bare(const Options& options) {
  const ordeal::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  ordeal::Histogram lag(1);
  const std::uint64_t start = HttpDriver::now() + 50'000'000;
  const auto count = static_cast<std::uint64_t>(options.rate * options.seconds);
  for (std::uint64_t i = 0; i < count;) {
    const auto intended =
        start + static_cast<std::uint64_t>(static_cast<double>(i) * 1e9 / options.rate);
    const std::uint64_t now = HttpDriver::now();
    if (now >= intended) {
      lag.record(now - intended);
      ++i;
      continue;
    }
    const timespec wait{static_cast<time_t>((intended - now) / 1'000'000'000),
                        static_cast<long>((intended - now) % 1'000'000'000)};
    epoll_event event{};
    ::epoll_pwait2(epoll.get(), &event, 1, &wait, nullptr);
  }
  return lag_of(lag, 0);
}

void print(const char* name, const Lag& lag) {
  std::printf("%-7s send lag p50 %7.1f us  p99 %7.1f us  max %8.1f us  rate %+.4f %%\n", name,
              lag.p50, lag.p99, lag.max, lag.rate * 100);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  BenchOptions known;
  known.number("--pairs", options.pairs, 1, 100);
  known.number("--seconds", options.seconds, 0.5, 60);
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
    std::vector<double> lags[2];
    std::vector<double> rates;
    for (int pair = 0; pair < options.pairs; ++pair) {
      for (int i = 0; i < 2; ++i) {
        const bool ours = (i + pair) % 2 == 0;
        const Lag lag = ours ? engine(driver, options) : bare(options);
        lags[ours ? 0 : 1].push_back(lag.p99);
        if (ours) rates.push_back(std::fabs(lag.rate));
        print(ours ? "ordeal" : "bare", lag);
      }
    }
    std::printf(
        "\nmedian of %d: send lag p99 %.1f us, %.2f x the bare loop (%.1f us); rate off by "
        "%.4f %%\n",
        options.pairs, median(lags[0]), median(lags[0]) / median(lags[1]), median(lags[1]),
        median(rates) * 100);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "send_lag: %s\n", error.what());
    return 1;
  }
  return 0;
}
