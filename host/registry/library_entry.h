// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

/// Reads `ordeal_plugin_entry` of a library's bytes, which may be damaged in any way. Error:
/// plugin_rejected: all of ElfLibrary's, no such symbol. `path` is for messages.
Result<LibraryEntry> read_library_entry(std::string_view bytes, const std::string& path);

/// The same of the file behind `fd`, which must not become shorter meanwhile.
Result<LibraryEntry> read_library_entry(int fd, const std::string& path);

/// Why an entry cannot be used by this host; success when it can: magic, sizes, ABI with both
/// versions named.
Result<void> check_library_entry(const LibraryEntry& entry, const std::string& path);

}  // namespace ordeal
