// SPDX-License-Identifier: Apache-2.0
#include "registry/library_entry.h"

#include <elf.h>
#include <link.h>
#include <ordeal/abi/entry.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ordeal {

namespace {

constexpr std::string_view symbol_name = ORDEAL_PLUGIN_ENTRY_SYMBOL;

#if defined(__x86_64__)
constexpr unsigned own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned own_machine = EM_AARCH64;
#else
constexpr unsigned own_machine = EM_NONE;  // left to the dynamic loader
#endif
constexpr unsigned char own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char own_order =
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

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
    if (at_ != MAP_FAILED) ::munmap(at_, size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  [[nodiscard]] std::span<const std::byte> bytes() const {
    if (at_ == MAP_FAILED) return {};
    return {static_cast<const std::byte*>(at_), size_};
  }

 private:
  std::size_t size_;
  void* at_;
};

/// A shared object by its program headers. Every read is checked against the end of the file.
class Elf {
 public:
  explicit Elf(std::span<const std::byte> file) : file_(file) {}

  template <typename T>
  [[nodiscard]] std::optional<T> at(std::uint64_t offset) const {
    if (offset > file_.size() || file_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof value);
    return value;
  }

  /// False: no program headers that could be read.
  bool read_segments(const ElfW(Ehdr) & header) {
    if (header.e_phentsize != sizeof(ElfW(Phdr))) return false;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      const auto segment = at<ElfW(Phdr)>(header.e_phoff + i * sizeof(ElfW(Phdr)));
      if (!segment) return false;
      if (segment->p_type == PT_LOAD) loads_.push_back(*segment);
      if (segment->p_type == PT_DYNAMIC) dynamic_ = *segment;
    }
    return dynamic_.p_type == PT_DYNAMIC;
  }

  void read_dynamic() {
    const std::uint64_t most = dynamic_.p_filesz / sizeof(ElfW(Dyn));
    for (std::uint64_t i = 0; i < most; ++i) {
      const auto entry = at<ElfW(Dyn)>(dynamic_.p_offset + i * sizeof(ElfW(Dyn)));
      if (!entry || entry->d_tag == DT_NULL) return;
      const std::uint64_t value = entry->d_un.d_val;
      if (entry->d_tag == DT_SYMTAB) symbols_ = value;
      if (entry->d_tag == DT_STRTAB) strings_ = value;
      if (entry->d_tag == DT_GNU_HASH) gnu_hash_ = value;
      if (entry->d_tag == DT_HASH) hash_ = value;
    }
  }

  /// Where an address of the loaded library comes from in the file.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    for (const auto& load : loads_)
      if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz)
        return load.p_offset + (address - load.p_vaddr);
    return std::nullopt;
  }
  template <typename T>
  [[nodiscard]] std::optional<T> loaded(std::uint64_t address) const {
    const auto offset = offset_of(address);
    return offset ? at<T>(*offset) : std::nullopt;
  }

  [[nodiscard]] std::optional<ElfW(Sym)> symbol(std::uint64_t index) const {
    if (index > file_.size()) return std::nullopt;
    const auto found = loaded<ElfW(Sym)>(symbols_ + index * sizeof(ElfW(Sym)));
    if (!found || found->st_shndx == SHN_UNDEF) return std::nullopt;
    const auto name = offset_of(strings_ + found->st_name);
    if (!name || *name > file_.size() || file_.size() - *name <= symbol_name.size())
      return std::nullopt;
    const char* text = reinterpret_cast<const char*>(file_.data() + *name);
    if (std::string_view(text, symbol_name.size()) != symbol_name || text[symbol_name.size()] != 0)
      return std::nullopt;
    return found;
  }

  [[nodiscard]] std::optional<ElfW(Sym)> find() const {
    return gnu_hash_ != 0 ? find_by_gnu_hash() : find_by_hash();
  }

 private:
  [[nodiscard]] std::optional<ElfW(Sym)> find_by_gnu_hash() const {
    std::uint32_t hash = 5381;
    for (const char c : symbol_name) hash = hash * 33 + static_cast<unsigned char>(c);
    const auto buckets = loaded<std::uint32_t>(gnu_hash_);
    const auto first = loaded<std::uint32_t>(gnu_hash_ + 4);
    const auto bloom = loaded<std::uint32_t>(gnu_hash_ + 8);
    if (!buckets || !first || !bloom || *buckets == 0) return std::nullopt;
    const std::uint64_t table = gnu_hash_ + 16 + std::uint64_t{*bloom} * sizeof(ElfW(Addr));
    const std::uint64_t chains = table + std::uint64_t{*buckets} * 4;
    const auto start = loaded<std::uint32_t>(table + std::uint64_t{hash % *buckets} * 4);
    if (!start || *start < *first) return std::nullopt;
    for (std::uint64_t index = *start; index < file_.size(); ++index) {
      const auto link = loaded<std::uint32_t>(chains + (index - *first) * 4);
      if (!link) return std::nullopt;
      if ((*link | 1) == (hash | 1))
        if (const auto found = symbol(index)) return found;
      if ((*link & 1) != 0) return std::nullopt;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<ElfW(Sym)> find_by_hash() const {
    const auto count = hash_ != 0 ? loaded<std::uint32_t>(hash_ + 4) : std::nullopt;
    for (std::uint64_t i = 0; count && i < *count && i < file_.size(); ++i)
      if (const auto found = symbol(i)) return found;
    return std::nullopt;
  }

  std::span<const std::byte> file_;
  std::vector<ElfW(Phdr)> loads_;
  ElfW(Phdr) dynamic_{};
  std::uint64_t symbols_ = 0;
  std::uint64_t strings_ = 0;
  std::uint64_t gnu_hash_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace

Result<LibraryEntry> read_library_entry(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0)
    return rejected(path, std::string("cannot be read: ") + std::strerror(errno));
  const Mapped file(fd, status.st_size > 0 ? static_cast<std::size_t>(status.st_size) : 1);
  Elf elf(file.bytes().first(file.bytes().empty() ? 0 : static_cast<std::size_t>(status.st_size)));
  const auto header = elf.at<ElfW(Ehdr)>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
    return rejected(path, "cannot be loaded: it is no ELF file");
  if (header->e_ident[EI_CLASS] != own_class || header->e_ident[EI_DATA] != own_order ||
      (own_machine != EM_NONE && header->e_machine != own_machine))
    return rejected(path,
                    "cannot be loaded: it is for another machine (ELF machine " +
                        std::to_string(header->e_machine) + ", this host is " +
                        std::to_string(own_machine) + ")",
                    "install the package for this machine");
  if (header->e_type != ET_DYN)
    return rejected(path, "cannot be loaded: it is no shared object", "link it with -shared");
  if (!elf.read_segments(*header))
    return rejected(path, "cannot be loaded: its program headers are damaged",
                    "install the package again");
  elf.read_dynamic();
  const auto symbol = elf.find();
  if (!symbol)
    return rejected(path, "it exports no " ORDEAL_PLUGIN_ENTRY_SYMBOL,
                    "build it with ordeal_add_plugin()");
  LibraryEntry entry;
  entry.size = symbol->st_size;
  const auto magic = elf.loaded<std::uint64_t>(symbol->st_value);
  const auto size =
      elf.loaded<std::uint32_t>(symbol->st_value + offsetof(ordeal_plugin_entry_t, struct_size));
  const auto major =
      elf.loaded<std::uint32_t>(symbol->st_value + offsetof(ordeal_plugin_entry_t, abi_major));
  const auto minor =
      elf.loaded<std::uint32_t>(symbol->st_value + offsetof(ordeal_plugin_entry_t, abi_minor));
  if (!magic || !size || !major || !minor)
    return rejected(path, "its entry lies outside the file", "install the package again");
  entry.magic = *magic;
  entry.struct_size = *size;
  entry.abi_major = *major;
  entry.abi_minor = *minor;
  return entry;
}

Result<void> check_library_entry(const LibraryEntry& entry, const std::string& path) {
  if (entry.magic != ORDEAL_PLUGIN_MAGIC)
    return rejected(path, "its entry does not carry the plugin magic");
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
