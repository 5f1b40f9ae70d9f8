// SPDX-License-Identifier: Apache-2.0
#include "engine/thread_usage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace ordeal {

ThreadUsage::Used ThreadUsage::take() {
  if (!opened_) {
    // "thread-self" is resolved when it is opened, so the descriptor stays with this thread.
    // Without CONFIG_SCHED_INFO there is no such file, and the delay stays 0.
    schedstat_.reset(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
    opened_ = true;
  }
  Used now;
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  now.cpu_ns =
      static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
  char text[96];
  const ssize_t n = schedstat_ ? ::pread(schedstat_.get(), text, sizeof text - 1, 0) : 0;
  if (n > 0) {  // "on-cpu-ns run-delay-ns slices"
    text[n] = '\0';
    char* end = nullptr;
    static_cast<void>(std::strtoull(text, &end, 10));
    now.run_delay_ns = std::strtoull(end, nullptr, 10);
  }
  const Used used{now.cpu_ns - last_.cpu_ns, now.run_delay_ns - last_.run_delay_ns};
  last_ = now;
  return used;
}

}  // namespace ordeal
