// SPDX-License-Identifier: Apache-2.0
#include "guardian/cgroup_find.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/files.h"

namespace ordeal {

namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(at), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// mountinfo writes blanks and backslashes as \ooo.
std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int value = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr ==
            text.data() + i + 4) {
      result += static_cast<char>(value);
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::uint32_t uses_of(std::string_view controllers, char separator) {
  std::uint32_t uses = 0;
  for (const auto name : split(controllers, separator)) {
    if (name == "memory") uses |= bit(CgroupUse::memory);
    if (name == "cpu") uses |= bit(CgroupUse::cpu);
    if (name == "pids") uses |= bit(CgroupUse::pids);
  }
  return uses;
}

/// Of a line "5:cpu,cpuacct:/some/path"; "0::/some/path" is the v2 one.
struct OwnPath {
  bool v2 = false;
  std::string_view controllers;
  std::string_view path;
};

std::vector<OwnPath> own_paths(std::string_view text) {
  std::vector<OwnPath> paths;
  for (const auto line : split(text, '\n')) {
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    paths.push_back({line.substr(0, first) == "0" && controllers.empty(), controllers,
                     line.substr(second + 1)});
  }
  return paths;
}

/// What lies below the mount's root, "" if the root itself; nullopt: not shown by this mount.
std::optional<std::string> below(std::string_view path, std::string_view root) {
  if (root == "/") return std::string(path == "/" ? "" : path);
  if (path == root) return "";
  if (path.starts_with(root) && path[root.size()] == '/')
    return std::string(path.substr(root.size()));
  return std::nullopt;
}

}  // namespace

std::vector<CgroupPlace> find_cgroups(std::string_view mountinfo, std::string_view own) {
  std::vector<CgroupPlace> places;
  const auto paths = own_paths(own);
  std::vector<bool> found(paths.size());
  for (const auto line : split(mountinfo, '\n')) {
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto fields = split(line.substr(0, dash), ' ');
    const auto tail = split(line.substr(dash + 3), ' ');
    if (fields.size() < 6 || tail.size() < 3) continue;
    const bool v2 = tail[0] == "cgroup2";
    if (!v2 && tail[0] != "cgroup") continue;
    const std::uint32_t uses = v2 ? 0 : uses_of(tail[2], ',');
    if (!v2 && uses == 0) continue;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (found[i] || paths[i].v2 != v2) continue;
      if (!v2 && uses_of(paths[i].controllers, ',') != uses) continue;
      const auto rest = below(paths[i].path, unescaped(fields[3]));
      if (!rest) continue;
      const std::string root = unescaped(fields[4]);
      places.push_back({v2 ? 2 : 1, uses, root + *rest, root});
      found[i] = true;
    }
  }
  return places;
}

std::vector<CgroupPlace> find_cgroups() {
  const auto mounts = read_file("/proc/self/mountinfo", ExitCode::preflight);
  const auto own = read_file("/proc/self/cgroup", ExitCode::preflight);
  if (!mounts || !own) return {};
  return find_cgroups(*mounts, *own);
}

std::uint32_t uses_of_v2(const std::string& folder) {
  auto names = read_file(folder + "/cgroup.controllers", ExitCode::preflight);
  if (!names) return 0;
  std::replace(names->begin(), names->end(), '\n', ' ');
  return uses_of(*names, ' ');
}

}  // namespace ordeal
