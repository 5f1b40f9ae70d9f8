// SPDX-License-Identifier: Apache-2.0
#include "registry/library_entry.h"

#include <fcntl.h>
#include <ordeal/abi/entry.h>

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "base/files.h"
#include "base/unique_fd.h"
#include "places.h"
#include "registry/elf_library.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

Result<LibraryEntry> read(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  BOOST_REQUIRE(static_cast<bool>(fd));
  return read_library_entry(fd.get(), path);
}

std::string sound() {
  const auto bytes = read_file(ORDEAL_BUILT_PLUGINS "/org.ordeal.threshold.so", ExitCode::internal);
  BOOST_REQUIRE(static_cast<bool>(bytes));
  return *bytes;
}

bool says(const Result<LibraryEntry>& entry, const std::string& what) {
  if (entry) return false;
  BOOST_TEST_INFO(entry.error().line());
  return entry.error().code == ExitCode::plugin_rejected &&
         entry.error().line().find(what) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(library_entry)

BOOST_AUTO_TEST_CASE(a_plugin_is_read_without_being_mapped) {
  const auto entry = read(ORDEAL_BUILT_PLUGINS "/org.ordeal.threshold.so");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(entry), (entry ? "" : entry.error().line()));
  BOOST_TEST(entry->magic == ORDEAL_PLUGIN_MAGIC);
  BOOST_TEST(entry->size >= sizeof(ordeal_plugin_entry_t));  // more: a sanitizer's
  BOOST_TEST(entry->struct_size == sizeof(ordeal_plugin_entry_t));
  BOOST_TEST(entry->abi_major == ORDEAL_ABI_MAJOR);
  BOOST_TEST(entry->abi_minor == ORDEAL_ABI_MINOR);
  BOOST_TEST(static_cast<bool>(check_library_entry(*entry, "x.so")));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_said_with_both_versions) {
  const LibraryEntry fits{sizeof(ordeal_plugin_entry_t), ORDEAL_PLUGIN_MAGIC,
                          sizeof(ordeal_plugin_entry_t), ORDEAL_ABI_MAJOR, ORDEAL_ABI_MINOR};
  BOOST_TEST(static_cast<bool>(check_library_entry(fits, "x.so")));
  const auto line = [](const LibraryEntry& entry) {
    const auto result = check_library_entry(entry, "x.so");
    return result ? std::string() : result.error().line();
  };
  LibraryEntry other = fits;
  other.magic = 1;
  BOOST_TEST(line(other).find("magic") != std::string::npos);
  other = fits;
  other.abi_major += 1;
  BOOST_TEST(line(other).find("ABI 1.") != std::string::npos, line(other));
  BOOST_TEST(line(other).find("ABI 0.") != std::string::npos, line(other));
  other = fits;
  other.struct_size = 4096;
  BOOST_TEST(line(other).find("4096") != std::string::npos);
  other = fits;
  other.size = 8;
  BOOST_TEST(line(other).find("has 8") != std::string::npos, line(other));
}

BOOST_AUTO_TEST_CASE(what_is_no_plugin_is_an_error) {
  const TemporaryFolder folder;
  BOOST_TEST(says(read(folder.write("empty.so", "")), "empty.so: the library is no ELF file"));
  BOOST_TEST(says(read(folder.write("text.so", "#!/bin/sh\n")), "no ELF file"));
  BOOST_TEST(says(read_library_entry("#!/bin/sh\n", "x.so"), "x.so: the library is no ELF file"));
  BOOST_TEST(says(read("/lib/" ORDEAL_TRIPLET "/libc.so.6"),
                  "the library does not export ordeal_plugin_entry"));
}

BOOST_AUTO_TEST_CASE(an_entry_that_is_not_all_in_the_file_is_an_error) {
  std::string bytes = sound();
  const auto library = ElfLibrary::open(bytes, "x.so");
  BOOST_REQUIRE(library);
  const auto symbol = library->find(ORDEAL_PLUGIN_ENTRY_SYMBOL);
  BOOST_REQUIRE(symbol);
  // The one symbol of this address and size.
  std::string found(reinterpret_cast<const char*>(&symbol.value()), sizeof(ElfLibrary::Symbol));
  const std::size_t at = bytes.find(found);
  BOOST_REQUIRE(at != std::string::npos);
  for (const std::uint64_t address :
       {std::uint64_t{0}, symbol->address + 0x100000, UINT64_MAX, UINT64_MAX - 8}) {
    std::memcpy(bytes.data() + at, &address, sizeof address);
    const auto entry = read_library_entry(bytes, "x.so");
    if (address == 0) {
      BOOST_REQUIRE(entry);  // the ELF header is no entry
      BOOST_TEST(!check_library_entry(*entry, "x.so"));
    } else {
      BOOST_TEST(says(entry, "outside the file"));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_truncation_is_survived) {
  const TemporaryFolder folder;
  const std::string whole = sound();
  for (std::size_t size = 0; size < whole.size(); size += 509)
    static_cast<void>(read(folder.write("cut.so", whole.substr(0, size))));
  BOOST_TEST(says(read(folder.write("cut.so", whole.substr(0, 100))), "program headers"));
}

BOOST_AUTO_TEST_SUITE_END()
