// SPDX-License-Identifier: Apache-2.0
#include "engine/descriptor_use.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace ordeal {

DescriptorUse descriptor_use() {
  DescriptorUse use;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) use.limit = limit.rlim_cur;
  struct stat folder {};
  if (::stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0) {
    use.used = static_cast<std::uint64_t>(folder.st_size);
    return use;
  }
  const UniqueFd lowest(::eventfd(0, EFD_CLOEXEC));
  use.used = lowest ? static_cast<std::uint64_t>(lowest.get()) : use.limit;
  return use;
}

bool out_of_descriptors() {
  const UniqueFd one(::eventfd(0, EFD_CLOEXEC));
  return !one && (errno == EMFILE || errno == ENFILE);
}

}  // namespace ordeal
