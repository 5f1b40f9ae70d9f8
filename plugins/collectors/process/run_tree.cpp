// SPDX-License-Identifier: Apache-2.0
#include "run_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <string_view>

#include "../procfs/text.h"

namespace process_collector {

namespace {

struct Entry {
  int pid = 0;
  int parent = 0;
  std::string comm;
  std::uint64_t start_ticks = 0;
  double resident_bytes = 0;
};

constexpr std::string_view guardian = "ordeal-guardian";
constexpr std::string_view controller = "ordeal-control";
constexpr std::string_view init = "ordeal-init";

std::optional<std::string> text_of(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::array<char, 1024> text{};
  const ssize_t n = ::read(fd, text.data(), text.size());
  ::close(fd);
  if (n <= 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(n));
}

std::string link_of(const std::string& path) {
  std::array<char, 1024> text{};
  const ssize_t n = ::readlink(path.c_str(), text.data(), text.size());
  return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : std::string();
}

std::optional<Entry> entry_of(const std::string& proc, const std::string& pid) {
  const auto stat = text_of(proc + "/" + pid + "/stat");
  if (!stat.has_value()) return std::nullopt;
  // pid (comm) state ppid ...; comm may hold spaces and parentheses
  const std::size_t open = stat->find('(');
  const std::size_t end = stat->rfind(')');
  if (open == std::string::npos || end == std::string::npos || end < open) return std::nullopt;
  Entry entry;
  entry.pid = std::atoi(pid.c_str());
  entry.comm = stat->substr(open + 1, end - open - 1);
  std::string_view rest = std::string_view(*stat).substr(end + 1);
  const std::string_view state = procfs::take_word(rest);
  if (state == "Z" || state == "X" || state == "x") return std::nullopt;
  // proc(5) counts from 1 and ppid is 4: here field[i] is number i + 4
  std::array<std::string_view, 21> field;
  for (std::string_view& word : field) word = procfs::take_word(rest);
  const auto parent = procfs::unsigned_number(field[0]);
  const auto start = procfs::unsigned_number(field[18]);
  const auto pages = procfs::unsigned_number(field[20]);
  if (!parent || !start || !pages) return std::nullopt;
  entry.parent = static_cast<int>(*parent);
  entry.start_ticks = *start;
  entry.resident_bytes = static_cast<double>(*pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  return entry;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The guardian above `pid`, or `pid` itself when there is none; 0 when an ancestor is unreadable.
int root_of(const std::string& proc, const std::string& self) {
  std::string at = self;
  for (int depth = 0; depth < 256; ++depth) {
    const auto entry = entry_of(proc, at);
    if (!entry.has_value()) return 0;
    if (entry->comm == guardian) return entry->pid;
    if (entry->parent <= 1) break;
    at = std::to_string(entry->parent);
  }
  return std::atoi(self.c_str());
}

class Tree {
 public:
  explicit Tree(const std::string& proc) : proc_(proc) {}

  bool read() {
    DIR* const listing = ::opendir(proc_.c_str());
    if (listing == nullptr) return false;
    while (const dirent* one = ::readdir(listing)) {
      if (!all_digits(one->d_name)) continue;
      if (auto entry = entry_of(proc_, one->d_name)) children_[entry->parent].push_back(*entry);
    }
    ::closedir(listing);
    return true;
  }

  /// Everything below `pid`, whose own role is `above`.
  void walk(int pid, Role above, double uptime, std::vector<RunProcess>& out) const {
    const auto found = children_.find(pid);
    if (found == children_.end()) return;
    for (const Entry& entry : found->second) {
      const Role role = role_of(entry, above);
      out.push_back(made(entry, role, uptime));
      walk(entry.pid, role == Role::control ? Role::control : Role::started, uptime, out);
    }
  }

  static RunProcess made(const Entry& entry, Role role, double uptime) {
    const double started =
        static_cast<double>(entry.start_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return {role, entry.pid, entry.comm, entry.resident_bytes, std::max(0.0, uptime - started)};
  }

 private:
  [[nodiscard]] Role role_of(const Entry& entry, Role above) const {
    if (above == Role::started) return Role::started;
    // Names can be taken by anybody; what matters here is which program runs.
    std::string program = link_of(proc_ + "/" + std::to_string(entry.pid) + "/exe");
    constexpr std::string_view replaced = " (deleted)";  // by an upgrade, since it was started
    if (program.ends_with(replaced)) program.resize(program.size() - replaced.size());
    const std::string_view name = std::string_view(program).substr(program.rfind('/') + 1);
    if (name == "ordeal-cell") {
      return entry.comm.starts_with("load-") ? Role::load : Role::service;
    }
    const bool ours = name == guardian || name == "ordeal";
    return ours && (entry.comm == init || entry.comm == controller || entry.comm == guardian)
               ? Role::control
               : Role::started;
  }

  const std::string& proc_;
  std::map<int, std::vector<Entry>> children_;
};

}  // namespace

std::optional<std::vector<RunProcess>> run_processes(const std::string& proc) {
  const std::string self = link_of(proc + "/self");
  const auto uptime_text = text_of(proc + "/uptime");
  if (!all_digits(self) || !uptime_text.has_value()) return std::nullopt;
  std::string_view words = *uptime_text;
  const auto uptime = procfs::decimal_number(procfs::take_word(words));
  const int root = root_of(proc, self);
  Tree tree(proc);
  if (!uptime.has_value() || root == 0 || !tree.read()) return std::nullopt;
  const auto top = entry_of(proc, std::to_string(root));
  if (!top.has_value()) return std::nullopt;
  const bool guarded = top->comm == guardian;
  std::vector<RunProcess> out;
  out.push_back(Tree::made(*top, guarded ? Role::control : Role::service, *uptime));
  tree.walk(root, guarded ? Role::control : Role::started, *uptime, out);
  return out;
}

}  // namespace process_collector
