// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace ordeal {

/// Which file it is and what it holds, as far as its file system tells: another one once it has
/// been written to or replaced.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::uint64_t written_ns = 0;  // its time of modification

  /// Of an open file; all 0 when that cannot be told.
  static FileIdentity of(int fd);
  bool operator==(const FileIdentity&) const = default;
};

}  // namespace ordeal
