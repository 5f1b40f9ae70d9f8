// SPDX-License-Identifier: Apache-2.0
#include "guardian/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "guardian/cgroup_file.h"

namespace ordeal {

namespace {

/// Short, so that a generator that reaches the quota stands still for milliseconds and not for a
/// tenth of a second, which is the kernel's default.
constexpr std::uint64_t period_us = 20'000;

using Number = FixedText<48>;

std::uint64_t quota_us(std::uint64_t cpu_permille) { return cpu_permille * period_us / 1000; }

}  // namespace

int ContainmentGroup::enter() const noexcept {
  for (const int fd : procs)
    if (fd >= 0 && ::write(fd, "0", 1) != 1) return errno;
  return 0;
}

std::uint32_t Cgroups::uses() const noexcept {
  std::uint32_t uses = 0;
  for (std::size_t i = 0; i < size_; ++i) uses |= hierarchies_[i].uses;
  return uses;
}

int Cgroups::make(std::string_view kind, std::uint32_t id, bool killable,
                  ContainmentGroup& group) noexcept {
  group = {};
  group.name << kind << "-" << id;
  int error = 0;
  for (std::size_t i = 0; i < size_ && error == 0; ++i) {
    const Hierarchy& h = hierarchies_[i];
    const bool kills = killable && (h.uses & bit(CgroupUse::kill)) != 0;
    if ((h.uses & cgroup_limits) == 0 && !kills) continue;
    if (::mkdirat(h.folder.get(), group.name.c_str(), 0755) != 0 && errno != EEXIST) {
      error = errno;
      break;
    }
    const UniqueFd folder(open_folder(h.folder.get(), group.name.c_str()));
    const auto open = [&](const char* file, int flags, int& fd) {
      fd = ::openat(folder.get(), file, flags | O_CLOEXEC);
      if (fd < 0) error = errno;
    };
    open("cgroup.procs", O_WRONLY, group.procs[i]);
    if (kills) {
      open("cgroup.kill", O_WRONLY, group.kill);
      open("cgroup.events", O_RDONLY, group.events);
    }
    // When the kernel has to choose, a load that has lost one process is of no use any more; a
    // service containment loses only the one cell.
    if (h.version == 2 && kind == "load") write_at(folder.get(), "memory.oom.group", "1");
  }
  if (error != 0) remove(group);
  return error;
}

void Cgroups::close(ContainmentGroup& group) noexcept {
  for (int* fd : {&group.procs[0], &group.procs[1], &group.procs[2], &group.procs[3], &group.kill,
                  &group.events}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

void Cgroups::remove(ContainmentGroup& group) noexcept {
  close(group);
  if (group.name.view().empty()) return;
  for (std::size_t i = 0; i < size_; ++i)
    ::unlinkat(hierarchies_[i].folder.get(), group.name.c_str(), AT_REMOVEDIR);
  group = {};
}

int Cgroups::kill(const ContainmentGroup& group) noexcept {
  if (group.kill < 0) return EBADF;
  return ::pwrite(group.kill, "1", 1, 0) == 1 ? 0 : errno;
}

bool Cgroups::populated(const ContainmentGroup& group) noexcept {
  std::array<char, 128> buffer;
  const ssize_t n = ::pread(group.events, buffer.data(), buffer.size(), 0);
  if (n <= 0) return true;
  return std::string_view(buffer.data(), static_cast<std::size_t>(n)).find("populated 0") ==
         std::string_view::npos;
}

void Cgroups::set_throttle(bool on) noexcept {
  if (limits_.cpu_permille == 0 || on == throttled_) return;
  throttled_ = on;
  for (std::size_t i = 0; i < size_; ++i) {
    const Hierarchy& h = hierarchies_[i];
    if ((h.uses & bit(CgroupUse::cpu)) == 0) continue;
    Number text;
    if (h.version == 2) {
      if (on)
        text << quota_us(limits_.cpu_permille);
      else
        text << "max";
      text << " " << period_us;
      write_at(h.folder.get(), "cpu.max", text.c_str());
    } else {
      if (on)
        text << quota_us(limits_.cpu_permille);
      else
        text << "-1";
      write_at(h.folder.get(), "cpu.cfs_quota_us", text.c_str());
    }
  }
}

bool Cgroups::write_limits(Hierarchy& h) {
  const auto put = [&](const char* file, std::uint64_t value) {
    Number text;
    text << value;
    return write_at(h.folder.get(), file, text.c_str());
  };
  const bool v2 = h.version == 2;
  if ((h.uses & bit(CgroupUse::memory)) != 0 && limits_.memory_bytes != 0) {
    if (v2) {
      // Reclaim and slow down first; the end comes a sixteenth later.
      if (put("memory.high", limits_.memory_bytes / 16 * 15) != 0) return false;
      if (put("memory.max", limits_.memory_bytes) != 0) return false;
    } else {
      put("memory.use_hierarchy", 1);  // the default of newer kernels, and read-only there
      if (put("memory.limit_in_bytes", limits_.memory_bytes) != 0) return false;
    }
  }
  if ((h.uses & bit(CgroupUse::pids)) != 0 && limits_.pids != 0 && put("pids.max", limits_.pids))
    return false;
  if ((h.uses & bit(CgroupUse::cpu)) != 0) {
    constexpr std::uint64_t most_v1 = 262'144;
    constexpr std::uint64_t most_v2 = 10'000;
    const int error = v2 ? put("cpu.weight", std::min(most_v2, 100 * limits_.cpus))
                         : put("cpu.shares", std::min(most_v1, 1024 * limits_.cpus));
    if (error != 0) return false;
  }
  if ((h.uses & bit(CgroupUse::cpu)) != 0 && limits_.cpu_permille != 0) {
    Number text;
    text << quota_us(limits_.cpu_permille);
    if (v2) {
      text << " " << period_us;
      return write_at(h.folder.get(), "cpu.max", text.c_str()) == 0;
    }
    if (put("cpu.cfs_period_us", period_us) != 0) return false;
    const int error = write_at(h.folder.get(), "cpu.cfs_quota_us", text.c_str());
    // The group above may use no more than that anyway.
    if (error == EINVAL) limits_.cpu_permille = 0;
    return error == 0 || error == EINVAL;
  }
  return true;
}

std::uint64_t Cgroups::oom_kills() const noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    const Hierarchy& h = hierarchies_[i];
    if ((h.uses & bit(CgroupUse::memory)) == 0) continue;
    std::array<char, 512> buffer;
    const std::size_t n =
        read_at(h.folder.get(), h.version == 2 ? "memory.events" : "memory.oom_control", buffer);
    const std::string_view text(buffer.data(), n);
    const auto at = text.find("oom_kill ");
    std::uint64_t count = 0;
    if (at != std::string_view::npos)
      std::from_chars(text.data() + at + 9, text.data() + text.size(), count);
    return count;
  }
  return 0;
}

}  // namespace ordeal
