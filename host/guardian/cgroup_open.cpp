// SPDX-License-Identifier: Apache-2.0
// Before arming: the run's groups are made, and what dead guardians left is ended.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/files.h"
#include "guardian/cgroup.h"
#include "guardian/cgroup_file.h"
#include "guardian/kernel.h"
#include "guardian/pidfd.h"

namespace ordeal {

namespace {

constexpr std::string_view group_prefix = "ordeal-";
constexpr std::string_view group_suffix = ".run";  // others may call theirs ordeal-something too
constexpr int sweep_rounds = 100;

std::vector<pid_t> members(int folder) {
  std::vector<pid_t> pids;
  std::array<char, 16384> buffer;
  const UniqueFd fd(::openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC));
  std::string text;
  for (ssize_t n = 0; fd && (n = ::read(fd.get(), buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  for (std::size_t at = 0; at < text.size();) {
    pid_t pid = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), pid);
    if (pid > 0) pids.push_back(pid);
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  return pids;
}

/// The pids are looked up again once they are held: until then one may be another process's.
void kill_members(int folder) {
  if (write_at(folder, "cgroup.kill", "1") == 0) return;
  std::vector<std::pair<pid_t, UniqueFd>> held;
  for (const pid_t pid : members(folder)) held.emplace_back(pid, open_pidfd(pid));
  const auto still = members(folder);
  for (const auto& [pid, fd] : held)
    if (fd && std::find(still.begin(), still.end(), pid) != still.end())
      signal_pidfd(fd.get(), SIGKILL);
}

/// Kills and removes all that is in a group, whose lock the caller has.
void empty_group(int folder) {
  for (int round = 0; round < sweep_rounds; ++round) {
    bool left = false;
    each_folder(folder, [&](const char* name) {
      if (::unlinkat(folder, name, AT_REMOVEDIR) == 0) return;
      left = true;
      const UniqueFd child(open_folder(folder, name));
      if (child) kill_members(child.get());
    });
    if (!left) return;
    sleep_ns(1'000'000);
  }
}

bool lock(int folder) { return ::flock(folder, LOCK_EX | LOCK_NB) == 0; }

/// v2 lets a group have processes or share its controllers out, not both (the root apart). In a
/// scope or service of our own there is only the guardian and who started it: these two step aside.
bool step_aside(const std::string& folder) {
  const UniqueFd fd(open_folder(AT_FDCWD, folder.c_str()));
  if (!fd) return false;
  const auto present = members(fd.get());
  const pid_t me = ::getpid();
  const pid_t starter = ::getppid();
  if (present.empty() || !std::all_of(present.begin(), present.end(),
                                      [&](pid_t pid) { return pid == me || pid == starter; }))
    return false;
  const std::string aside = folder + "/ordeal.host";
  if (::mkdir(aside.c_str(), 0755) != 0 && errno != EEXIST) return false;
  return std::all_of(present.begin(), present.end(), [&](pid_t pid) {
    return write_small_file((aside + "/cgroup.procs").c_str(), std::to_string(pid).c_str()) == 0;
  });
}

}  // namespace

std::size_t Cgroups::sweep(const std::string& folder) {
  const UniqueFd parent(open_folder(AT_FDCWD, folder.c_str()));
  if (!parent) return 0;
  std::size_t swept = 0;
  each_folder(parent.get(), [&](const char* name) {
    const std::string_view found = name;
    if (!found.starts_with(group_prefix) || !found.ends_with(group_suffix)) return;
    const UniqueFd left(open_folder(parent.get(), name));
    if (!left || !lock(left.get())) return;
    empty_group(left.get());
    if (::unlinkat(parent.get(), name, AT_REMOVEDIR) == 0) ++swept;
  });
  return swept;
}

bool Cgroups::make_folder(const std::string& parent, Hierarchy& made) const {
  made.parent = UniqueFd(open_folder(AT_FDCWD, parent.c_str()));
  if (!made.parent) return false;
  // A sweep elsewhere may lock and remove a folder before we have locked it.
  for (int round = 0; round < 5; ++round) {
    if (::mkdirat(made.parent.get(), name_.c_str(), 0755) != 0 && errno != EEXIST) return false;
    made.folder = UniqueFd(open_folder(made.parent.get(), name_.c_str()));
    if (made.folder && lock(made.folder.get()) &&
        ::faccessat(made.parent.get(), name_.c_str(), F_OK, 0) == 0) {
      made.path = parent + "/" + name_;
      empty_group(made.folder.get());  // of an earlier guardian of this run
      return true;
    }
    sleep_ns(2'000'000);
  }
  return false;
}

bool Cgroups::delegate(const std::string& parent, const Hierarchy& made) {
  constexpr const char* all = "+memory +cpu +pids";
  const std::string file = parent + "/cgroup.subtree_control";
  int error = write_small_file(file.c_str(), all);
  if (error == EBUSY && step_aside(parent)) error = write_small_file(file.c_str(), all);
  // What is handed down already is good enough, whether we may change it or not.
  return write_at(made.folder.get(), "cgroup.subtree_control", all) == 0;
}

bool Cgroups::add(const CgroupPlace& place) {
  std::vector<std::string> parents{place.own};
  if (place.root != place.own) parents.push_back(place.root);
  for (const std::string& parent : parents) sweep(parent);
  const auto add_in = [&](const std::string& parent, bool limiting) {
    Hierarchy made;
    made.version = place.version;
    made.uses = place.version == 2 && limiting ? uses_of_v2(parent) & cgroup_limits : place.uses;
    if (size_ == most || (limiting && place.version == 2 && made.uses != cgroup_limits))
      return false;
    if (!make_folder(parent, made)) return false;
    hierarchies_[size_++] = std::move(made);
    Hierarchy& h = hierarchies_[size_ - 1];
    const bool works = place.version == 1 || !limiting || delegate(parent, h);
    if (place.version == 2 && ::faccessat(h.folder.get(), "cgroup.kill", W_OK, 0) == 0)
      h.uses |= bit(CgroupUse::kill);
    if (works && h.uses != 0 && write_limits(h)) return true;
    drop(size_ - 1);
    return false;
  };
  const auto try_all = [&](bool limiting) {
    return std::any_of(parents.begin(), parents.end(),
                       [&](const std::string& parent) { return add_in(parent, limiting); });
  };
  // A v2 group that cannot limit may still be killed.
  return try_all(true) || (place.version == 2 && try_all(false));
}

void Cgroups::drop(std::size_t index) noexcept {
  Hierarchy& h = hierarchies_[index];
  ::unlinkat(h.parent.get(), name_.c_str(), AT_REMOVEDIR);
  for (std::size_t i = index; i + 1 < size_; ++i) hierarchies_[i] = std::move(hierarchies_[i + 1]);
  hierarchies_[--size_] = {};
}

void Cgroups::open(const std::vector<CgroupPlace>& places, const std::string& run_id,
                   const CgroupLimits& limits) {
  remove_all();
  name_ = std::string(group_prefix) + run_id + std::string(group_suffix);
  std::replace(name_.begin(), name_.end(), '/', '_');
  limits_ = limits;
  hurried_ = false;
  for (const auto& place : places)
    if (place.version == 2 && add(place) && (uses() & cgroup_limits) == cgroup_limits)
      limiting_ = 2;
  if (limiting_ == 0) {
    for (const auto& place : places)
      if (place.version == 1) add(place);
    if ((uses() & cgroup_limits) == cgroup_limits) limiting_ = 1;
  }
  for (std::size_t i = size_; i-- > 0;) {
    Hierarchy& h = hierarchies_[i];
    if (limiting_ == 0 && h.version == 1)
      drop(i);
    else if (limiting_ != 0 && (h.uses & bit(CgroupUse::cpu)) != 0)
      cpu_stat_ = h.path + "/cpu.stat";
  }
  if (limiting_ == 0) limits_ = {};
}

void Cgroups::remove_all() noexcept {
  while (size_ > 0) {
    const int folder = hierarchies_[size_ - 1].folder.get();
    each_folder(folder, [folder](const char* name) { ::unlinkat(folder, name, AT_REMOVEDIR); });
    drop(size_ - 1);
  }
  limiting_ = 0;
  limits_ = {};
}

}  // namespace ordeal
