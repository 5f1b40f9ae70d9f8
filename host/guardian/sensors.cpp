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

#include "base/files.h"

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

/// The number behind `name`, which stands at the beginning of a line or of the text.
std::optional<std::uint64_t> counter(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    // Without its end the number may be half of one.
    if (line.substr(0, name.size()) == name && end < text.size()) {
      const std::string_view rest = line.substr(name.size());
      std::uint64_t value = 0;
      const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), value);
      if (result.ec == std::errc()) return value;
      return std::nullopt;
    }
    at = end + 1;
  }
  return std::nullopt;
}

/// Adds up those of the counters that the kernel has; nullopt when it has none.
template <std::size_t N>
std::optional<std::uint64_t> sum(std::string_view text,
                                 const std::array<std::string_view, N>& names) {
  std::optional<std::uint64_t> total;
  for (const auto name : names)
    if (const auto value = counter(text, name)) total = total.value_or(0) + *value;
  return total;
}

UniqueFd open_sensor(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::uint64_t number_in(const std::string& path) {
  const auto text = read_file(path, ExitCode::internal, 4096);
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

template <std::size_t N>
std::string_view read_whole(const UniqueFd& fd, std::array<char, N>& buffer) {
  const ssize_t n = fd ? ::pread(fd.get(), buffer.data(), buffer.size(), 0) : 0;
  return {buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

}  // namespace

Result<Sensors> Sensors::open(const std::string& proc_root, const std::string& run_dir) {
  Sensors sensors;
  const std::string meminfo = proc_root + "/meminfo";
  sensors.meminfo_ = UniqueFd(::open(meminfo.c_str(), O_RDONLY | O_CLOEXEC));
  if (!sensors.meminfo_) return errno_error(ExitCode::preflight, "opening " + meminfo, errno);
  sensors.pressure_ = open_sensor(proc_root + "/pressure/memory");
  sensors.vmstat_ = open_sensor(proc_root + "/vmstat");
  sensors.file_nr_ = open_sensor(proc_root + "/sys/fs/file-nr");
  sensors.loadavg_ = open_sensor(proc_root + "/loadavg");
  const std::uint64_t pids = number_in(proc_root + "/sys/kernel/pid_max");
  const std::uint64_t threads = number_in(proc_root + "/sys/kernel/threads-max");
  sensors.tasks_max_ =
      pids != 0 && threads != 0 ? std::min(pids, threads) : std::max(pids, threads);
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

HostReading Sensors::host() const noexcept {
  HostReading reading;
  std::array<char, 16384> buffer;
  if (const auto text = read_whole(pressure_, buffer); !text.empty()) {
    const auto full = text.find("full ");
    const auto total = full == std::string_view::npos ? full : text.find("total=", full);
    if (total != std::string_view::npos) reading.stalled_us = counter(text.substr(total), "total=");
  }
  if (const auto text = read_whole(vmstat_, buffer); !text.empty()) {
    constexpr std::array<std::string_view, 4> activity{"pgscan_kswapd ", "pgscan_direct ",
                                                       "pswpin ", "pswpout "};
    reading.reclaimed = sum(text, activity);
    reading.oom_kills = counter(text, "oom_kill ");
  }
  if (const auto text = read_whole(file_nr_, buffer); !text.empty()) {
    std::uint64_t used = 0;
    std::uint64_t most = 0;
    const auto first = std::from_chars(text.data(), text.data() + text.size(), used);
    const auto last = text.rfind('\t');
    if (first.ec == std::errc() && last != std::string_view::npos &&
        std::from_chars(text.data() + last + 1, text.data() + text.size(), most).ec ==
            std::errc() &&
        most != 0)
      reading.files_percent = 100.0 * static_cast<double>(used) / static_cast<double>(most);
  }
  if (const auto text = read_whole(loadavg_, buffer); !text.empty() && tasks_max_ != 0) {
    std::uint64_t tasks = 0;
    const auto slash = text.find('/');
    if (slash != std::string_view::npos &&
        std::from_chars(text.data() + slash + 1, text.data() + text.size(), tasks).ec ==
            std::errc())
      reading.tasks_percent = 100.0 * static_cast<double>(tasks) / static_cast<double>(tasks_max_);
  }
  return reading;
}

std::optional<double> Sensors::disk_used_percent() const noexcept {
  struct statvfs s {};
  if (::fstatvfs(run_dir_.get(), &s) != 0 || s.f_blocks == 0) return std::nullopt;
  const auto used = static_cast<double>(s.f_blocks - s.f_bfree);
  const double of = used + static_cast<double>(s.f_bavail);
  return of > 0 ? 100.0 * used / of : 0;
}

}  // namespace ordeal
