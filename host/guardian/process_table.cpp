// SPDX-License-Identifier: Apache-2.0
#include "guardian/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "guardian/fixed_text.h"
#include "guardian/pidfd.h"

namespace ordeal {

namespace {

// linux_dirent64: where its fields lie.
constexpr std::size_t length_offset = 16;
constexpr std::size_t name_offset = 19;

template <typename T>
T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int ProcessTable::open() noexcept {
  proc_ = UniqueFd(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const int error = proc_ ? 0 : errno;
  if (const long size = ::sysconf(_SC_PAGESIZE); size > 0)
    page_bytes_ = static_cast<std::uint64_t>(size);
  if (const long ticks = ::sysconf(_SC_CLK_TCK); ticks > 0)
    ticks_per_s_ = static_cast<std::uint64_t>(ticks);
  return error;
}

int ProcessTable::open_in_clone() noexcept {
  [[maybe_unused]] const int stale = proc_.release();
  return open();
}

bool ProcessTable::read_entry(const char* name, Entry& entry, Usage* usage) noexcept {
  FixedText<32> path;
  path << name << "/stat";
  const UniqueFd fd(::openat(proc_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return false;
  std::array<char, 1024> buffer;
  const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
  if (n <= 0) return false;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
  // The name in parentheses may hold anything, so the last one counts.
  const auto close = text.rfind(')');
  if (close == std::string_view::npos || close + 2 >= text.size()) return false;
  std::string_view rest = text.substr(close + 2);
  entry = {};
  entry.pid = number<pid_t>(name);
  int threads = 0;
  std::uint64_t cpu_ticks = 0;
  std::uint64_t pages = 0;
  for (int field = 3; field <= 24 && !rest.empty(); ++field) {
    const auto end = std::min(rest.find(' '), rest.size());
    const auto word = rest.substr(0, end);
    if (field == 3) entry.state = word.empty() ? '?' : word[0];
    if (field == 4) entry.parent = number<pid_t>(word);
    if (field == 14 || field == 15) cpu_ticks += number<std::uint64_t>(word);
    if (field == 20) threads = number<int>(word);
    if (field == 22) entry.start_ticks = number<std::uint64_t>(word);
    if (field == 24) pages = number<std::uint64_t>(word);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (usage != nullptr) {
    *usage = {entry.pid, entry.state, {}, pages * page_bytes_, cpu_ticks * 1000 / ticks_per_s_};
    const auto open = text.find('(');
    const auto size = std::min(close - open - 1, usage->name.size() - 1);
    std::memcpy(usage->name.data(), text.data() + open + 1, size);
  }
  // A thread group whose leader ended is alive as long as another thread is.
  return (entry.state != 'Z' && entry.state != 'X') || threads > 1;
}

bool ProcessTable::scan() noexcept {
  size_ = 0;
  if (::lseek(proc_.get(), 0, SEEK_SET) < 0) return false;
  for (;;) {
    const long n = ::syscall(SYS_getdents64, proc_.get(), names_.data(), names_.size());
    if (n < 0) return false;
    if (n == 0) break;
    for (long at = 0; at < n;) {
      const char* found = names_.data() + at;
      std::uint16_t length = 0;
      std::memcpy(&length, found + length_offset, sizeof length);
      at += length;
      const char* name = found + name_offset;
      if (*name < '0' || *name > '9' || size_ == capacity) continue;
      if (read_entry(name, entries_[size_])) ++size_;
    }
  }
  std::sort(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(size_),
            [](const Entry& a, const Entry& b) { return a.pid < b.pid; });
  return true;
}

ProcessTable::Entry* ProcessTable::find(pid_t pid) noexcept {
  auto* end = entries_.data() + size_;
  auto* at = std::lower_bound(entries_.data(), end, pid,
                              [](const Entry& e, pid_t wanted) { return e.pid < wanted; });
  return at != end && at->pid == pid ? at : nullptr;
}

std::size_t ProcessTable::mark_descendants(pid_t root, std::span<const pid_t> spared) noexcept {
  std::size_t marked = 0;
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < size_; ++i) {
      Entry& e = entries_[i];
      if (e.marked || e.pid == root) continue;
      if (e.parent != root) {
        const Entry* parent = find(e.parent);
        if (parent == nullptr || !parent->marked) continue;
      }
      if (std::find(spared.begin(), spared.end(), e.pid) != spared.end()) continue;
      e.marked = true;
      ++marked;
      again = true;
    }
  }
  return marked;
}

std::size_t ProcessTable::kill_marked() noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const Entry& e = entries_[i];
    if (!e.marked) continue;
    ++count;
    const UniqueFd pidfd(open_pidfd(e.pid));
    if (!pidfd) continue;
    FixedText<16> name;
    name << e.pid;
    Entry now;
    // The descriptor holds whoever has the pid now: it must be the one that was scanned.
    if (read_entry(name.c_str(), now) && now.start_ticks == e.start_ticks)
      signal_pidfd(pidfd.get(), SIGKILL);
  }
  return count;
}

std::size_t ProcessTable::heaviest(Heaviest& by_memory, Heaviest& by_cpu) noexcept {
  std::size_t count = 0;
  // Keeps `list` sorted; the lightest falls out.
  const auto insert = [&](Heaviest& list, const Usage& usage, auto key) {
    std::size_t at = std::min(count, heaviest_max);
    while (at > 0 && key(list[at - 1]) < key(usage)) --at;
    for (std::size_t i = std::min(count, heaviest_max - 1); i > at; --i) list[i] = list[i - 1];
    if (at < heaviest_max) list[at] = usage;
  };
  for (std::size_t i = 0; i < size_; ++i) {
    if (!entries_[i].marked) continue;
    FixedText<16> name;
    name << entries_[i].pid;
    Entry now;
    Usage usage;
    if (!read_entry(name.c_str(), now, &usage) || now.start_ticks != entries_[i].start_ticks)
      continue;
    insert(by_memory, usage, [](const Usage& u) { return u.rss_bytes; });
    insert(by_cpu, usage, [](const Usage& u) { return u.cpu_ms; });
    ++count;
  }
  return std::min(count, heaviest_max);
}

const ProcessTable::Entry* ProcessTable::first_marked() const noexcept {
  for (std::size_t i = 0; i < size_; ++i)
    if (entries_[i].marked) return &entries_[i];
  return nullptr;
}

}  // namespace ordeal
