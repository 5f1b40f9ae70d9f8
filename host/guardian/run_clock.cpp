// SPDX-License-Identifier: Apache-2.0
#include "guardian/run_clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/unique_fd.h"
#include "guardian/kernel.h"

namespace ordeal {

namespace {

std::uint64_t shifted(std::uint64_t ns, const std::atomic<std::int64_t>& by) {
  return ns + static_cast<std::uint64_t>(by.load(std::memory_order_relaxed));
}

}  // namespace

Result<RunClock> RunClock::open(const std::string& shift_file) {
  if (shift_file.empty()) return RunClock(nullptr);
  const UniqueFd fd(::open(shift_file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found {};
  if (!fd || ::fstat(fd.get(), &found) != 0)
    return errno_error(ExitCode::preflight, "opening " + shift_file, errno);
  if (found.st_size != static_cast<off_t>(sizeof(ClockShift)))
    return errno_error(ExitCode::preflight, "reading " + shift_file, EINVAL);
  void* map = ::mmap(nullptr, sizeof(ClockShift), PROT_READ, MAP_SHARED, fd.get(), 0);
  if (map == MAP_FAILED) return errno_error(ExitCode::preflight, "mapping " + shift_file, errno);
  return RunClock(static_cast<const ClockShift*>(map));
}

RunClock::RunClock(RunClock&& other) noexcept : shift_(std::exchange(other.shift_, nullptr)) {}

RunClock::~RunClock() {
  if (shift_ != nullptr) ::munmap(const_cast<ClockShift*>(shift_), sizeof(ClockShift));
}

std::uint64_t RunClock::now() const noexcept {
  return shift_ == nullptr ? boottime_ns() : shifted(boottime_ns(), shift_->boot_ns);
}

std::uint64_t RunClock::wall() const noexcept {
  return shift_ == nullptr ? wall_ns() : shifted(wall_ns(), shift_->wall_ns);
}

}  // namespace ordeal
