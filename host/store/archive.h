// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ordeal {

/// The files of an archive by their names in it.
using ArchiveFiles = std::map<std::string, std::string>;

/// Bounds of what an archive may hold; they hold for files from anywhere.
struct ArchiveLimits {
  std::size_t entries = 64;
  std::uint64_t bytes = 256u * 1024 * 1024;
  // How much more than the compressed bytes may come out, beyond the first megabyte.
  std::uint64_t ratio = 100;
};

/// Reads a tar archive, plain or compressed with gzip or zstd, into memory; nothing is written.
/// `file` names it in errors. Refused are names that are absolute, have '..', empty or odd parts,
/// or differ in case only; links, devices, and whatever else is no plain file or folder; holes; and
/// what goes beyond `limits`. Any thread. Error: plugin_rejected.
Result<ArchiveFiles> read_archive(std::string_view bytes, const std::string& file,
                                  const ArchiveLimits& limits = {});

/// A gzip-compressed tar archive, the same bytes for the same files: names sorted, no times, no
/// owners. Error: internal.
Result<std::string> write_archive(const ArchiveFiles& files);

}  // namespace ordeal
