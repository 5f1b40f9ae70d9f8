// SPDX-License-Identifier: Apache-2.0
#include "guardian/sensors.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace ordeal {

namespace {

std::optional<std::uint64_t> field(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = text.substr(at + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  std::uint64_t kib = 0;
  const auto end = std::from_chars(rest.data(), rest.data() + rest.size(), kib);
  // Without the unit behind it the number may be half of one that is being written.
  if (end.ec != std::errc() ||
      std::string_view(end.ptr, rest.data() + rest.size()).substr(0, 3) != " kB")
    return std::nullopt;
  return kib * 1024;
}

}  // namespace

Result<Sensors> Sensors::open(const std::string& proc_root, const std::string& run_dir) {
  Sensors sensors;
  const std::string meminfo = proc_root + "/meminfo";
  sensors.meminfo_ = UniqueFd(::open(meminfo.c_str(), O_RDONLY | O_CLOEXEC));
  if (!sensors.meminfo_) return errno_error(ExitCode::preflight, "opening " + meminfo, errno);
  sensors.run_dir_ = UniqueFd(::open(run_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!sensors.run_dir_) return errno_error(ExitCode::preflight, "opening " + run_dir, errno);
  return sensors;
}

std::optional<MemoryReading> Sensors::memory() const noexcept {
  std::array<char, 4096> buffer;
  const ssize_t n = ::pread(meminfo_.get(), buffer.data(), buffer.size(), 0);
  if (n <= 0) return std::nullopt;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
  const auto total = field(text, "MemTotal:");
  const auto available = field(text, "MemAvailable:");
  if (!total || !available || *total == 0) return std::nullopt;
  return MemoryReading{*total, std::min(*available, *total)};
}

std::optional<double> Sensors::disk_used_percent() const noexcept {
  struct statvfs s {};
  if (::fstatvfs(run_dir_.get(), &s) != 0 || s.f_blocks == 0) return std::nullopt;
  const auto used = static_cast<double>(s.f_blocks - s.f_bfree);
  const double of = used + static_cast<double>(s.f_bavail);
  return of > 0 ? 100.0 * used / of : 0;
}

}  // namespace ordeal
