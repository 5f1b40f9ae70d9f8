// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace ordeal {

/// What the entry of a plugin's library says, read from the file. Nothing of it is mapped for
/// execution and none of its code runs.
struct LibraryEntry {
  std::uint64_t size = 0;  // of the symbol, bytes
  std::uint64_t magic = 0;
  std::uint32_t struct_size = 0;
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
};

/// Reads `ordeal_plugin_entry` of the ELF file behind `fd`, by what the dynamic loader would use
/// (program headers, not sections). The file may be damaged in any way. Error: plugin_rejected:
/// no shared object for this machine, truncated, no such symbol. `path` is for messages.
Result<LibraryEntry> read_library_entry(int fd, const std::string& path);

/// Why an entry cannot be used by this host; success when it can: magic, sizes, ABI with both
/// versions named.
Result<void> check_library_entry(const LibraryEntry& entry, const std::string& path);

}  // namespace ordeal
