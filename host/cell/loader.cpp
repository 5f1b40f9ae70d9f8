// SPDX-License-Identifier: Apache-2.0
#include "cell/loader.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <vector>

#include "base/files.h"
#include "base/unique_fd.h"
#include "registry/library_entry.h"

namespace ordeal {

namespace {

constexpr std::size_t longest_memory_name = 200;

Error rejected(const LoadRequest& request, std::string what, std::string fix = {}) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = request.library;
  error.fix = std::move(fix);
  return error;
}

/// A copy in memory that nobody can change any more: into the file itself its owner could write
/// between the hash and the use, and even into a mapping of it.
Result<UniqueFd> sealed_copy(int fd, const LoadRequest& request) {
  const auto failed = [&](const char* doing) {
    return rejected(request, std::string(doing) + ": " + std::strerror(errno));
  };
  const std::string name = std::filesystem::path(request.library).filename().string();
  UniqueFd copy(
      ::memfd_create(name.substr(0, longest_memory_name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return failed("cannot be copied into memory");
  std::vector<char> buffer(1 << 16);
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("cannot be read");
    if (n == 0) break;
    if (::write(copy.get(), buffer.data(), static_cast<std::size_t>(n)) != n)
      return failed("cannot be copied into memory");
  }
  if (::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) !=
      0)
    return failed("its copy cannot be sealed");
  return copy;
}

Result<std::string> sha256_of(int fd, const LoadRequest& request) {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1)
    return rejected(request, "cannot compute its sha256");
  std::vector<char> buffer(1 << 16);
  off_t offset = 0;
  for (;;) {
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), offset);
    if (n < 0) return rejected(request, std::string("cannot be read: ") + std::strerror(errno));
    if (n == 0) break;
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(n));
    offset += n;
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), digest, &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  return hex;
}

/// Inside a user namespace that does not map everybody, other people's files seem to belong to the
/// overflow user, and owners cannot be judged. The registry judged them outside, when it was
/// scanned.
bool sees_all_owners() {
  const auto map = read_file("/proc/self/uid_map", ExitCode::internal, 4096);
  std::istringstream fields(map ? *map : std::string());
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  fields >> inside >> outside >> count;
  return inside == 0 && outside == 0 && count >= 0xfffffffeu;
}

/// The path to hand to the dynamic loader once the trust policy is satisfied.
Result<std::string> trusted_path(const LoadRequest& request) {
  if (request.trust == Trust::owner) {
    if (!sees_all_owners()) return request.library;
    if (auto trusted = check_owner_trust(request.library); !trusted)
      return std::move(trusted).error();
    return request.library;
  }
  if (request.sha256.empty())
    return rejected(request, "its manifest has no integrity.sha256, which this folder requires",
                    "install it with its manifest, or into a folder of trust 'owner'");
  const UniqueFd fd(
      ::open(request.library.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd) return rejected(request, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return rejected(request, "it is not a regular file");
  auto copy = sealed_copy(fd.get(), request);
  if (!copy) return std::move(copy).error();
  auto actual = sha256_of(copy->get(), request);
  if (!actual) return std::move(actual).error();
  if (*actual != request.sha256)
    return rejected(request, "its sha256 is " + *actual + ", its manifest says " + request.sha256,
                    "install the package again");
  // Loaded from the descriptor that was hashed, kept open for life: the loader knows libraries by
  // path, and a descriptor number that is used again would yield the earlier library.
  return "/proc/self/fd/" + std::to_string(copy->release());
}

/// What can be known before any code of the plugin runs, its static constructors included.
Result<void> check_file(const std::string& path, const LoadRequest& request) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return rejected(request, std::string("cannot be opened: ") + std::strerror(errno));
  auto entry = read_library_entry(fd.get(), request.library);
  if (!entry) return std::move(entry).error();
  return check_library_entry(*entry, request.library);
}

}  // namespace

Result<std::unique_ptr<LoadedPlugin>> load_plugin(const LoadRequest& request) {
  auto path = trusted_path(request);
  if (!path) return std::move(path).error();
  if (auto fits = check_file(*path, request); !fits) return std::move(fits).error();
  try {
    using boost::dll::load_mode::type;
    boost::dll::shared_library library(*path,
                                       static_cast<type>(RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE));
    if (!library.has(ORDEAL_PLUGIN_ENTRY_SYMBOL))
      return rejected(request, "it exports no " ORDEAL_PLUGIN_ENTRY_SYMBOL,
                      "build it with ordeal_add_plugin()");
    const auto* entry = &library.get<const ordeal_plugin_entry_t>(ORDEAL_PLUGIN_ENTRY_SYMBOL);
    // The same once more, of what is mapped now and not of the file.
    const LibraryEntry mapped{sizeof *entry, entry->magic, entry->struct_size, entry->abi_major,
                              entry->abi_minor};
    if (auto fits = check_library_entry(mapped, request.library); !fits)
      return std::move(fits).error();
    if (entry->init == nullptr || entry->deinit == nullptr || entry->get_factory == nullptr)
      return rejected(request, "its entry lacks a function");
    return std::make_unique<LoadedPlugin>(request, entry);
  } catch (const std::exception& failure) {
    return rejected(request, std::string("cannot be loaded: ") + failure.what());
  }
}

}  // namespace ordeal
