// SPDX-License-Identifier: Apache-2.0
#include "store/elf.h"

#include <elf.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <random>

#include "base/files.h"

using namespace ordeal;

namespace {

const std::string symbol = "ordeal_plugin_entry";

std::string built_plugin(const std::string& id) {
  const Result<std::string> bytes =
      read_file(ORDEAL_BUILT_PLUGINS "/" + id + ".so", ExitCode::internal);
  BOOST_REQUIRE(bytes);
  return *bytes;
}

Error refused(const std::string& bytes) {
  const Result<void> result = check_library(bytes, "p.so", symbol);
  BOOST_REQUIRE(!result);
  BOOST_TEST((result.error().code == ExitCode::plugin_rejected));
  BOOST_TEST(result.error().where.file == "p.so");
  return result.error();
}

bool says(const Error& error, const std::string& words) {
  return error.line().find(words) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elf)

BOOST_AUTO_TEST_CASE(every_shipped_plugin_passes) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ORDEAL_BUILT_PLUGINS)) {
    if (entry.path().extension() != ".so") continue;
    ++count;
    const std::string bytes = built_plugin(entry.path().stem().string());
    const Result<void> result = check_library(bytes, entry.path().string(), symbol);
    BOOST_TEST_CONTEXT(entry.path()) { BOOST_TEST(bool(result)); }
    // Only the whole name counts.
    for (const char* other : {"ordeal_plugin_entr", "ordeal_plugin_entry2", "malloc", "init"})
      BOOST_TEST(!check_library(bytes, "p.so", other), other);
  }
  BOOST_TEST(count >= 5);
}

BOOST_AUTO_TEST_CASE(what_it_is_instead_is_said) {
  const std::string good = built_plugin("org.ordeal.threshold");
  BOOST_TEST(says(refused(""), "no ELF file"));
  BOOST_TEST(says(refused("#!/bin/sh"), "no ELF file"));
  BOOST_TEST(says(refused(good.substr(0, 40)), "ends within its header"));
  BOOST_TEST(says(refused(good.substr(0, 100)), "beyond its end"));
  BOOST_TEST(says(refused(good.substr(0, good.size() / 2)), "corrupt ELF"));
  const auto with = [&good](std::size_t at, const std::string& bytes) {
    return std::string(good).replace(at, bytes.size(), bytes);
  };
  BOOST_TEST(says(refused(with(EI_CLASS, "\1")), "32-bit machine"));
  BOOST_TEST(says(refused(with(EI_CLASS, "\7")), "no class"));
  BOOST_TEST(says(refused(with(EI_DATA, "\2")), "other byte order"));
  const std::string other = built_plugin("org.ordeal.threshold")[18] == EM_X86_64
                                ? std::string("\xb7\0", 2)
                                : std::string("\x3e\0", 2);
  const Error wrong = refused(with(18, other));
  BOOST_TEST(says(wrong, "the library is for "));
  BOOST_TEST(says(wrong, "get the plugin for this machine"));
  BOOST_TEST(says(refused(with(16, std::string("\2\0", 2))), "not a program"));
  BOOST_TEST(says(refused(with(16, std::string("\1\0", 2))), "not an object file"));
  BOOST_TEST(says(refused(with(56, std::string("\xff\xff", 2))), "program headers"));
}

BOOST_AUTO_TEST_CASE(a_library_of_another_kind_lacks_the_entry) {
  for (const char* name : {"libz.so.1", "libc.so.6"}) {
    for (const char* folder : {"/lib/" ORDEAL_TRIPLET "/", "/usr/lib/" ORDEAL_TRIPLET "/"}) {
      const Result<std::string> bytes = read_file(std::string(folder) + name, ExitCode::internal);
      if (!bytes) continue;
      const Error error = refused(*bytes);
      BOOST_TEST(says(error, "does not export ordeal_plugin_entry"), error.line());
      BOOST_TEST(bool(check_library(*bytes, name, name[3] == 'z' ? "inflate" : "malloc")));
    }
  }
}

BOOST_AUTO_TEST_CASE(mutated_files_are_read_within_their_bounds) {
  const std::string good = built_plugin("org.ordeal.threshold");
  // A copy of its own size, so that a sanitizer sees the first byte beyond.
  std::mt19937 random(11);
  int refusals = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string mutated = good;
    for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
      // Most of what is read lies near the start: headers, hash table, symbols.
      const std::size_t reach = random() % 2 == 0 ? 1024 : mutated.size();
      const std::size_t at = random() % reach;
      const char bytes[] = {static_cast<char>(random()), '\0', '\x7f', '\xff'};
      mutated[at] = bytes[random() % 4];
    }
    if (random() % 16 == 0) mutated.resize(random() % mutated.size());
    const std::string exact(mutated.data(), mutated.size());
    if (!check_library(exact, "m", symbol)) ++refusals;
  }
  BOOST_TEST(refusals > 500);
}

BOOST_AUTO_TEST_SUITE_END()
