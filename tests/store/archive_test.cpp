// SPDX-License-Identifier: Apache-2.0
#include "store/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>

#include "store/tar_text.h"

using namespace ordeal;

namespace {

using Entries = std::vector<TarEntry>;

std::string refusal(const std::string& bytes, const ArchiveLimits& limits = {}) {
  const Result<ArchiveFiles> files = read_archive(bytes, "p.ordeal", limits);
  if (files) return "taken";
  BOOST_TEST((files.error().code == ExitCode::plugin_rejected));
  BOOST_TEST(files.error().where.file == "p.ordeal");
  return files.error().what;
}

/// The bytes compressed by libarchive as one member without a tar around them.
std::string compressed(const std::string& bytes, int (*add_filter)(archive*)) {
  std::string out(bytes.size() + 65536, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_raw(writer);
  BOOST_REQUIRE(add_filter(writer) == ARCHIVE_OK);
  archive_write_set_bytes_in_last_block(writer, 1);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, bytes.data(), bytes.size());
  archive_write_close(writer);
  archive_entry_free(entry);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

}  // namespace

namespace test {  // libarchive has the name outside
BOOST_AUTO_TEST_SUITE(archive)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_and_always_the_same) {
  const ArchiveFiles files{{"a.json", "{}"}, {"b.so", std::string(100'000, 'b')}, {"c", ""}};
  const Result<std::string> bytes = write_archive(files);
  BOOST_REQUIRE(bytes);
  BOOST_TEST((*read_archive(*bytes, "a") == files));
  BOOST_TEST((*write_archive(files) == *bytes));
  // No time in gzip's own header.
  BOOST_TEST(bytes->substr(0, 2) == "\x1f\x8b");
  BOOST_TEST(bytes->substr(4, 4) == std::string(4, '\0'));
}

BOOST_AUTO_TEST_CASE(plain_gzip_and_zstd_are_taken) {
  const std::string tar = tar_of(Entries{{"./", "", '5'}, {"./d/", "", '5'}, {"./d/a.json", "{}"}});
  const ArchiveFiles expected{{"d/a.json", "{}"}};
  BOOST_TEST((*read_archive(tar, "a") == expected));
  BOOST_TEST((*read_archive(compressed(tar, archive_write_add_filter_gzip), "a") == expected));
  BOOST_TEST((*read_archive(compressed(tar, archive_write_add_filter_zstd), "a") == expected));
  BOOST_TEST(refusal(compressed(tar, archive_write_add_filter_xz)).find("not a sound archive") ==
             0u);
}

BOOST_AUTO_TEST_CASE(names_that_lead_elsewhere_are_refused) {
  const std::pair<std::string, std::string> cases[] = {
      {"../evil", "leads out"},       {"a/../../evil", "leads out"},
      {"a/..", "leads out"},          {"..", "leads out"},
      {"/etc/passwd", "absolute"},    {"//x", "absolute"},
      {"a//b", "empty part"},         {"a/./b", "empty part"},
      {"a\\..\\b", "odd characters"}, {"a\nb", "odd characters"},
      {"a\x1b[2J", "odd characters"}, {"\xc4\xb1.json", "odd characters"}};
  for (const auto& [name, words] : cases) {
    BOOST_TEST_CONTEXT(name) {
      const std::string said = refusal(tar_of(Entries{{name}}));
      BOOST_TEST(said.find(words) != std::string::npos, said);
      BOOST_TEST(said.find('\x1b') == std::string::npos);
      BOOST_TEST(said.find('\n') == std::string::npos);
    }
  }
  BOOST_TEST(refusal(tar_of(Entries{{""}})) != "taken");
}

BOOST_AUTO_TEST_CASE(only_plain_files_are_taken) {
  const std::pair<char, const char*> kinds[] = {{'1', "is a link"},
                                                {'2', "is a link"},
                                                {'3', "no plain file"},
                                                {'4', "no plain file"},
                                                {'6', "no plain file"}};
  for (const auto& [type, words] : kinds) {
    BOOST_TEST_CONTEXT(type) {
      const std::string said =
          refusal(tar_of(Entries{{"a", ""}, {"p.so", "", type, type < '3' ? "a" : ""}}));
      BOOST_TEST(said.find(words) != std::string::npos, said);
    }
  }
  BOOST_TEST(refusal(tar_of(Entries{{"p.so", "", '2', "/lib/x.so"}})).find("is a link") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_is_there_once_whatever_its_case) {
  for (const auto& [a, b] :
       {std::pair("p.so", "p.so"), {"p.so", "P.SO"}, {"./p.so", "p.so"}, {"d/a", "D/a"}}) {
    const std::string said = refusal(tar_of(Entries{{a}, {b}}));
    BOOST_TEST(said.find("there twice") != std::string::npos, said);
  }
}

BOOST_AUTO_TEST_CASE(bombs_are_refused) {
  Entries many;
  for (int i = 0; i < 65; ++i) many.push_back({"f" + std::to_string(i)});
  BOOST_TEST(refusal(tar_of(many)).find("more than 64 entries") != std::string::npos);
  Entries folders;
  for (int i = 0; i < 65; ++i) folders.push_back({"f" + std::to_string(i), "", '5'});
  BOOST_TEST(refusal(tar_of(folders)).find("more than 64 entries") != std::string::npos);
  const std::string zeros = tar_of(Entries{{"p.so", std::string(8 << 20, '\0')}});
  BOOST_TEST(refusal(compressed(zeros, archive_write_add_filter_gzip)).find("100 times its size") !=
             std::string::npos);
  BOOST_TEST(refusal(compressed(zeros, archive_write_add_filter_zstd)).find("100 times its size") !=
             std::string::npos);
  ArchiveLimits small;
  small.bytes = 4 << 20;
  BOOST_TEST(refusal(zeros, small).find("more than 4194304 bytes") != std::string::npos);
  // Sizes that are said but not there.
  BOOST_TEST(refusal(tar_of(Entries{{"p.so", "x", '0', "", "77777777777"}})).find("not a sound") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(broken_archives_are_refused_without_harm) {
  for (const std::string& text : {std::string(), std::string("text"), std::string("PK\3\4"),
                                  std::string(512, 'a'), std::string("\x1f\x8b\x08garbage")})
    BOOST_TEST(refusal(text) != "taken");
  const std::string good =
      *write_archive({{"org.example.p.json", "{}"}, {"org.example.p.so", std::string(3000, 's')}});
  const std::string plain = tar_of(Entries{{"a.json"}, {"d/", "", '5'}, {"d/b.so", "bbb"}});
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string mutated = i % 2 == 0 ? good : plain;
    for (unsigned edits = 1 + random() % 4; edits > 0; --edits)
      mutated[random() % mutated.size()] = static_cast<char>(random());
    if (random() % 8 == 0) mutated.resize(random() % mutated.size());
    const Result<ArchiveFiles> files = read_archive(mutated, "m");
    if (!files) continue;
    for (const auto& [name, content] : *files)
      BOOST_REQUIRE(name.find("..") == std::string::npos && name[0] != '/');
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace test
