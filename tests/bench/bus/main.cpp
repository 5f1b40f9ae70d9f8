// SPDX-License-Identifier: Apache-2.0
// The bus beside Boost.Signals2 and a mutex with a deque, in interleaved pairs; medians are
// printed.
//   bench_bus [--pairs N] [--seconds S] [--rows TEXT]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/bus/questions.h"

using namespace ordeal::bench;

namespace {

constexpr double per_million = 1e-6;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Row {
  std::function<double()> apart;  // what is not the contenders'; may be empty
  const char* what;
  const char* unit;
  double scale;
  std::vector<std::pair<const char*, std::function<double()>>> contenders;
};

}  // namespace

int main(int argc, char** argv) {
  int pairs = 5;
  const char* wanted = "";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rows") == 0) wanted = argv[i + 1];
    if (std::strcmp(argv[i], "--pairs") == 0) pairs = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
  }
  if (pairs < 1 || !(seconds > 0)) {
    std::fprintf(stderr, "usage: bench_bus [--pairs N] [--seconds S] [--rows TEXT]\n");
    return 2;
  }
  using std::chrono::microseconds;
  const Pace bursts{20, 5'000'000};
  const Pace trickle{1, 500'000};
  const std::vector<Row> rows{
      {{},
       "to four subscribers, drained in batches by one thread",
       "million events/s",
       per_million,
       {{"bus", our_throughput},
        {"mutex+deque", queue_throughput},
        {"Signals2 (same thread, no queue)", signals_throughput}}},
      {{},
       "CPU, to four subscribers, published and drained by one thread in batches of 32",
       "ns/event",
       1,
       {{"bus", our_cost}, {"mutex+deque", queue_cost}}},
      {{},
       "p99 from publish to readable, 100,000/s, one polling subscriber",
       "us",
       1,
       {{"bus", our_latency}, {"mutex+deque", queue_latency}}},
      {[=] { return pace_alone(trickle); },
       "CPU, four sleeping subscribers, one event every 0.5 ms",
       "us/event",
       1e-3,
       {{"bus, lingering 10 ms", [=] { return our_sleepers(trickle, microseconds(10000)); }},
        {"bus, woken for each", [=] { return our_sleepers(trickle, microseconds(0)); }},
        {"mutex+deque", [=] { return queue_sleepers(trickle); }}}},
      {[=] { return pace_alone(bursts); },
       "CPU, four sleeping subscribers, 20 events every 5 ms",
       "us/event",
       1e-3,
       {{"bus, lingering 10 ms", [=] { return our_sleepers(bursts, microseconds(10000)); }},
        {"bus, woken for each", [=] { return our_sleepers(bursts, microseconds(0)); }},
        {"mutex+deque", [=] { return queue_sleepers(bursts); }}}},
      {[=] { return pace_alone(bursts); },
       "CPU, to a cell, 20 events every 5 ms",
       "us/event",
       1e-3,
       {{"bus and hub", [=] { return our_cell(bursts); }},
        {"mutex+deque, a message each", [=] { return queue_cell(bursts); }}}},
      {[=] { return pace_alone(trickle); },
       "CPU, to a cell, one event every 0.5 ms",
       "us/event",
       1e-3,
       {{"bus and hub", [=] { return our_cell(trickle); }},
        {"mutex+deque, a message each", [=] { return queue_cell(trickle); }}}},
  };
  for (const Row& row : rows) {
    if (std::strstr(row.what, wanted) == nullptr) continue;
    std::vector<std::vector<double>> figures(row.contenders.size());
    std::vector<double> apart;
    for (int pair = 0; pair < pairs; ++pair) {
      if (row.apart) apart.push_back(row.apart());
      for (std::size_t i = 0; i < row.contenders.size(); ++i)
        figures[i].push_back(row.contenders[i].second());
    }
    if (!apart.empty())
      for (auto& figure : figures)
        for (double& value : figure) value -= median(apart);
    std::printf("%s [%s], median of %d (best)\n", row.what, row.unit, pairs);
    const double ours = median(figures[0]);
    const bool more_is_better = row.scale == per_million;
    for (std::size_t i = 0; i < row.contenders.size(); ++i) {
      const auto [least, most] = std::minmax_element(figures[i].begin(), figures[i].end());
      std::printf("  %-34s %10.3f (%.3f)   first/this %.2f\n", row.contenders[i].first,
                  median(figures[i]) * row.scale, (more_is_better ? *most : *least) * row.scale,
                  ours / median(figures[i]));
    }
    std::fflush(stdout);
  }
  return any_lost() ? 1 : 0;
}
