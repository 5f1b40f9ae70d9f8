// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ordeal {

/// How far a worker is in its phase.
struct WorkerProgress {
  std::atomic<std::uint64_t> operations{0};  // started, see LoadSpec::max_operations
  std::atomic<std::uint64_t> records{0};     // taken from the feeder
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// It in memory that the host shares with a worker's process and that outlives it: the worker that
/// takes its place does only what is left. Each end is one thread's.
class SharedProgress {
 public:
  /// Error: internal.
  static Result<SharedProgress> make();
  /// The other end of it; the descriptor is borrowed. Error: internal.
  static Result<SharedProgress> map(int fd);

  SharedProgress(SharedProgress&& other) noexcept
      : fd_(std::move(other.fd_)), progress_(std::exchange(other.progress_, nullptr)) {}
  SharedProgress& operator=(SharedProgress&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(progress_, other.progress_);
    return *this;
  }
  ~SharedProgress();

  [[nodiscard]] int fd() const { return fd_.get(); }
  WorkerProgress* operator->() const { return progress_; }
  [[nodiscard]] WorkerProgress* get() const { return progress_; }

 private:
  SharedProgress(UniqueFd fd, WorkerProgress* progress) : fd_(std::move(fd)), progress_(progress) {}

  UniqueFd fd_;
  WorkerProgress* progress_ = nullptr;
};

}  // namespace ordeal
