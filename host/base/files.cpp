// SPDX-License-Identifier: Apache-2.0
// Also part of the static guardian: no NSS (getpwuid), no locale.
#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/unique_fd.h"

namespace ordeal {

namespace {

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Beside the target, so that the rename cannot cross a file system. `taken` is the name chosen.
UniqueFd open_temporary(const std::string& path, std::string& taken) {
  constexpr int attempts = 100;
  const std::string start =
      parent_of(path) + "/." + name_of(path) + '.' + std::to_string(::getpid()) + '.';
  for (int i = 0; i < attempts; ++i) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    taken = start + std::to_string(now.tv_sec) + std::to_string(now.tv_nsec) + ".tmp";
    UniqueFd fd(::open(taken.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (fd || errno != EEXIST) return fd;
  }
  return {};
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// The rename is on disk only once its directory is.
bool sync_folder(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return false;
  // Some file systems (FUSE, network) cannot sync a directory and say so.
  return ::fsync(fd.get()) == 0 || errno == EINVAL || errno == ENOTSUP;
}

/// The home of the effective user: $HOME, else its line in /etc/passwd (a service may have no
/// $HOME).
std::string home_folder() {
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return home;
  const auto users = read_file("/etc/passwd", ExitCode::internal);
  if (!users) return {};
  const std::string uid = std::to_string(::geteuid());
  std::string_view rest = *users;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() == rest.size() ? rest.size() : line.size() + 1);
    std::array<std::string_view, 6> fields;  // name, password, uid, gid, comment, home
    for (auto& field : fields) {
      field = line.substr(0, line.find(':'));
      line.remove_prefix(field.size() == line.size() ? field.size() : field.size() + 1);
    }
    if (fields[2] == uid && fields[5].starts_with('/')) return std::string(fields[5]);
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, ExitCode code, std::uint64_t max_bytes) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return errno_error(code, "opening " + path, errno);
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0) return errno_error(code, "reading " + path, errno);
  Error error;
  error.code = code;
  if (!S_ISREG(about.st_mode)) {
    error.what = path + " is not a regular file";
    return error;
  }
  std::string bytes;
  // Files of /proc have size 0 and content all the same: the size is only a hint.
  const auto hint = static_cast<std::uint64_t>(about.st_size);
  if (hint <= max_bytes) bytes.reserve(hint);
  std::array<char, 16384> part;
  for (;;) {
    const ssize_t n = ::read(fd.get(), part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(code, "reading " + path, errno);
    if (n == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(n) > max_bytes) {
      error.what = path + " is larger than " + std::to_string(max_bytes) + " bytes";
      return error;
    }
    bytes.append(part.data(), static_cast<std::size_t>(n));
  }
}

Result<void> write_file(const std::string& path, std::string_view bytes, bool durable) {
  std::string temporary;
  UniqueFd fd = open_temporary(path, temporary);
  if (!fd) return errno_error(ExitCode::internal, "creating a file beside " + path, errno);
  struct stat before {};
  bool good = ::stat(path.c_str(), &before) != 0 || !S_ISREG(before.st_mode) ||
              ::fchmod(fd.get(), before.st_mode & 07777) == 0;
  good = good && write_all(fd.get(), bytes);
  good = good && (!durable || ::fsync(fd.get()) == 0);
  // close() tells of a full disk on network file systems.
  good = good && ::close(fd.release()) == 0;
  good = good && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!good) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return errno_error(ExitCode::internal, "writing " + path, error);
  }
  if (durable && !sync_folder(parent_of(path)))
    return errno_error(ExitCode::internal, "syncing the folder of " + path, errno);
  return {};
}

ProcessIdentity identify_process(std::int32_t pid) {
  if (pid <= 0) return {};
  const auto stat =
      read_file("/proc/" + std::to_string(pid) + "/stat", ExitCode::internal, 64 * 1024);
  if (!stat) return {};
  // The name (field 2) may itself hold blanks and brackets; the last bracket ends it.
  const auto bracket = stat->rfind(')');
  if (bracket == std::string::npos) return {};
  std::string_view rest = std::string_view(*stat).substr(bracket + 1);
  std::string_view value;
  for (int field = 3; field <= 22; ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    value = rest.substr(0, rest.find(' '));
    rest.remove_prefix(value.size());
    if (field == 3 && (value == "Z" || value == "X")) return {};
  }
  ProcessIdentity identity;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), identity.start_ticks);
  if (error != std::errc() || end != value.data() + value.size()) return {};
  identity.pid = pid;
  identity.boot_id = boot_id();
  return identity;
}

bool still_running(const ProcessIdentity& identity) {
  if (identity.pid <= 0) return false;
  const auto now = identify_process(identity.pid);
  return now.pid == identity.pid && now.start_ticks == identity.start_ticks &&
         now.boot_id == identity.boot_id;
}

std::string boot_id() {
  auto id = read_file("/proc/sys/kernel/random/boot_id", ExitCode::internal, 4096);
  if (!id) return {};
  while (!id->empty() && id->back() == '\n') id->pop_back();
  return std::move(id).value();
}

std::string hostname() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

std::string utc_time(std::uint64_t wall_ns, bool basic) {
  const auto seconds = static_cast<std::time_t>(wall_ns / 1'000'000'000u);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(),
                                         basic ? "%Y%m%dT%H%M%SZ" : "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

InstallPaths install_paths() {
  std::array<char, PATH_MAX> program{};
  const ssize_t size = ::readlink("/proc/self/exe", program.data(), program.size() - 1);
  const std::string folder =
      parent_of(std::string(program.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
  InstallPaths paths;
  paths.prefix = parent_of(folder);
  if (name_of(folder) == "ordeal" && name_of(paths.prefix) == "libexec")
    paths.prefix = parent_of(paths.prefix);
  const std::string start = paths.prefix == "/" ? "" : paths.prefix;
  paths.bin = start + "/bin";
  paths.libexec = start + "/libexec/ordeal";
  paths.plugins = start + "/lib/" ORDEAL_TRIPLET "/ordeal/plugins";
  paths.manifests = start + "/share/ordeal/manifests";
  paths.templates = start + "/share/ordeal/templates";
  paths.sysconf = (start == "/usr" ? "" : start) + "/etc/ordeal";
  return paths;
}

std::string runs_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  // The XDG specification has relative paths ignored.
  if (state != nullptr && state[0] == '/') return std::string(state) + "/ordeal/runs";
  const std::string home = home_folder();
  return home.empty() ? "/var/lib/ordeal/runs" : home + "/.local/state/ordeal/runs";
}

}  // namespace ordeal
