// SPDX-License-Identifier: Apache-2.0
#include "check/exports.h"

#include <elf.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/files.h"

namespace ordeal {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half this_machine = EM_AARCH64;
#else
constexpr Elf64_Half this_machine = EM_NONE;  // not compared
#endif

/// Reads structs out of a file's bytes, never beyond them.
class ElfFile {
 public:
  explicit ElfFile(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  [[nodiscard]] std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  /// The text up to its NUL; "" when it does not end inside the section.
  [[nodiscard]] std::string text(std::uint64_t offset, std::uint64_t end) const {
    end = std::min<std::uint64_t>(end, bytes_.size());
    if (offset >= end) return {};
    const auto part = bytes_.substr(offset, end - offset);
    const std::size_t nul = part.find('\0');
    return nul == std::string_view::npos ? std::string() : std::string(part.substr(0, nul));
  }

 private:
  std::string_view bytes_;
};

}  // namespace

Result<std::vector<std::string>> exported_symbols(const std::string& library) {
  const auto rejected = [&](std::string what) {
    Error error;
    error.code = ExitCode::plugin_rejected;
    error.what = std::move(what);
    error.where.file = library;
    return error;
  };
  auto bytes = read_file(library, ExitCode::plugin_rejected, std::uint64_t{1} << 30);
  if (!bytes) return bytes.error();
  const ElfFile file(*bytes);
  const auto header = file.at<Elf64_Ehdr>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
    return rejected("it is not an ELF file");
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
    return rejected("it is not a 64-bit little-endian ELF file");
  if (this_machine != EM_NONE && header->e_machine != this_machine)
    return rejected("it is for another machine (ELF machine " + std::to_string(header->e_machine) +
                    ", this one is " + std::to_string(this_machine) + ")");
  if (header->e_type != ET_DYN) return rejected("it is not a shared object");
  std::vector<std::string> names;
  bool found = false;
  for (std::uint64_t i = 0; i < header->e_shnum; ++i) {
    const auto section = file.at<Elf64_Shdr>(header->e_shoff + i * sizeof(Elf64_Shdr));
    if (!section) return rejected("its section headers are cut off");
    if (section->sh_type != SHT_DYNSYM) continue;
    found = true;
    const auto strings =
        file.at<Elf64_Shdr>(header->e_shoff + std::uint64_t{section->sh_link} * sizeof(Elf64_Shdr));
    if (!strings) return rejected("its dynamic symbols have no names");
    const std::uint64_t count = section->sh_size / sizeof(Elf64_Sym);
    for (std::uint64_t n = 0; n < count; ++n) {
      const auto symbol = file.at<Elf64_Sym>(section->sh_offset + n * sizeof(Elf64_Sym));
      if (!symbol) return rejected("its dynamic symbols are cut off");
      const unsigned binding = ELF64_ST_BIND(symbol->st_info);
      const unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
      if (symbol->st_shndx == SHN_UNDEF || binding == STB_LOCAL || visibility == STV_HIDDEN ||
          visibility == STV_INTERNAL)
        continue;
      names.push_back(
          file.text(strings->sh_offset + symbol->st_name, strings->sh_offset + strings->sh_size));
    }
  }
  if (!found) return rejected("it has no dynamic symbols");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ordeal
