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

constexpr std::uint64_t most_weight_v1 = 262'144;
constexpr std::uint64_t most_weight_v2 = 10'000;

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
    if ((h.uses & bit(CgroupUse::memory)) != 0)
      open(h.version == 2 ? "memory.events" : "memory.oom_control", O_RDONLY, group.memory);
    // When the kernel has to choose, a load that has lost one process is of no use any more; a
    // service containment loses only the one cell.
    if (h.version == 2 && kind == "load") write_at(folder.get(), "memory.oom.group", "1");
  }
  if (error != 0) remove(group);
  return error;
}

void Cgroups::close(ContainmentGroup& group) noexcept {
  for (int* fd : {&group.procs[0], &group.procs[1], &group.procs[2], &group.procs[3], &group.kill,
                  &group.events, &group.memory}) {
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

int Cgroups::write_weight(const Hierarchy& h, std::uint64_t cpus) noexcept {
  Number text;
  if (h.version == 2) {
    text << std::min(most_weight_v2, 100 * cpus);
    return write_at(h.folder.get(), "cpu.weight", text.c_str());
  }
  text << std::min(most_weight_v1, 1024 * cpus);
  return write_at(h.folder.get(), "cpu.shares", text.c_str());
}

/// 0: no quota.
int Cgroups::write_quota(const Hierarchy& h, std::uint64_t cpu_permille) noexcept {
  const bool none = cpu_permille == 0;
  Number text;
  if (h.version == 2) {
    if (none)
      text << "max";
    else
      text << quota_us(cpu_permille);
    text << " " << period_us;
    return write_at(h.folder.get(), "cpu.max", text.c_str());
  }
  if (none)
    text << "-1";
  else
    text << quota_us(cpu_permille);
  return write_at(h.folder.get(), "cpu.cfs_quota_us", text.c_str());
}

void Cgroups::hurry(bool on) noexcept {
  if (limiting_ == 0 || on == hurried_) return;
  hurried_ = on;
  for (std::size_t i = 0; i < size_; ++i) {
    const Hierarchy& h = hierarchies_[i];
    if ((h.uses & bit(CgroupUse::cpu)) == 0) continue;
    if (limits_.cpu_permille != 0) write_quota(h, on ? 0 : limits_.cpu_permille);
    write_weight(h, on ? most_weight_v1 : limits_.cpus);
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
  if ((h.uses & bit(CgroupUse::cpu)) == 0) return true;
  if (write_weight(h, limits_.cpus) != 0) return false;
  if (limits_.cpu_permille == 0) return true;
  if (!v2 && put("cpu.cfs_period_us", period_us) != 0) return false;
  const int error = write_quota(h, limits_.cpu_permille);
  // The v1 group above may use no more than that anyway.
  if (error == EINVAL && !v2) limits_.cpu_permille = 0;
  return error == 0 || limits_.cpu_permille == 0;
}

std::uint64_t Cgroups::oom_kills(const ContainmentGroup& group) noexcept {
  std::array<char, 512> buffer;
  const ssize_t n = ::pread(group.memory, buffer.data(), buffer.size(), 0);
  if (n <= 0) return 0;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
  constexpr std::string_view name = "oom_kill ";
  const auto at = text.find(name);
  std::uint64_t count = 0;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), count);
  return count;
}

}  // namespace ordeal
