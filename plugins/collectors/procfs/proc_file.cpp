// SPDX-License-Identifier: Apache-2.0
#include "proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace procfs {

std::optional<std::string_view> ProcFile::read(std::string& buffer) {
  if (fd_ < 0) {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) {
      error_ = errno;
      return std::nullopt;
    }
  }
  std::size_t used = 0;
  for (;;) {
    if (buffer.size() - used < 4096) buffer.resize(buffer.size() + 16384);
    const ssize_t n =
        ::pread(fd_, buffer.data() + used, buffer.size() - used, static_cast<off_t>(used));
    if (n < 0) {
      if (errno == EINTR) continue;
      error_ = errno;
      close();
      return std::nullopt;
    }
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  error_ = 0;
  return std::string_view(buffer.data(), used);
}

void ProcFile::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace procfs
