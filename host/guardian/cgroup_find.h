// SPDX-License-Identifier: Apache-2.0
// Where the cgroups are that this process may make others under.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// What a hierarchy is good for here; bits.
enum class CgroupUse : std::uint32_t { memory = 1, cpu = 2, pids = 4, kill = 8 };

constexpr std::uint32_t bit(CgroupUse use) { return static_cast<std::uint32_t>(use); }
inline constexpr std::uint32_t cgroup_limits =
    bit(CgroupUse::memory) | bit(CgroupUse::cpu) | bit(CgroupUse::pids);

/// One mounted hierarchy.
struct CgroupPlace {
  int version = 0;         // 1 or 2
  std::uint32_t uses = 0;  // of a v1 hierarchy; in v2 each folder has its own, see uses_of_v2()
  std::string own;         // folder of the cgroup that this process is in
  std::string root;        // mount point
};

/// From the text of /proc/self/mountinfo and /proc/self/cgroup. A path in the latter is relative to
/// the root of the hierarchy (or of the cgroup namespace), a mount may show but a part of it:
/// places whose own cgroup no mount shows are left out, and of several mounts the first counts.
/// Hierarchies without a use for ordeal (freezer, a v1 "name=systemd") are left out.
std::vector<CgroupPlace> find_cgroups(std::string_view mountinfo, std::string_view own);

/// The same of this process. Allocates and reads files: before arming.
std::vector<CgroupPlace> find_cgroups();

/// Limits that the groups in a v2 folder may have, by its cgroup.controllers.
std::uint32_t uses_of_v2(const std::string& folder);

}  // namespace ordeal
