// SPDX-License-Identifier: Apache-2.0
#include "store/unpack.h"

#include <sys/stat.h>

#include <optional>
#include <vector>

#include "store/store_fixture.h"
#include "store/tar_text.h"

using namespace ordeal;
namespace fs = std::filesystem;

namespace {

/// Temporary folders of the program under test are made in one of the test's own.
struct UnpackFixture : StoreFixture {
  UnpackFixture() {
    fs::create_directory(temporary);
    if (const char* set = std::getenv("TMPDIR")) before = set;
    ::setenv("TMPDIR", temporary.c_str(), 1);
  }
  ~UnpackFixture() { before ? ::setenv("TMPDIR", before->c_str(), 1) : ::unsetenv("TMPDIR"); }
  [[nodiscard]] bool nothing_left() const { return fs::is_empty(temporary); }

  std::string temporary = path() + "/temporary";
  std::optional<std::string> before;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(unpack, UnpackFixture)

BOOST_AUTO_TEST_CASE(a_package_lies_in_a_folder_of_its_own_until_it_is_done_with) {
  const std::string made = package("com.acme.kv", "1.2.0", "not a signature");
  {
    auto unpacked = UnpackedPlugin::unpack(made);
    BOOST_TEST_REQUIRE(!!unpacked);
    const UnpackedPlugin moved = std::move(*unpacked);
    struct stat status {};
    BOOST_TEST(::stat(moved.folder().c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777) == 0700u);
    BOOST_TEST(moved.manifest() == moved.folder() + "/com.acme.kv.json");
    BOOST_TEST(read_file(moved.manifest(), ExitCode::internal).value() ==
               text("com.acme.kv", "1.2.0", with_hash()));
    BOOST_TEST(read_file(moved.manifest() + ".minisig", ExitCode::internal).value() ==
               "not a signature");
    BOOST_TEST(
        (read_file(moved.folder() + "/com.acme.kv.so", ExitCode::internal).value() == library));
  }
  BOOST_TEST(nothing_left());
}

BOOST_AUTO_TEST_CASE(what_the_archive_reader_refuses_is_never_written) {
  const std::string manifest = text("com.acme.kv", "1.2.0");
  const std::vector<std::vector<TarEntry>> bad{
      {{"com.acme.kv.json", manifest}, {"../com.acme.kv.so", library}},
      {{"com.acme.kv.json", manifest}, {"/tmp/com.acme.kv.so", library}},
      {{"com.acme.kv.json", manifest}, {"com.acme.kv.so", "", '2', "/etc/passwd"}},
      {{"com.acme.kv.so", library}},
      {{"com.acme.kv.json", manifest}, {"other.json", manifest}},
  };
  for (const auto& entries : bad) {
    const std::string file = write("source/bad.ordeal", tar_of(entries));
    const auto unpacked = UnpackedPlugin::unpack(file);
    BOOST_TEST_REQUIRE(!unpacked);
    BOOST_TEST((unpacked.error().code == ExitCode::plugin_rejected), unpacked.error().line());
    BOOST_TEST(unpacked.error().where.file == file);
    BOOST_TEST(nothing_left());
  }
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_said) {
  const std::string made = package("com.acme.kv", "1.2.0");
  ::setenv("TMPDIR", (path() + "/none").c_str(), 1);
  const auto unpacked = UnpackedPlugin::unpack(made);
  BOOST_TEST_REQUIRE(!unpacked);
  BOOST_TEST((unpacked.error().code == ExitCode::preflight), unpacked.error().line());
}

BOOST_AUTO_TEST_SUITE_END()
