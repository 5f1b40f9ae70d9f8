// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <link.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// A shared object for this machine, read from the bytes of its file by what the dynamic loader
/// goes by: program headers and hash tables, not sections. Nothing of it is executed, and nothing
/// it says is believed beyond the end of the bytes or of its segments, so the file may be damaged
/// in any way, or be meant to. Borrows the bytes. Any thread.
class ElfLibrary {
 public:
  struct Symbol {
    std::uint64_t address = 0;  // once loaded, relative to the library's base
    std::uint64_t size = 0;     // bytes
  };

  /// `path` names the file in errors. Error: plugin_rejected: no ELF file, corrupt, for another
  /// machine, no shared object, one that has the loader search wherever the process happens to be.
  static Result<ElfLibrary> open(std::string_view bytes, const std::string& path);

  /// The symbol of this name that the library defines for others, looked up as the dynamic loader
  /// does. Error: plugin_rejected: not exported, corrupt.
  [[nodiscard]] Result<Symbol> find(std::string_view name) const;

  /// The names of all symbols that the library defines for others, in order, each once; they are
  /// part of the bytes. Error: plugin_rejected: corrupt.
  [[nodiscard]] Result<std::vector<std::string_view>> exported() const;

  /// Element `index` of the array at an address, as the file has it, before any relocation; none
  /// when it does not lie in the file's part of one segment.
  template <typename T>
  [[nodiscard]] std::optional<T> read(std::uint64_t address, std::uint64_t index = 0) const {
    static_assert(std::is_trivially_copyable_v<T>);
    std::uint64_t distance = 0;
    if (__builtin_mul_overflow(index, sizeof(T), &distance) ||
        __builtin_add_overflow(address, distance, &address))
      return std::nullopt;
    const auto there = part(address, sizeof(T));
    if (!there) return std::nullopt;
    T value;
    std::memcpy(&value, there->data(), sizeof value);
    return value;
  }

 private:
  using Header = ElfW(Ehdr);
  using Segment = ElfW(Phdr);
  /// A symbol that others may use; no name: one that they may not.
  struct Definition {
    std::string_view name;
    Symbol symbol;
  };

  static constexpr std::size_t longest_name = 1u << 16;  // in the file

  ElfLibrary(std::string_view bytes, std::string path) : bytes_(bytes), path_(std::move(path)) {}

  [[nodiscard]] Error bad(std::string what) const;
  [[nodiscard]] Error corrupt(const std::string& why) const;
  [[nodiscard]] Error wrong_machine(const std::string& its) const;
  [[nodiscard]] Result<Header> checked_header() const;
  Result<Segment> read_segments(const Header& header);
  Result<void> read_dynamic(const Segment& dynamic);
  [[nodiscard]] Result<void> check_searches(const Segment& dynamic) const;

  /// The bytes that come to lie at an address; none unless one segment has them all.
  [[nodiscard]] std::optional<std::string_view> part(std::uint64_t address,
                                                     std::uint64_t size) const;
  /// The layout of DT_GNU_HASH, in words of 32 bits.
  struct GnuTable {
    std::uint32_t buckets;
    std::uint32_t first;  // symbol that is hashed
    std::uint64_t bucket_start;
    std::uint64_t chain_start;
  };
  /// The first symbol of a table and the one after its last.
  struct Range {
    std::uint64_t first;
    std::uint64_t end;
  };
  // None, of all of these: the tables are damaged.
  [[nodiscard]] std::optional<Definition> definition(std::uint64_t index) const;
  [[nodiscard]] std::optional<GnuTable> gnu_table() const;
  [[nodiscard]] std::optional<Definition> by_gnu_hash(std::string_view name) const;
  [[nodiscard]] std::optional<Definition> by_hash(std::string_view name) const;
  [[nodiscard]] std::optional<Range> gnu_hashed() const;
  [[nodiscard]] std::optional<Range> hashed() const;

  std::string_view bytes_;
  std::string path_;
  std::vector<Segment> loaded_;
  std::string_view names_;
  // Addresses; 0: none.
  std::uint64_t symbols_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t gnu_hash_ = 0;
};

}  // namespace ordeal
