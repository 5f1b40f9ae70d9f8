// SPDX-License-Identifier: Apache-2.0
#include "registry/elf_library.h"

#include <algorithm>
#include <bit>

namespace ordeal {
namespace {

constexpr unsigned char own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char own_order =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
#if defined(__x86_64__)
constexpr unsigned own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned own_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr unsigned own_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr unsigned own_machine = EM_PPC64;
#elif defined(__s390x__)
constexpr unsigned own_machine = EM_S390;
#elif defined(__i386__)
constexpr unsigned own_machine = EM_386;
#elif defined(__arm__)
constexpr unsigned own_machine = EM_ARM;
#else
constexpr unsigned own_machine = EM_NONE;  // not known here: any will do
#endif
// Far more than any library has. They bound the time that a file made to waste it can take.
constexpr std::size_t most_segments = 256;
constexpr std::uint64_t most_symbols = 1u << 20;
constexpr std::size_t longest_name = 1u << 16;
constexpr std::size_t most_text = 1u << 26;  // of all names together

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

/// The object at an offset of the file; none when it does not lie within.
template <typename T>
std::optional<T> at(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T object;
  std::memcpy(&object, bytes.data() + offset, sizeof object);
  return object;
}

/// What the dynamic loader binds others to.
bool is_exported(const ElfW(Sym) & symbol) {
  const unsigned binding = symbol.st_info >> 4;
  const unsigned visibility = symbol.st_other & 3u;
  return symbol.st_shndx != SHN_UNDEF &&
         (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE) &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

}  // namespace

Error ElfLibrary::bad(std::string what) const {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = path_;
  return error;
}

Error ElfLibrary::corrupt(const std::string& why) const {
  Error error = bad("the library is a corrupt ELF file: " + why);
  error.fix = "build or get it again";
  return error;
}

Error ElfLibrary::wrong_machine(const std::string& its) const {
  Error error = bad("the library is for " + its);
  error.expected = "one for " + machine_name(own_machine);
  error.fix = "get the plugin for this machine";
  return error;
}

Result<ElfLibrary> ElfLibrary::open(std::string_view bytes, const std::string& path) {
  ElfLibrary library(bytes, path);
  const Result<Header> header = library.checked_header();
  if (!header) return header.error();
  const Result<Segment> dynamic = library.read_segments(*header);
  if (!dynamic) return dynamic.error();
  if (Result<void> sound = library.read_dynamic(*dynamic); !sound) return sound.error();
  if (Result<void> sound = library.check_searches(*dynamic); !sound) return sound.error();
  return library;
}

Result<ElfLibrary::Header> ElfLibrary::checked_header() const {
  if (bytes_.size() < EI_NIDENT || !bytes_.starts_with(std::string_view(ELFMAG, SELFMAG))) {
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
  const auto header = at<Header>(bytes_, 0);
  if (!header) return corrupt("it ends within its header");
  if (byte(EI_VERSION) != EV_CURRENT || header->e_version != EV_CURRENT)
    return corrupt("its version is unknown");
  if (own_machine != EM_NONE && header->e_machine != own_machine)
    return wrong_machine(machine_name(header->e_machine));
  if (header->e_type == ET_DYN) return *header;
  Error error = bad("the library is no shared object");
  error.expected = "one linked with -shared, not " +
                   std::string(header->e_type == ET_REL    ? "an object file"
                               : header->e_type == ET_EXEC ? "a program"
                                                           : "another kind of ELF file");
  return error;
}

Result<ElfLibrary::Segment> ElfLibrary::read_segments(const Header& header) {
  if (header.e_phentsize != sizeof(Segment) || header.e_phnum == 0 ||
      header.e_phnum > most_segments)
    return corrupt("its program headers are not of this kind");
  std::optional<Segment> dynamic;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    // The sum cannot overflow once the start is known to lie in the file.
    const auto segment = header.e_phoff > bytes_.size()
                             ? std::nullopt
                             : at<Segment>(bytes_, header.e_phoff + i * sizeof(Segment));
    if (!segment) return corrupt("its program headers lie beyond its end");
    if (segment->p_type != PT_LOAD && segment->p_type != PT_DYNAMIC) continue;
    if (segment->p_offset > bytes_.size() ||
        segment->p_filesz > bytes_.size() - segment->p_offset ||
        segment->p_filesz > segment->p_memsz)
      return corrupt("it is shorter than its segments");
    if (segment->p_type == PT_LOAD) loaded_.push_back(*segment);
    if (segment->p_type == PT_DYNAMIC) dynamic = *segment;
  }
  if (loaded_.empty() || !dynamic) return corrupt("it has nothing to load");
  return *dynamic;
}

Result<void> ElfLibrary::read_dynamic(const Segment& dynamic) {
  std::uint64_t names = 0;
  std::uint64_t names_size = 0;
  for (std::uint64_t i = 0; i < dynamic.p_filesz / sizeof(ElfW(Dyn)); ++i) {
    const auto entry = read<ElfW(Dyn)>(dynamic.p_vaddr, i);
    if (!entry) return corrupt("its dynamic section is not in its segments");
    if (entry->d_tag == DT_NULL) break;
    const std::uint64_t value = entry->d_un.d_val;
    if (entry->d_tag == DT_SYMTAB) symbols_ = value;
    if (entry->d_tag == DT_STRTAB) names = value;
    if (entry->d_tag == DT_STRSZ) names_size = value;
    if (entry->d_tag == DT_HASH) hash_ = value;
    if (entry->d_tag == DT_GNU_HASH) gnu_hash_ = value;
    if (entry->d_tag == DT_SYMENT && value != sizeof(ElfW(Sym)))
      return corrupt("its symbols are not of this kind");
  }
  if (symbols_ == 0 || names == 0 || (hash_ == 0 && gnu_hash_ == 0))
    return corrupt("it has no dynamic symbols");
  const auto text = part(names, names_size);
  if (!text) return corrupt("the names of its symbols are not in its segments");
  names_ = *text;
  return {};
}

Result<void> ElfLibrary::check_searches(const Segment& dynamic) const {
  for (std::uint64_t i = 0; i < dynamic.p_filesz / sizeof(ElfW(Dyn)); ++i) {
    const auto entry = read<ElfW(Dyn)>(dynamic.p_vaddr, i);
    if (!entry || entry->d_tag == DT_NULL) break;
    const bool needs = entry->d_tag == DT_NEEDED;
    if (!needs && entry->d_tag != DT_RPATH && entry->d_tag != DT_RUNPATH) continue;
    if (entry->d_un.d_val >= names_.size()) return corrupt("a name in it lies beyond its names");
    std::string_view folders = names_.substr(entry->d_un.d_val, longest_name);
    const std::size_t end = folders.find('\0');
    if (end == std::string_view::npos) return corrupt("a name in it has no end");
    folders = folders.substr(0, end);
    // A plain name is looked for in the folders below and in the system's.
    if (needs && folders.find('/') == std::string_view::npos) continue;
    while (true) {
      const std::string_view folder = folders.substr(0, needs ? folders.npos : folders.find(':'));
      if (!folder.starts_with('/') && !folder.starts_with("$ORIGIN") &&
          !folder.starts_with("${ORIGIN}")) {
        Error error = bad("it has code loaded from '" + std::string(folder) +
                          "' of whatever folder a run is started in");
        error.expected = "absolute paths in RUNPATH and NEEDED";
        error.fix = "link it without a relative -rpath";
        return error;
      }
      if (folder.size() == folders.size()) break;
      folders.remove_prefix(folder.size() + 1);
    }
  }
  return {};
}

std::optional<std::string_view> ElfLibrary::part(std::uint64_t address, std::uint64_t size) const {
  for (const Segment& one : loaded_) {
    if (address < one.p_vaddr || address - one.p_vaddr >= one.p_filesz) continue;
    const std::uint64_t start = address - one.p_vaddr;
    if (size > one.p_filesz - start) return std::nullopt;
    return bytes_.substr(one.p_offset + start, size);  // read_segments saw that it is in the file
  }
  return std::nullopt;
}

std::optional<ElfLibrary::Definition> ElfLibrary::definition(std::uint64_t index) const {
  const auto symbol = read<ElfW(Sym)>(symbols_, index);
  if (!symbol) return std::nullopt;
  if (!is_exported(*symbol)) return Definition{};
  if (symbol->st_name >= names_.size()) return std::nullopt;
  const std::string_view name = names_.substr(symbol->st_name, longest_name);
  const std::size_t end = name.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return Definition{name.substr(0, end), {symbol->st_value, symbol->st_size}};
}

Result<ElfLibrary::Symbol> ElfLibrary::find(std::string_view name) const {
  const auto found = gnu_hash_ != 0 ? by_gnu_hash(name) : by_hash(name);
  if (!found) return corrupt("its symbol table is damaged");
  if (!found->name.empty()) return found->symbol;
  Error error = bad("the library does not export " + std::string(name));
  error.fix = "build it with ordeal_add_plugin()";
  return error;
}

std::optional<ElfLibrary::GnuTable> ElfLibrary::gnu_table() const {
  const auto buckets = read<std::uint32_t>(gnu_hash_, 0);
  const auto first = read<std::uint32_t>(gnu_hash_, 1);
  const auto filters = read<std::uint32_t>(gnu_hash_, 2);
  if (!buckets || !first || !filters) return std::nullopt;
  const std::uint64_t start = 4 + std::uint64_t{*filters} * (sizeof(ElfW(Addr)) / 4);
  return GnuTable{*buckets, *first, start, start + *buckets};
}

std::optional<ElfLibrary::Definition> ElfLibrary::by_gnu_hash(std::string_view name) const {
  std::uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  const auto table = gnu_table();
  if (!table || table->buckets == 0) return std::nullopt;
  const auto start = read<std::uint32_t>(gnu_hash_, table->bucket_start + hash % table->buckets);
  if (!start) return std::nullopt;
  if (*start == 0) return Definition{};
  if (*start < table->first) return std::nullopt;
  for (std::uint64_t i = *start; i - *start < most_symbols; ++i) {
    const auto value = read<std::uint32_t>(gnu_hash_, table->chain_start + (i - table->first));
    if (!value) return std::nullopt;
    if ((*value | 1u) == (hash | 1u)) {
      const auto found = definition(i);
      if (!found || found->name == name) return found;
    }
    if ((*value & 1u) != 0) return Definition{};
  }
  return std::nullopt;
}

std::optional<ElfLibrary::Definition> ElfLibrary::by_hash(std::string_view name) const {
  std::uint32_t hash = 0;
  for (const char c : name) {
    hash = (hash << 4) + static_cast<unsigned char>(c);
    hash ^= (hash >> 24) & 0xf0u;
  }
  hash &= 0x0fffffffu;
  const auto buckets = read<std::uint32_t>(hash_, 0);
  if (!buckets || *buckets == 0) return std::nullopt;
  auto index = read<std::uint32_t>(hash_, 2 + std::uint64_t{hash % *buckets});
  // A chain may be a ring.
  for (std::uint64_t steps = 0; index && *index != 0 && steps < most_symbols; ++steps) {
    const auto found = definition(*index);
    if (!found || found->name == name) return found;
    index = read<std::uint32_t>(hash_, 2 + std::uint64_t{*buckets} + *index);
  }
  if (!index || *index != 0) return std::nullopt;
  return Definition{};
}

Result<std::vector<std::string_view>> ElfLibrary::exported() const {
  const auto range = gnu_hash_ != 0 ? gnu_hashed() : hashed();
  if (!range || range->end - range->first > most_symbols)
    return corrupt("its symbol table is damaged");
  std::vector<std::string_view> names;
  std::size_t text = 0;
  for (std::uint64_t i = range->first; i < range->end; ++i) {
    const auto found = definition(i);
    if (!found || (text += found->name.size()) > most_text)
      return corrupt("its symbol table is damaged");
    if (!found->name.empty()) names.push_back(found->name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());  // one name, many versions
  return names;
}

std::optional<ElfLibrary::Range> ElfLibrary::gnu_hashed() const {
  const auto table = gnu_table();
  if (!table || table->buckets > most_symbols) return std::nullopt;
  // The symbols are in the order of their buckets: the last chain ends with the last of them.
  std::uint32_t last = 0;
  for (std::uint64_t i = 0; i < table->buckets; ++i) {
    const auto start = read<std::uint32_t>(gnu_hash_, table->bucket_start + i);
    if (!start) return std::nullopt;
    last = std::max(last, *start);
  }
  const std::uint64_t first = table->first;
  if (last == 0) return Range{first, first};
  if (last < first) return std::nullopt;
  for (std::uint64_t i = last; i - first < most_symbols; ++i) {
    const auto value = read<std::uint32_t>(gnu_hash_, table->chain_start + (i - first));
    if (!value) return std::nullopt;
    if ((*value & 1u) != 0) return Range{first, i + 1};
  }
  return std::nullopt;
}

std::optional<ElfLibrary::Range> ElfLibrary::hashed() const {
  const auto count = read<std::uint32_t>(hash_, 1);
  if (!count) return std::nullopt;
  return Range{std::min(*count, 1u), *count};  // the first symbol is none
}

}  // namespace ordeal
