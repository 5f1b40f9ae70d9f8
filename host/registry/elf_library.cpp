// SPDX-License-Identifier: Apache-2.0
#include "registry/elf_library.h"

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
// Far more than any library has: bounds the time that a file made to waste it can take.
constexpr std::size_t most_segments = 256;

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

}  // namespace ordeal
