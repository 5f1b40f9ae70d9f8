// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "registry/registry.h"

namespace ordeal {
namespace {

Error untrusted(const std::string& path, std::string what, std::string fix) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = path;
  error.expected = "plugin files and all folders above them to be writable by root or you only";
  error.fix = std::move(fix);
  return error;
}

Result<void> check_one(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno_error(ExitCode::plugin_rejected, "looking at " + path, errno);
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return untrusted(path, "belongs to user " + std::to_string(status.st_uid),
                     "change its owner: chown " + std::to_string(geteuid()) + " " + path);
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  // In a sticky folder of root's, such as /tmp, others may add entries but neither rename nor
  // replace ours, and every entry on our way is checked to be ours or root's.
  if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0 && status.st_uid == 0) return {};
  return untrusted(path, "others may write to it", "take the right away: chmod go-w " + path);
}

}  // namespace

Result<void> check_owner_trust(const std::string& file) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(file.c_str(), nullptr),
                                                             std::free);
  if (!resolved) return errno_error(ExitCode::plugin_rejected, "resolving " + file, errno);
  std::string path = resolved.get();
  while (true) {
    if (Result<void> trusted = check_one(path); !trusted) return trusted;
    if (path == "/") return {};
    path.resize(path.rfind('/'));
    if (path.empty()) path = "/";
  }
}

}  // namespace ordeal
