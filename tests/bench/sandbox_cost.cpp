// SPDX-License-Identifier: Apache-2.0
// What the filter of a cell costs a system call: pairs of processes, one confined as a load cell
// is, one not, that make the cheapest call there is. Prints medians.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "cell/sandbox.h"

namespace {

constexpr int calls = 500'000;
constexpr int pairs = 9;

double now_ns() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

double cost(bool confined) {
  int ends[2];
  if (::pipe(ends) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    if (confined && !ordeal::Sandbox({{"network"}, 0}).gaps().empty()) ::_exit(1);
    const double start = now_ns();
    for (int i = 0; i < calls; ++i) ::syscall(SYS_getppid);
    const double each = (now_ns() - start) / calls;
    ::_exit(::write(ends[1], &each, sizeof each) == sizeof each ? 0 : 1);
  }
  double each = 0;
  ::close(ends[1]);
  if (::read(ends[0], &each, sizeof each) != sizeof each) each = 0;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return each;
}

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main() {
  std::vector<double> free;
  std::vector<double> confined;
  for (int i = 0; i < pairs; ++i) {
    free.push_back(cost(false));
    confined.push_back(cost(true));
  }
  std::printf("getppid: %.0f ns free, %.0f ns confined: %.0f ns a call\n", middle(free),
              middle(confined), middle(confined) - middle(free));
  return middle(confined) > 0 ? 0 : 1;
}
