// SPDX-License-Identifier: Apache-2.0
#include "store/elf.h"

#include <elf.h>
#include <link.h>

#include <bit>
#include <cstring>
#include <optional>
#include <type_traits>
#include <vector>

namespace ordeal {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using Dynamic = ElfW(Dyn);
using Symbol = ElfW(Sym);
using Address = ElfW(Addr);

constexpr unsigned char own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char own_order =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
#if defined(__x86_64__)
constexpr Elf64_Half own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half own_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr Elf64_Half own_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr Elf64_Half own_machine = EM_PPC64;
#elif defined(__s390x__)
constexpr Elf64_Half own_machine = EM_S390;
#elif defined(__i386__)
constexpr Elf64_Half own_machine = EM_386;
#elif defined(__arm__)
constexpr Elf64_Half own_machine = EM_ARM;
#else
constexpr Elf64_Half own_machine = EM_NONE;  // not known here: any will do
#endif
constexpr std::size_t most_segments = 256;
constexpr std::uint32_t longest_chain = 1u << 20;

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86_64";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390x";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    default:
      return "machine " + std::to_string(machine);
  }
}

class Elf {
 public:
  Elf(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  Result<void> check(std::string_view symbol) {
    if (Result<void> sound = check_header(); !sound) return sound;
    if (Result<void> sound = read_segments(); !sound) return sound;
    if (Result<void> sound = read_dynamic(); !sound) return sound;
    const std::optional<bool> exported = gnu_hash_ != 0 ? by_gnu_hash(symbol) : by_hash(symbol);
    if (!exported) return corrupt("its symbol table leads out of the file");
    if (*exported) return {};
    Error error = bad("the library does not export " + std::string(symbol));
    error.fix = "build it with ordeal_add_plugin()";
    return error;
  }

 private:
  Error bad(std::string what) const {
    Error error;
    error.code = ExitCode::plugin_rejected;
    error.what = std::move(what);
    error.where.file = file_;
    return error;
  }
  Error corrupt(const std::string& why) const {
    Error error = bad("the library is a corrupt ELF file: " + why);
    error.fix = "build or get it again";
    return error;
  }

  /// The object at an offset of the file; none when it does not lie within.
  template <typename T>
  std::optional<T> at(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return {};
    T object;
    std::memcpy(&object, bytes_.data() + offset, sizeof object);
    return object;
  }

  /// Where in the file an address lies once loaded.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    for (const Segment& one : loaded_) {
      if (address >= one.p_vaddr && address - one.p_vaddr < one.p_filesz)
        return one.p_offset + (address - one.p_vaddr);
    }
    return {};
  }
  template <typename T>
  std::optional<T> loaded(std::uint64_t address, std::uint64_t index) const {
    std::uint64_t distance = 0;
    if (__builtin_mul_overflow(index, sizeof(T), &distance) ||
        __builtin_add_overflow(address, distance, &address))
      return {};
    const auto offset = offset_of(address);
    return offset ? at<T>(*offset) : std::nullopt;
  }

  Result<void> check_header() {
    if (bytes_.size() < EI_NIDENT || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0) {
      Error error = bad("the library is no ELF file");
      error.expected = "a shared object";
      return error;
    }
    const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(bytes_[i]); };
    if (byte(EI_CLASS) != own_class) {
      if (byte(EI_CLASS) != ELFCLASS32 && byte(EI_CLASS) != ELFCLASS64)
        return corrupt("it has no class");
      return wrong_machine(byte(EI_CLASS) == ELFCLASS32 ? "a 32-bit machine" : "a 64-bit machine");
    }
    if (byte(EI_DATA) != own_order) {
      if (byte(EI_DATA) != ELFDATA2LSB && byte(EI_DATA) != ELFDATA2MSB)
        return corrupt("it has no byte order");
      return wrong_machine("a machine of the other byte order");
    }
    const auto header = at<Header>(0);
    if (!header) return corrupt("it ends within its header");
    header_ = *header;
    if (byte(EI_VERSION) != EV_CURRENT || header_.e_version != EV_CURRENT)
      return corrupt("its version is unknown");
    if (own_machine != EM_NONE && header_.e_machine != own_machine)
      return wrong_machine(machine_name(header_.e_machine));
    if (header_.e_type == ET_DYN) return {};
    Error error = bad("the library is no shared object");
    error.expected = "one linked with -shared, not " +
                     std::string(header_.e_type == ET_REL    ? "an object file"
                                 : header_.e_type == ET_EXEC ? "a program"
                                                             : "another kind of ELF file");
    return error;
  }

  Error wrong_machine(const std::string& its) const {
    Error error = bad("the library is for " + its);
    error.expected = "one for " + machine_name(own_machine);
    error.fix = "get the plugin for this machine";
    return error;
  }

  Result<void> read_segments() {
    if (header_.e_phentsize != sizeof(Segment) || header_.e_phnum == 0 ||
        header_.e_phnum > most_segments)
      return corrupt("its program headers are not of this kind");
    for (std::size_t i = 0; i < header_.e_phnum; ++i) {
      const auto segment = at<Segment>(header_.e_phoff + i * sizeof(Segment));
      if (!segment || header_.e_phoff > bytes_.size())
        return corrupt("its program headers lie beyond its end");
      if (segment->p_type != PT_LOAD && segment->p_type != PT_DYNAMIC) continue;
      std::uint64_t end = 0;
      if (__builtin_add_overflow(std::uint64_t{segment->p_offset}, segment->p_filesz, &end) ||
          end > bytes_.size() || segment->p_filesz > segment->p_memsz)
        return corrupt("it is shorter than its segments");
      if (segment->p_type == PT_LOAD) loaded_.push_back(*segment);
      if (segment->p_type == PT_DYNAMIC) dynamic_ = *segment;
    }
    if (loaded_.empty() || !dynamic_) return corrupt("it has nothing to load");
    return {};
  }

  Result<void> read_dynamic() {
    for (std::uint64_t i = 0; i < dynamic_->p_filesz / sizeof(Dynamic); ++i) {
      const auto entry = at<Dynamic>(dynamic_->p_offset + i * sizeof(Dynamic));
      if (!entry || entry->d_tag == DT_NULL) break;
      const std::uint64_t value = entry->d_un.d_val;
      if (entry->d_tag == DT_SYMTAB) symbols_ = value;
      if (entry->d_tag == DT_STRTAB) names_ = value;
      if (entry->d_tag == DT_STRSZ) names_size_ = value;
      if (entry->d_tag == DT_HASH) hash_ = value;
      if (entry->d_tag == DT_GNU_HASH) gnu_hash_ = value;
      if (entry->d_tag == DT_SYMENT && value != sizeof(Symbol))
        return corrupt("its symbols are not of this kind");
    }
    if (symbols_ == 0 || names_ == 0 || (hash_ == 0 && gnu_hash_ == 0))
      return corrupt("it has no dynamic symbols");
    return {};
  }

  /// Whether symbol `index` is a definition of this name; none when it does not lie in the file.
  [[nodiscard]] std::optional<bool> is(std::uint64_t index, std::string_view name) const {
    const auto symbol = loaded<Symbol>(symbols_, index);
    if (!symbol) return {};
    if (symbol->st_shndx == SHN_UNDEF) return false;
    const unsigned binding = symbol->st_info >> 4;
    const unsigned visibility = symbol->st_other & 3u;
    if ((binding != STB_GLOBAL && binding != STB_WEAK) ||
        (visibility != STV_DEFAULT && visibility != STV_PROTECTED))
      return false;
    const auto start = offset_of(names_);
    if (!start || *start > bytes_.size()) return {};
    const std::string_view names = bytes_.substr(*start, names_size_);
    if (symbol->st_name >= names.size()) return {};
    const std::string_view its = names.substr(symbol->st_name);
    return its.size() > name.size() && its.starts_with(name) && its[name.size()] == '\0';
  }

  [[nodiscard]] std::optional<bool> by_gnu_hash(std::string_view name) const {
    std::uint32_t hash = 5381;
    for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
    const auto buckets = loaded<std::uint32_t>(gnu_hash_, 0);
    const auto first = loaded<std::uint32_t>(gnu_hash_, 1);
    const auto filters = loaded<std::uint32_t>(gnu_hash_, 2);
    if (!buckets || !first || !filters || *buckets == 0) return {};
    const std::uint64_t bucket_start = gnu_hash_ + 16 + std::uint64_t{*filters} * sizeof(Address);
    const auto start = loaded<std::uint32_t>(bucket_start, hash % *buckets);
    if (!start) return {};
    if (*start == 0) return false;
    if (*start < *first) return {};
    for (std::uint32_t i = *start, steps = 0; steps < longest_chain; ++i, ++steps) {
      const auto value =
          loaded<std::uint32_t>(bucket_start + std::uint64_t{*buckets} * 4, i - *first);
      if (!value) return {};
      if ((*value | 1u) == (hash | 1u)) {
        const auto found = is(i, name);
        if (!found || *found) return found;
      }
      if ((*value & 1u) != 0) return false;
    }
    return {};
  }

  [[nodiscard]] std::optional<bool> by_hash(std::string_view name) const {
    std::uint32_t hash = 0;
    for (const char c : name) {
      hash = (hash << 4) + static_cast<unsigned char>(c);
      hash ^= (hash >> 24) & 0xf0u;
    }
    hash &= 0x0fffffffu;
    const auto buckets = loaded<std::uint32_t>(hash_, 0);
    if (!buckets || *buckets == 0) return {};
    auto index = loaded<std::uint32_t>(hash_, 2 + std::uint64_t{hash % *buckets});
    // A chain may be a ring.
    for (std::uint32_t steps = 0; index && *index != 0 && steps < longest_chain; ++steps) {
      const auto found = is(*index, name);
      if (!found || *found) return found;
      index = loaded<std::uint32_t>(hash_, 2 + std::uint64_t{*buckets} + *index);
    }
    if (!index || *index != 0) return {};
    return false;
  }

  std::string_view bytes_;
  const std::string& file_;
  Header header_{};
  std::vector<Segment> loaded_;
  std::optional<Segment> dynamic_;
  std::uint64_t symbols_ = 0;
  std::uint64_t names_ = 0;
  std::uint64_t names_size_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t gnu_hash_ = 0;
};

}  // namespace

Result<void> check_library(std::string_view bytes, const std::string& file,
                           std::string_view symbol) {
  return Elf(bytes, file).check(symbol);
}

}  // namespace ordeal
