// SPDX-License-Identifier: Apache-2.0
// What recording costs a worker: nanoseconds per operation (outcome, bytes, latency, service and
// two marks), and what one interval costs at its end: the swap, the encoding that follows it, and
// giving the memory back. For a usual scenario (2 kinds, 4 marks) and for the largest that a frame
// carries (64 kinds, 16 marks), every page of every histogram touched. Medians of rounds.
//   recording [--rounds N] [--operations N]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <vector>

#include "base/interval.h"
#include "engine/recorder.h"

using namespace ordeal;

namespace {

constexpr std::size_t table_size = 1 << 14;

/// CPU time: what others do on the machine is not the recorder's cost.
double now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Latencies of a server: around 80 us, a tail up to tens of milliseconds.
std::vector<std::uint64_t> latencies() {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> latency(std::log(80e3), 0.7);
  std::vector<std::uint64_t> table(table_size);
  for (auto& one : table) one = static_cast<std::uint64_t>(latency(random));
  return table;
}

/// What Worker::complete() does with an operation that ended well.
inline void operation(IntervalRecorder& recorder, std::uint32_t kind_index, std::uint64_t latency) {
  recorder.outcome(kind_index, Outcome::ok, 200);
  KindInterval& kind = recorder.kind(kind_index);
  kind.bytes_out += 78;
  kind.bytes_in += 612;
  kind.latency.record(latency);
  kind.service.record(latency - latency / 16);
  kind.marks[0].record(latency / 2);
  kind.marks[1].record(latency / 3);
}

/// Nanoseconds per operation, less what the loop costs without recording.
double recording(std::uint64_t operations, const std::vector<std::uint64_t>& table) {
  IntervalRecorder recorder(2, 4, 1);
  for (std::size_t i = 0; i < table_size; ++i) operation(recorder, i & 1, table[i]);
  const double before = now_ns();
  for (std::uint64_t i = 0; i < operations; ++i)
    operation(recorder, i & 1, table[(i * 7) % table_size]);
  const double recorded = now_ns() - before;
  const double idle_before = now_ns();
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < operations; ++i) {
    sum += table[(i * 7) % table_size];
    asm volatile("" : "+r"(sum));
  }
  const double idle = now_ns() - idle_before;
  return (recorded - idle) / static_cast<double>(operations);
}

struct Costs {
  double swap_us = 0;
  double encode_us = 0;
  double release_us = 0;
  double bytes = 0;
};

Costs end_of_interval(IntervalRecorder& recorder) {
  const double before = now_ns();
  Costs costs;
  {
    const IntervalFrame frame = recorder.swap(1);
    const double swapped = now_ns();
    const auto bytes = encode(frame);
    const double encoded = now_ns();
    costs.swap_us = (swapped - before) / 1e3;
    costs.encode_us = (encoded - swapped) / 1e3;
    costs.bytes = static_cast<double>(bytes.size());
    costs.release_us = encoded;
  }
  costs.release_us = (now_ns() - costs.release_us) / 1e3;
  return costs;
}

void touch_all(Histogram& histogram) {
  for (std::uint64_t value = 1; value < 3'600'000'000'000; value += value / 4 + 1)
    histogram.record(value);
}

void show(const char* name, const std::vector<Costs>& rounds) {
  const auto of = [&](double Costs::*part) {
    std::vector<double> values;
    for (const Costs& one : rounds) values.push_back(one.*part);
    return median(std::move(values));
  };
  std::printf("%-24s swap %8.1f us  encode %9.1f us  release %9.1f us  frame %8.0f bytes\n", name,
              of(&Costs::swap_us), of(&Costs::encode_us), of(&Costs::release_us),
              of(&Costs::bytes));
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 15;
  std::uint64_t operations = 20'000'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::max(1, std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--operations") == 0)
      operations = std::max(1ULL, std::strtoull(argv[i + 1], nullptr, 10));
  }
  const auto table = latencies();
  std::vector<double> costs;
  for (int i = 0; i < rounds; ++i) costs.push_back(recording(operations, table));
  std::printf("recording                %.2f ns per operation (limit 20)\n", median(costs));

  std::vector<Costs> usual;
  IntervalRecorder small(2, 4, 1);
  for (int i = 0; i < rounds; ++i) {
    for (std::size_t n = 0; n < table_size; ++n) operation(small, n & 1, table[n]);
    usual.push_back(end_of_interval(small));
  }
  show("2 kinds x 4 marks", usual);

  for (const std::uint32_t unit : {1u, 1000u}) {
    std::vector<Costs> full;
    IntervalRecorder large(64, 16, unit);
    for (int i = 0; i < std::min(rounds, 5); ++i) {
      for (std::uint32_t k = 0; k < 64; ++k) {
        KindInterval& kind = large.kind(k);
        touch_all(kind.latency);
        touch_all(kind.service);
        for (auto& mark : kind.marks) touch_all(mark);
      }
      full.push_back(end_of_interval(large));
    }
    show(unit == 1 ? "64 kinds x 16 marks, ns" : "64 kinds x 16 marks, us", full);
  }
  return 0;
}
