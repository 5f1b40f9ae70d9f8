// SPDX-License-Identifier: Apache-2.0
#include "engine/worker_progress.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace ordeal {

namespace {

constexpr const char* doing = "sharing a worker's progress";

}  // namespace

Result<SharedProgress> SharedProgress::make() {
  UniqueFd fd(::memfd_create("ordeal-progress", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  // A plugin has the descriptor in its process: it must not take the page from under the host.
  if (!fd || ::ftruncate(fd.get(), sizeof(WorkerProgress)) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return errno_error(ExitCode::internal, doing, errno);
  auto mapped = map(fd.get());
  if (!mapped) return mapped;
  new (mapped->progress_) WorkerProgress;
  mapped->fd_ = std::move(fd);
  return mapped;
}

Result<SharedProgress> SharedProgress::map(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return errno_error(ExitCode::internal, doing, errno);
  if (info.st_size < static_cast<off_t>(sizeof(WorkerProgress)))
    return errno_error(ExitCode::internal, doing, EINVAL);
  void* const memory =
      ::mmap(nullptr, sizeof(WorkerProgress), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return errno_error(ExitCode::internal, doing, errno);
  return SharedProgress(UniqueFd(), static_cast<WorkerProgress*>(memory));
}

SharedProgress::~SharedProgress() {
  if (progress_ != nullptr) ::munmap(progress_, sizeof(WorkerProgress));
}

}  // namespace ordeal
