// SPDX-License-Identifier: Apache-2.0
#include "check/exports.h"

#include <boost/test/unit_test.hpp>
#include <random>

#include "base/files.h"
#include "temporary_folder.h"

using namespace ordeal;

namespace {

const std::string plugin = std::string(ORDEAL_BUILT_PLUGINS) + "/org.ordeal.threshold.so";

}  // namespace

BOOST_AUTO_TEST_SUITE(exports)

BOOST_AUTO_TEST_CASE(a_plugin_exports_its_entry) {
  const auto names = exported_symbols(plugin);
  BOOST_REQUIRE(names);
  BOOST_REQUIRE(names->size() == 1u);
  BOOST_TEST(names->front() == "ordeal_plugin_entry");
}

BOOST_AUTO_TEST_CASE(what_is_no_plugin_is_said_to_be_none) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.file("x.so");
  const auto refused = [&](std::string bytes, const std::string& says) {
    BOOST_REQUIRE(write_file(file, bytes, false));
    const auto names = exported_symbols(file);
    BOOST_REQUIRE(!names);
    BOOST_TEST((names.error().code == ExitCode::plugin_rejected));
    BOOST_TEST(names.error().what.find(says) != std::string::npos, names.error().what);
  };
  refused("", "not an ELF file");
  refused("#!/bin/sh\n", "not an ELF file");
  std::string elf = *read_file(plugin, ExitCode::internal);
  refused(elf.substr(0, 64), "cut off");
  refused(elf.substr(0, elf.size() - 200), "cut off");
  std::string other = elf;
  other[18] = static_cast<char>(other[18] ^ 0x40);  // e_machine
  refused(other, "another machine");
  other = elf;
  other[4] = 1;  // 32 bits
  refused(other, "64-bit");
  other = elf;
  other[16] = 1;  // ET_REL
  refused(other, "not a shared object");
}

BOOST_AUTO_TEST_CASE(mutated_files_are_read_within_their_bounds) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.file("x.so");
  const std::string elf = *read_file(plugin, ExitCode::internal);
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    std::string mutated = elf;
    // Where it hurts: the header, and the section headers at the end.
    for (int n = 0; n < 4; ++n) {
      const std::size_t at = random() % 2 == 0 ? random() % 64 : elf.size() - 1 - random() % 2048;
      mutated[at] = static_cast<char>(random());
    }
    BOOST_REQUIRE(write_file(file, mutated, false));
    const auto names = exported_symbols(file);
    if (!names) BOOST_TEST(!names.error().what.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
