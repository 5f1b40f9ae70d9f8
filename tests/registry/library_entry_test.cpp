// SPDX-License-Identifier: Apache-2.0
#include "registry/library_entry.h"

#include <fcntl.h>
#include <ordeal/abi/entry.h>

#include <boost/test/unit_test.hpp>

#include "base/files.h"
#include "base/unique_fd.h"
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
  BOOST_TEST(entry->size == sizeof(ordeal_plugin_entry_t));
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

BOOST_AUTO_TEST_CASE(damage_is_an_error) {
  const TemporaryFolder folder;
  BOOST_TEST(says(read(folder.write("empty.so", "")), "no ELF file"));
  BOOST_TEST(says(read(folder.write("text.so", "#!/bin/sh\n")), "no ELF file"));
  std::string machine = sound();
  machine.replace(18, 2, std::string("\xf3\0", 2));
  BOOST_TEST(says(read(folder.write("machine.so", machine)), "another machine"));
  std::string type = sound();
  type[16] = 2;
  BOOST_TEST(says(read(folder.write("type.so", type)), "no shared object"));
  std::string headers = sound();
  headers.replace(32, 8, std::string(8, '\xff'));  // e_phoff
  BOOST_TEST(says(read(folder.write("headers.so", headers)), "program headers"));
}

BOOST_AUTO_TEST_CASE(every_truncation_is_survived) {
  const TemporaryFolder folder;
  const std::string whole = sound();
  for (std::size_t size = 0; size < whole.size(); size += 509)
    static_cast<void>(read(folder.write("cut.so", whole.substr(0, size))));
  BOOST_TEST(says(read(folder.write("cut.so", whole.substr(0, 100))), "program headers"));
}

BOOST_AUTO_TEST_SUITE_END()
