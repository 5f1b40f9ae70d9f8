// SPDX-License-Identifier: Apache-2.0
#include "registry/elf_library.h"

#include <ordeal/abi/entry.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <random>

#include "base/files.h"
#include "places.h"

using namespace ordeal;

namespace {

const std::string symbol = ORDEAL_PLUGIN_ENTRY_SYMBOL;
const std::string plugin = ORDEAL_BUILT_PLUGINS "/org.ordeal.threshold.so";
const std::string old_table = ORDEAL_FAULTS_DIR "/org.faulty.sysv-hash.so";

std::string bytes_of(const std::string& path) {
  const Result<std::string> bytes = read_file(path, ExitCode::internal);
  BOOST_REQUIRE(bytes);
  return *bytes;
}

/// Everything there is to read of it; the first error.
Result<void> read_all(std::string_view bytes) {
  const auto library = ElfLibrary::open(bytes, "p.so");
  if (!library) return library.error();
  if (const auto names = library->exported(); !names) return names.error();
  const auto entry = library->find(symbol);
  if (!entry) return entry.error();
  static_cast<void>(library->read<ordeal_plugin_entry_t>(entry->address));
  return {};
}

std::string refused(const std::string& bytes) {
  const Result<void> result = read_all(bytes);
  BOOST_REQUIRE(!result);
  BOOST_TEST((result.error().code == ExitCode::plugin_rejected));
  BOOST_TEST(result.error().where.file == "p.so");
  return result.error().line();
}

bool says(const std::string& line, const std::string& words) {
  BOOST_TEST_INFO(line);
  return line.find(words) != std::string::npos;
}

template <class T>
T at(const std::string& bytes, std::size_t offset) {
  T value;
  BOOST_REQUIRE(offset + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// The same by the section headers, which the reader under test does not look at.
std::vector<std::string> exported_by_sections(const std::string& elf) {
  std::vector<std::string> names;
  const auto header = at<ElfW(Ehdr)>(elf, 0);
  const auto section = [&](std::size_t i) {
    return at<ElfW(Shdr)>(elf, header.e_shoff + i * sizeof(ElfW(Shdr)));
  };
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    if (section(i).sh_type != SHT_DYNSYM) continue;
    const std::size_t strings = section(section(i).sh_link).sh_offset;
    for (std::size_t n = 0; n < section(i).sh_size / sizeof(ElfW(Sym)); ++n) {
      const auto one = at<ElfW(Sym)>(elf, section(i).sh_offset + n * sizeof(ElfW(Sym)));
      if (one.st_shndx != SHN_UNDEF && one.st_info >> 4 != STB_LOCAL &&
          (one.st_other & 3) != STV_HIDDEN && (one.st_other & 3) != STV_INTERNAL)
        names.emplace_back(elf.c_str() + strings + one.st_name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Where an entry of the dynamic section lies in the file.
std::size_t dynamic_entry(const std::string& elf, ElfW(Sxword) tag) {
  const auto header = at<ElfW(Ehdr)>(elf, 0);
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = at<ElfW(Phdr)>(elf, header.e_phoff + i * sizeof(ElfW(Phdr)));
    if (segment.p_type != PT_DYNAMIC) continue;
    for (std::size_t offset = segment.p_offset;; offset += sizeof(ElfW(Dyn))) {
      const auto entry = at<ElfW(Dyn)>(elf, offset);
      if (entry.d_tag == tag) return offset;
      if (entry.d_tag == DT_NULL) break;
    }
  }
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elf_library)

BOOST_AUTO_TEST_CASE(every_shipped_plugin_exports_its_entry_alone) {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(ORDEAL_BUILT_PLUGINS)) {
    if (file.path().extension() != ".so") continue;
    ++count;
    BOOST_TEST_CONTEXT(file.path()) {
      const std::string bytes = bytes_of(file.path());
      const auto library = ElfLibrary::open(bytes, file.path());
      BOOST_REQUIRE(library);
      const auto names = library->exported();
      BOOST_REQUIRE(names);
      BOOST_REQUIRE(names->size() == 1u);
      BOOST_TEST(names->front() == symbol);
      const auto entry = library->find(symbol);
      BOOST_REQUIRE(entry);
      BOOST_TEST(entry->size >= sizeof(ordeal_plugin_entry_t));  // more: a sanitizer's
      BOOST_TEST(library->read<std::uint64_t>(entry->address).value() == ORDEAL_PLUGIN_MAGIC);
      // Only the whole name counts, and what is imported does not.
      for (const char* other : {"", "ordeal_plugin_entr", "ordeal_plugin_entry2", "malloc", "init"})
        BOOST_TEST(!library->find(other), other);
    }
  }
  BOOST_TEST(count >= 5);
}

BOOST_AUTO_TEST_CASE(both_kinds_of_hash_table_are_read) {
  const std::string bytes = bytes_of(old_table);
  BOOST_REQUIRE(dynamic_entry(bytes, DT_GNU_HASH) == 0u);
  BOOST_REQUIRE(dynamic_entry(bytes, DT_HASH) != 0u);
  BOOST_REQUIRE(dynamic_entry(bytes_of(plugin), DT_GNU_HASH) != 0u);
  const auto library = ElfLibrary::open(bytes, "p.so");
  BOOST_REQUIRE(library);
  const auto names = library->exported();
  BOOST_REQUIRE(names);
  BOOST_REQUIRE(names->size() == 1u);
  BOOST_TEST(names->front() == symbol);
  const auto entry = library->find(symbol);
  BOOST_REQUIRE(entry);
  BOOST_TEST(library->read<std::uint64_t>(entry->address).value() == ORDEAL_PLUGIN_MAGIC);
  BOOST_TEST(!library->find("ordeal_plugin_entr"));
}

BOOST_AUTO_TEST_CASE(large_libraries_of_the_system_are_read_whole) {
  std::size_t most = 0;
  for (const char* name : {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"}) {
    for (const char* folder : {"/lib/" ORDEAL_TRIPLET "/", "/usr/lib/" ORDEAL_TRIPLET "/"}) {
      const std::string path = std::string(folder) + name;
      if (!std::filesystem::exists(path)) continue;
      BOOST_TEST_CONTEXT(path) {
        const std::string bytes = bytes_of(path);
        const auto library = ElfLibrary::open(bytes, "p.so");
        BOOST_REQUIRE(library);
        const auto names = library->exported();
        BOOST_REQUIRE(names);
        const auto expected = exported_by_sections(bytes);
        most = std::max(most, expected.size());
        BOOST_TEST(std::equal(names->begin(), names->end(), expected.begin(), expected.end()));
        std::size_t found = 0;
        for (const std::string_view one : *names) found += library->find(one) ? 1 : 0;
        BOOST_TEST(found == names->size());
        BOOST_TEST(says(refused(bytes), "the library does not export ordeal_plugin_entry"));
      }
    }
  }
  BOOST_TEST(most > 1000u);
}

BOOST_AUTO_TEST_CASE(reading_ends_where_a_segment_does) {
  const std::string bytes = bytes_of(plugin);
  const auto library = ElfLibrary::open(bytes, "p.so");
  BOOST_REQUIRE(library);
  const auto header = at<ElfW(Ehdr)>(bytes, 0);
  ElfW(Phdr) first{};  // to be loaded: it holds the start of the file
  for (std::size_t i = 0; first.p_type != PT_LOAD && i < header.e_phnum; ++i)
    first = at<ElfW(Phdr)>(bytes, header.e_phoff + i * sizeof first);
  BOOST_REQUIRE(first.p_type == PT_LOAD);
  BOOST_REQUIRE(first.p_vaddr == 0u);
  const std::uint64_t end = first.p_filesz;
  BOOST_TEST((library->read<char>(0) == '\x7f'));
  BOOST_TEST((library->read<char>(0, 1) == 'E'));
  BOOST_TEST((library->read<char>(end - 1)).has_value());
  BOOST_TEST(!library->read<std::uint32_t>(end - 3));
  BOOST_TEST(!library->read<char>(end));
  BOOST_TEST(!library->read<char>(UINT64_MAX));
  BOOST_TEST(!library->read<std::uint64_t>(UINT64_MAX - 3));
  BOOST_TEST(!library->read<std::uint32_t>(8, UINT64_MAX));
  BOOST_TEST(!library->read<std::uint32_t>(8, UINT64_MAX / 4));
}

BOOST_AUTO_TEST_CASE(what_it_is_instead_is_said) {
  const std::string good = bytes_of(plugin);
  BOOST_TEST(says(refused(""), "no ELF file"));
  BOOST_TEST(says(refused("#!/bin/sh\n"), "no ELF file"));
  BOOST_TEST(says(refused(good.substr(0, 40)), "ends within its header"));
  BOOST_TEST(says(refused(good.substr(0, 100)), "program headers lie beyond its end"));
  BOOST_TEST(says(refused(good.substr(0, good.size() / 2)), "shorter than its segments"));
  const auto with = [&good](std::size_t where, const std::string& bytes) {
    return std::string(good).replace(where, bytes.size(), bytes);
  };
  BOOST_TEST(says(refused(with(EI_CLASS, "\1")), "32-bit machine"));
  BOOST_TEST(says(refused(with(EI_CLASS, "\7")), "no class"));
  BOOST_TEST(says(refused(with(EI_DATA, "\2")), "other byte order"));
  BOOST_TEST(says(refused(with(EI_DATA, "\7")), "no byte order"));
  BOOST_TEST(says(refused(with(EI_VERSION, "\2")), "version is unknown"));
  const bool here = good[18] == EM_X86_64;
  const std::string wrong =
      refused(with(18, here ? std::string("\xb7\0", 2) : std::string("\x3e\0", 2)));
  BOOST_TEST(says(wrong, here ? "the library is for aarch64" : "the library is for x86_64"));
  BOOST_TEST(says(wrong, "get the plugin for this machine"));
  BOOST_TEST(says(refused(with(18, "\xee\xee")), "the library is for machine 61166"));
  BOOST_TEST(says(refused(with(16, std::string("\2\0", 2))), "not a program"));
  BOOST_TEST(says(refused(with(16, std::string("\1\0", 2))), "not an object file"));
  BOOST_TEST(says(refused(with(32, std::string(8, '\xff'))), "program headers lie beyond"));
  BOOST_TEST(says(refused(with(56, std::string("\xff\xff", 2))), "program headers are not"));
}

BOOST_AUTO_TEST_CASE(damaged_tables_are_told_from_a_symbol_that_is_not_there) {
  for (const std::string& path : {plugin, old_table}) {
    const std::string good = bytes_of(path);
    const auto with = [&good](ElfW(Sxword) tag, std::uint64_t value) {
      std::string bytes = good;
      const std::size_t offset = dynamic_entry(good, tag);
      BOOST_REQUIRE(offset != 0u);
      std::memcpy(bytes.data() + offset + sizeof tag, &value, sizeof value);
      return bytes;
    };
    const ElfW(Sxword) hash = path == plugin ? DT_GNU_HASH : DT_HASH;
    for (const std::uint64_t nowhere : {std::uint64_t{1} << 40, UINT64_MAX, UINT64_MAX - 7}) {
      BOOST_TEST(says(refused(with(hash, nowhere)), "corrupt ELF file: its symbol table"));
      BOOST_TEST(says(refused(with(DT_SYMTAB, nowhere)), "corrupt ELF file: its symbol table"));
      BOOST_TEST(says(refused(with(DT_STRTAB, nowhere)), "corrupt ELF file: the names"));
      BOOST_TEST(says(refused(with(DT_STRSZ, nowhere)), "corrupt ELF file: the names"));
    }
    BOOST_TEST(says(refused(with(DT_SYMTAB, 0)), "no dynamic symbols"));
    BOOST_TEST(says(refused(with(DT_SYMENT, 7)), "symbols are not of this kind"));
    std::string other = good;
    other[good.find(symbol)] = 'x';
    BOOST_TEST(says(refused(other), "the library does not export ordeal_plugin_entry"));
  }
}

BOOST_AUTO_TEST_CASE(mutated_files_are_read_within_their_bounds) {
  std::mt19937 random(11);
  for (const std::string& path : {plugin, old_table}) {
    const std::string good = bytes_of(path);
    int refusals = 0;
    for (int i = 0; i < 3000; ++i) {
      std::string mutated = good;
      for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
        // Most of what is read lies near the start: headers, hash table, symbols.
        const std::size_t reach = random() % 2 == 0 ? 1024 : mutated.size();
        const char bytes[] = {static_cast<char>(random()), '\0', '\x7f', '\xff'};
        mutated[random() % reach] = bytes[random() % 4];
      }
      if (random() % 16 == 0) mutated.resize(random() % mutated.size());
      // A copy of its own size, so that a sanitizer sees the first byte beyond.
      const std::vector<char> exact(mutated.begin(), mutated.end());
      if (!read_all({exact.data(), exact.size()})) ++refusals;
    }
    BOOST_TEST(refusals > 300);
    BOOST_TEST(refusals < 3000);
  }
}

// Else a run started in a folder that somebody else prepared would load code from there, whatever
// was hashed.
BOOST_AUTO_TEST_CASE(folders_it_is_searched_in_are_absolute) {
  const std::string whole = bytes_of(plugin);
  const auto header = at<ElfW(Ehdr)>(whole, 0);
  std::size_t needed = 0;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = at<ElfW(Phdr)>(whole, header.e_phoff + i * sizeof(ElfW(Phdr)));
    if (segment.p_type != PT_DYNAMIC) continue;
    for (needed = segment.p_offset; at<ElfW(Dyn)>(whole, needed).d_tag != DT_NEEDED;)
      needed += sizeof(ElfW(Dyn));
  }
  BOOST_REQUIRE(needed != 0u);
  auto entry = at<ElfW(Dyn)>(whole, needed);
  const auto with = [&] {
    std::string bytes = whole;
    std::memcpy(bytes.data() + needed, &entry, sizeof entry);
    return bytes;
  };
  BOOST_TEST(!!read_all(with()));
  // The name of a library as that of a folder, relative as it is.
  for (const auto tag : {DT_RUNPATH, DT_RPATH}) {
    entry.d_tag = tag;
    BOOST_TEST(says(refused(with()), "has code loaded from 'lib"));
  }
  entry.d_un.d_val = 0;  // ""
  BOOST_TEST(says(refused(with()), "has code loaded from ''"));
  entry.d_un.d_val = std::uint32_t{0xffffffff};
  BOOST_TEST(says(refused(with()), "lies beyond its names"));
}

BOOST_AUTO_TEST_SUITE_END()
