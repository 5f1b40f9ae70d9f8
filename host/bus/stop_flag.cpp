// SPDX-License-Identifier: Apache-2.0
#include <sys/eventfd.h>
#include <unistd.h>

#include "bus/bus.h"

namespace ordeal {

StopFlag::StopFlag() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

StopFlag::~StopFlag() {
  if (fd_ >= 0) ::close(fd_);
}

void StopFlag::order(Level level) {
  Level before = level_.load(std::memory_order_acquire);
  do {
    if (before >= level) return;
  } while (!level_.compare_exchange_weak(before, level, std::memory_order_acq_rel));
  const std::uint64_t one = 1;
  // Never read, so it stays readable; two orders cannot fill the counter.
  [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof one);
}

}  // namespace ordeal
