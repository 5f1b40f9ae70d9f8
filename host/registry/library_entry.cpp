// SPDX-License-Identifier: Apache-2.0
#include "registry/library_entry.h"

#include <ordeal/abi/entry.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "registry/elf_library.h"

namespace ordeal {

namespace {

Error rejected(const std::string& path, std::string what, std::string fix = {}) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = path;
  error.fix = std::move(fix);
  return error;
}

/// A whole file, for reading only.
class Mapped {
 public:
  Mapped(int fd, std::size_t size)
      : size_(size), at_(::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0)) {}
  ~Mapped() {
    if (*this) ::munmap(at_, size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  explicit operator bool() const { return at_ != MAP_FAILED; }
  [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(at_), size_}; }

 private:
  std::size_t size_;
  void* at_;
};

}  // namespace

Result<LibraryEntry> read_library_entry(std::string_view bytes, const std::string& path) {
  const Result<ElfLibrary> library = ElfLibrary::open(bytes, path);
  if (!library) return library.error();
  const Result<ElfLibrary::Symbol> symbol = library->find(ORDEAL_PLUGIN_ENTRY_SYMBOL);
  if (!symbol) return symbol.error();
  const auto entry = library->read<ordeal_plugin_entry_t>(symbol->address);
  if (!entry) return rejected(path, "its entry lies outside the file", "build or get it again");
  return LibraryEntry{symbol->size, entry->magic, entry->struct_size, entry->abi_major,
                      entry->abi_minor};
}

Result<LibraryEntry> read_library_entry(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0)
    return rejected(path, std::string("cannot be read: ") + std::strerror(errno));
  if (status.st_size <= 0) return read_library_entry(std::string_view(), path);
  const Mapped file(fd, static_cast<std::size_t>(status.st_size));
  if (!file) return rejected(path, std::string("cannot be mapped: ") + std::strerror(errno));
  return read_library_entry(file.bytes(), path);
}

Result<void> check_library_entry(const LibraryEntry& entry, const std::string& path) {
  if (entry.magic != ORDEAL_PLUGIN_MAGIC)
    return rejected(path, "its entry does not carry the plugin magic",
                    "define it with ORDEAL_PLUGIN or as abi/entry.h says");
  const auto version = [](std::uint32_t major, std::uint32_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
  };
  if (entry.abi_major != ORDEAL_ABI_MAJOR ||
      (ORDEAL_ABI_MAJOR == 0 ? entry.abi_minor != ORDEAL_ABI_MINOR
                             : entry.abi_minor > ORDEAL_ABI_MINOR))
    return rejected(path,
                    "it was built for ABI " + version(entry.abi_major, entry.abi_minor) +
                        ", this ordeal has ABI " + version(ORDEAL_ABI_MAJOR, ORDEAL_ABI_MINOR),
                    "rebuild it against this version's SDK");
  constexpr std::uint64_t known = sizeof(ordeal_plugin_entry_t);
  if (entry.struct_size != known || entry.size < known)
    return rejected(path,
                    "its entry says that it has " + std::to_string(entry.struct_size) +
                        " bytes and has " + std::to_string(entry.size) + ", not " +
                        std::to_string(known),
                    "rebuild it against this version's SDK");
  return {};
}

}  // namespace ordeal
