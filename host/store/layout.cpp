// SPDX-License-Identifier: Apache-2.0
#include "store/layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

namespace ordeal {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view half_made = ".installing-";
constexpr const char* lock_name = "lock";

Error refused(const std::string& doing, int error_number) {
  Error error = errno_error(ExitCode::preflight, doing, error_number);
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS)
    error.fix = "install as a user who may write there, or for yourself: --user";
  return error;
}

/// Like mkdir -p, but whatever the umask says nobody else may write to what it makes.
Result<void> make_folders(const std::string& path, const AtStep& at_step) {
  for (std::size_t end = 1; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), 0755) == 0) {
      chmod(part.c_str(), 0755);
      at_step("folder " + part);
    } else if (errno != EEXIST) {
      return refused("making the folder " + part, errno);
    }
  }
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return refused("looking at " + path, errno);
  if (!S_ISDIR(status.st_mode)) return refused("making the folder " + path, ENOTDIR);
  return {};
}

std::string installed_path(const PluginPlace& place) {
  return place.libraries + "/" + std::string(installed_folder);
}

}  // namespace

Result<PlaceLock> PlaceLock::take(PluginPlace& place, double seconds, const AtStep& at_step) {
  for (std::string* folder : {&place.manifests, &place.libraries}) {
    if (Result<void> made = make_folders(*folder, at_step); !made) return made.error();
    std::error_code failed;
    *folder = fs::canonical(*folder, failed).string();
    if (failed) return refused("resolving a folder", failed.value());
  }
  const std::string folder = installed_path(place);
  if (Result<void> made = make_folders(folder, at_step); !made) return made.error();
  const std::string file = folder + "/" + lock_name;
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return refused("opening " + file, errno);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return refused("locking " + file, errno);
    if (std::chrono::steady_clock::now() > end) {
      Error error;
      error.code = ExitCode::preflight;
      error.what = "another installation is going on in " + place.libraries;
      error.fix = "wait for it to end";
      return error;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return PlaceLock(std::move(fd));
}

Result<void> write_new_file(const std::string& path, std::string_view bytes) {
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return refused("making " + path, errno);
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refused("writing " + path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fchmod(fd.get(), 0644) != 0 || ::fsync(fd.get()) != 0)
    return refused("writing " + path, errno);
  return {};
}

Result<std::string> make_plugin_folder(const PluginPlace& place, const std::string& name) {
  std::string folder = installed_path(place) + "/" + name + "-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr)
    return refused("making a folder in " + place.libraries, errno);
  if (chmod(folder.c_str(), 0755) != 0) return refused("opening " + folder + " to all", errno);
  return folder;
}

Result<void> switch_manifest(const PluginPlace& place, const std::string& name,
                             const std::string& target, const AtStep& at_step) {
  // Relative, so that a prefix may be moved or packed up whole.
  const std::string link = fs::path(target).lexically_relative(place.manifests).string();
  const std::string temporary = place.manifests + "/" + std::string(half_made) + name;
  ::unlink(temporary.c_str());
  if (::symlink(link.c_str(), temporary.c_str()) != 0)
    return refused("making a link in " + place.manifests, errno);
  at_step("link made");
  if (::rename(temporary.c_str(), (place.manifests + "/" + name).c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return refused("putting the manifest into " + place.manifests, error);
  }
  at_step("manifest switched");
  sync_folder(place.manifests);
  return {};
}

std::vector<std::string> leftovers(const PluginPlace& place) {
  std::vector<std::string> left;
  std::set<fs::path> in_use;
  std::error_code failed;
  for (fs::directory_iterator entry(place.manifests, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code ignored;
    if (!entry->is_symlink(ignored)) continue;
    if (entry->path().filename().string().starts_with(half_made)) {
      left.push_back(entry->path().string());
      continue;
    }
    // By its words, not its target: a link that is broken in another way still keeps its folder.
    const fs::path target = fs::read_symlink(entry->path(), ignored);
    in_use.insert((fs::path(place.manifests) / target).lexically_normal().parent_path());
    in_use.insert(fs::weakly_canonical(entry->path(), ignored).parent_path());
  }
  // What is in use is not known, then.
  if (failed) return {};
  std::error_code missing;
  for (fs::directory_iterator entry(installed_path(place), missing), end; !missing && entry != end;
       entry.increment(missing)) {
    std::error_code ignored;
    if (entry->symlink_status(ignored).type() != fs::file_type::directory) continue;
    if (!in_use.contains(entry->path().lexically_normal())) left.push_back(entry->path().string());
  }
  return left;
}

void sync_folder(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot; the order of the steps keeps what is there whole in any case.
  if (fd) ::fsync(fd.get());
}

}  // namespace ordeal
