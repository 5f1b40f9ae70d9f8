// SPDX-License-Identifier: Apache-2.0
// The cgroups of one run: a group `ordeal-<run id>.run` that carries the run's limits, in it one
// group
// `<kind>-<id>` per containment.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "guardian/cgroup_find.h"
#include "guardian/fixed_text.h"

namespace ordeal {

/// What the tree of a run may use at most, all containments together. 0: not limited.
struct CgroupLimits {
  std::uint64_t cpu_permille = 0;  // of one CPU: 1600 is 160 %
  std::uint64_t memory_bytes = 0;
  std::uint64_t pids = 0;
  /// Not a limit: with its default weight a group counts as one process on all processors
  /// together, and a load of many threads would starve beside a target in no group. Weighed as one
  /// process on each of these many.
  std::uint64_t cpus = 1;
};

/// The group of one containment, a folder in up to four hierarchies. Plain data, so that a clone of
/// the guardian can enter it; closed by Cgroups::remove().
struct ContainmentGroup {
  std::array<int, 4> procs{-1, -1, -1, -1};  // cgroup.procs, for writing
  int kill = -1;                             // cgroup.kill
  int events = -1;                           // cgroup.events
  int memory = -1;                           // memory.events, in v1 memory.oom_control
  FixedText<40> name;                        // empty: no group

  /// Moves the calling process in. 0 or errno.
  int enter() const noexcept;
};

/// One thread. open() allocates and is called once, before arming; the rest does not.
class Cgroups {
 public:
  Cgroups() = default;
  ~Cgroups() { remove_all(); }
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  /// Makes the run's groups where that is permitted, in each place in the process's own cgroup or
  /// else at the root of the hierarchy, and writes the limits: in v2 if it has all three
  /// controllers, else in the v1 hierarchies if all three are there, else nowhere. Before that it
  /// ends what dead guardians left over (see sweep()).
  void open(const std::vector<CgroupPlace>& places, const std::string& run_id,
            const CgroupLimits& limits);

  /// Version of the hierarchy that limits memory, CPU and processes; 0: none does.
  [[nodiscard]] int limiting() const noexcept { return limiting_; }
  /// Whether the kernel can end a whole group (cgroup.kill).
  [[nodiscard]] bool can_kill() const noexcept { return (uses() & bit(CgroupUse::kill)) != 0; }
  /// The limits as they are enforced.
  [[nodiscard]] const CgroupLimits& limits() const noexcept { return limits_; }
  /// cpu.stat of the run's group, "" without one.
  [[nodiscard]] const std::string& cpu_stat() const noexcept { return cpu_stat_; }

  /// Makes `<kind>-<id>` in the limiting hierarchies and, with `killable`, where cgroup.kill is. 0,
  /// or errno with nothing made.
  int make(std::string_view kind, std::uint32_t id, bool killable,
           ContainmentGroup& group) noexcept;
  /// Removes the group's folders; they must be empty of processes, and stay if they are not.
  void remove(ContainmentGroup& group) noexcept;
  /// Closes what a clone has inherited, without removing anything.
  static void close(ContainmentGroup& group) noexcept;

  /// SIGKILL for every process in it, by the kernel. 0 or errno.
  static int kill(const ContainmentGroup& group) noexcept;
  /// Whether a process is in it, zombies apart; true when that cannot be read.
  static bool populated(const ContainmentGroup& group) noexcept;

  /// While processes of the run are being killed: no CPU quota, and before all others, since a
  /// process needs a processor to end. `false`: as before.
  void hurry(bool on) noexcept;
  /// Processes of it that the kernel killed because the run was at its memory limit.
  static std::uint64_t oom_kills(const ContainmentGroup& group) noexcept;

  /// Removes every empty containment group and the run's own groups.
  void remove_all() noexcept;

  /// Ends and removes the groups that guardians left behind which are dead: those nobody holds a
  /// lock on. Returns how many there were.
  static std::size_t sweep(const std::string& folder);

 private:
  static constexpr std::size_t most = 4;
  struct Hierarchy {
    int version = 0;
    std::uint32_t uses = 0;
    UniqueFd parent;  // the folder that holds the run's group
    UniqueFd folder;  // the run's group, locked
    std::string path;
  };

  bool add(const CgroupPlace& place);
  bool make_folder(const std::string& parent, Hierarchy& made) const;
  static bool delegate(const std::string& parent, const Hierarchy& made);
  bool write_limits(Hierarchy& hierarchy);
  static int write_weight(const Hierarchy& hierarchy, std::uint64_t cpus) noexcept;
  static int write_quota(const Hierarchy& hierarchy, std::uint64_t cpu_permille) noexcept;
  void drop(std::size_t index) noexcept;
  [[nodiscard]] std::uint32_t uses() const noexcept;

  std::string name_;
  CgroupLimits limits_;
  int limiting_ = 0;
  std::string cpu_stat_;
  std::array<Hierarchy, most> hierarchies_;
  std::size_t size_ = 0;
  bool hurried_ = false;
};

}  // namespace ordeal
