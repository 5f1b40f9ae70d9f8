// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/unique_fd.h"

namespace ordeal {

/// What the calling thread has used of the machine. Use from one thread only.
class ThreadUsage {
 public:
  struct Used {
    std::uint64_t cpu_ns = 0;        // CLOCK_THREAD_CPUTIME_ID
    std::uint64_t run_delay_ns = 0;  // runnable but not running: /proc/thread-self/schedstat
  };
  /// Since the previous call; the first call counts from the thread's start of life in this object.
  Used take();
  /// Forgets what was used until now.
  void restart() { static_cast<void>(take()); }

 private:
  UniqueFd schedstat_;
  bool opened_ = false;
  Used last_;
};

}  // namespace ordeal
