// SPDX-License-Identifier: Apache-2.0
#include "base/file_identity.h"

#include <sys/stat.h>

namespace ordeal {

FileIdentity FileIdentity::of(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return {};
  const auto written = static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000 +
                       static_cast<std::uint64_t>(info.st_mtim.tv_nsec);
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size), written};
}

}  // namespace ordeal
