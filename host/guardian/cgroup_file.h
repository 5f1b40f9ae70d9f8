// SPDX-License-Identifier: Apache-2.0
// Small files relative to an open folder, without allocating.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/unique_fd.h"

namespace ordeal {

/// -1 and errno when it is none. Close-on-exec.
inline int open_folder(int at, const char* name) noexcept {
  return ::openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/// Writes a whole small file that must exist. 0 or errno.
inline int write_at(int folder, const char* name, const char* text) noexcept {
  const UniqueFd fd(::openat(folder, name, O_WRONLY | O_CLOEXEC));
  if (!fd) return errno;
  const std::size_t size = std::strlen(text);
  return ::write(fd.get(), text, size) == static_cast<ssize_t>(size) ? 0 : errno;
}

/// Bytes read, 0 if it cannot be.
inline std::size_t read_at(int folder, const char* name, std::span<char> buffer) noexcept {
  const UniqueFd fd(::openat(folder, name, O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? ::read(fd.get(), buffer.data(), buffer.size()) : 0;
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

/// Calls `action(name)` for each folder in it. The action may remove the one it is told of.
template <typename Action>
void each_folder(int folder, Action action) noexcept {
  const UniqueFd list(open_folder(folder, "."));
  alignas(8) std::array<char, 4096> names;
  for (;;) {
    const long n = list ? ::syscall(SYS_getdents64, list.get(), names.data(), names.size()) : 0;
    if (n <= 0) return;
    for (long at = 0; at < n;) {
      // linux_dirent64: u64 inode, i64 offset, u16 length, u8 type, name
      const char* entry = names.data() + at;
      std::uint16_t length = 0;
      std::memcpy(&length, entry + 16, sizeof length);
      at += length;
      const char* name = entry + 19;
      if (entry[18] == DT_DIR && name[0] != '.') action(name);
    }
  }
}

}  // namespace ordeal
