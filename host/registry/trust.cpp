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

Result<void> judge(const std::string& path, const struct stat& status) {
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

Result<void> check_one(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno_error(ExitCode::plugin_rejected, "looking at " + path, errno);
  }
  return judge(path, status);
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr),
                                                             std::free);
  return resolved ? resolved.get() : std::string();
}

Result<void> check_chain(std::string path) {
  while (true) {
    if (Result<void> trusted = check_one(path); !trusted) return trusted;
    if (path == "/") return {};
    path.resize(path.rfind('/'));
    if (path.empty()) path = "/";
  }
}

}  // namespace

Result<void> check_owner_trust(const std::string& file) {
  const std::string path = real_path(file);
  if (path.empty()) return errno_error(ExitCode::plugin_rejected, "resolving " + file, errno);
  return check_chain(path);
}

Result<void> OwnerTrust::check(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  const std::string name = file.substr(slash + 1);
  if (slash == std::string::npos || slash == 0 || name.empty() || name == "." || name == "..")
    return check_owner_trust(file);
  const auto [known, added] = folders_.try_emplace(file.substr(0, slash));
  Folder& folder = known->second;
  if (added) {
    folder.real = real_path(known->first);
    if (!folder.real.empty()) {
      if (Result<void> trusted = check_chain(folder.real); !trusted) folder.wrong = trusted.error();
    }
  }
  if (folder.real.empty() || folder.real == "/") return check_owner_trust(file);
  const std::string path = folder.real + "/" + name;
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) return check_owner_trust(file);
  if (Result<void> trusted = judge(path, status); !trusted) return trusted;
  return folder.wrong ? Result<void>(*folder.wrong) : Result<void>();
}

}  // namespace ordeal
