// SPDX-License-Identifier: Apache-2.0
// What an ElfLibrary offers others, by its hash tables.
#include <algorithm>

#include "registry/elf_library.h"

namespace ordeal {
namespace {

// Far more than any library has. They bound the time that a file made to waste it can take.
constexpr std::uint64_t most_symbols = 1u << 20;
constexpr std::size_t most_text = 1u << 26;  // of all names together

/// What the dynamic loader binds others to.
bool is_exported(const ElfW(Sym) & symbol) {
  const unsigned binding = symbol.st_info >> 4;
  const unsigned visibility = symbol.st_other & 3u;
  return symbol.st_shndx != SHN_UNDEF &&
         (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE) &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

}  // namespace

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
