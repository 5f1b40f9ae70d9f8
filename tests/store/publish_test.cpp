// SPDX-License-Identifier: Apache-2.0
#include "store/publish.h"

#include <sys/wait.h>

#include <boost/test/unit_test.hpp>

#include "registry/minisign.h"
#include "store/archive.h"
#include "store/store_fixture.h"

using namespace ordeal;

namespace {

struct Fixture : StoreFixture {
  Fixture() { BOOST_REQUIRE(make_key_pair(path() + "/me")); }
  [[nodiscard]] std::string bytes(const std::string& file) const {
    const Result<std::string> text = read_file(file, ExitCode::internal);
    return text ? *text : "";
  }
  [[nodiscard]] std::string pack(const std::string& source) const {
    std::vector<Error> errors;
    const std::string made = pack_into(source, path(), request.schemas, errors);
    for (const Error& error : errors) BOOST_TEST_MESSAGE(error.line());
    BOOST_TEST(errors.empty() == !made.empty());
    return made;
  }
};

const std::string id = "org.example.p";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(publish, Fixture)

BOOST_AUTO_TEST_CASE(packages_are_the_same_for_the_same_files) {
  const std::string made = pack(folder(id, "1.2.0"));
  BOOST_TEST(made == path() + "/org.example.p-1.2.0.ordeal");
  const std::string first = bytes(made);
  std::filesystem::remove(made);
  BOOST_TEST((bytes(pack(folder(id, "1.2.0"))) == first));
  const ArchiveFiles files = *read_archive(first, made);
  BOOST_TEST(files.size() == 2u);
  BOOST_TEST(files.at(id + ".json").find(sha256_hex(library)) != std::string::npos);
  BOOST_TEST(first_error(install(made)) == "");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_installed_is_not_packed) {
  write("bad/org.example.p.json", text(id, "1.0.0"));
  write("bad/org.example.p.so", "text");
  BOOST_TEST(pack(path() + "/bad") == "");
}

BOOST_AUTO_TEST_CASE(a_signed_package_is_trusted_by_those_who_have_the_key) {
  const std::string made = pack(folder(id, "1.0.0"));
  BOOST_REQUIRE(sign_plugin(made, path() + "/me.key"));
  BOOST_TEST((bytes(made) != ""));
  const std::string once = bytes(made);
  BOOST_REQUIRE(sign_plugin(made, path() + "/me.key"));
  BOOST_TEST((bytes(made) == once));
  request.place.trust = Trust::is_signed;
  request.places = {request.place};
  BOOST_TEST(first_error(install(made)).find("not trusted here") != std::string::npos);
  write("keys/me.pub", bytes(path() + "/me.pub"));
  BOOST_TEST(first_error(install(made)) == "");
  BOOST_TEST(usable() == id + " 1.0.0");
}

BOOST_AUTO_TEST_CASE(minisign_verifies_what_was_signed) {
  const std::string manifest = write("m/p.json", text(id, "1.0.0", with_hash()));
  const Result<std::string> made = sign_plugin(manifest, path() + "/me.key");
  BOOST_REQUIRE(made);
  BOOST_TEST(*made == manifest + ".minisig");
  const std::string command = "minisign -V -m " + manifest + " -p " + path() + "/me.pub >" +
                              path() + "/said 2>&1 </dev/null";
  BOOST_TEST(WEXITSTATUS(std::system(command.c_str())) == 0, bytes(path() + "/said"));
  BOOST_TEST(bytes(path() + "/said").find("Trusted comment: org.example.p 1.0.0") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(signing_refuses_what_it_would_not_bind) {
  const std::string bare = write("m/p.json", text(id, "1.0.0"));
  BOOST_TEST(sign_plugin(bare, path() + "/me.key").error().what.find("does not hold") !=
             std::string::npos);
  BOOST_TEST(!std::filesystem::exists(bare + ".minisig"));
  const std::string other =
      write("p.ordeal", *write_archive({{id + ".json", text(id, "1.0.0", with_hash())},
                                        {id + ".so", library + "x"}}));
  BOOST_TEST(sign_plugin(other, path() + "/me.key").error().what.find("not the one") !=
             std::string::npos);
  BOOST_TEST(!sign_plugin(bare, path() + "/me.pub"));
  BOOST_TEST(!sign_plugin(bare, path() + "/nothing"));
}

BOOST_AUTO_TEST_CASE(keys_are_for_their_owner_and_never_overwritten) {
  struct stat status {};
  BOOST_REQUIRE(stat((path() + "/me.key").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 07777u) == 0600u);
  const std::string before = bytes(path() + "/me.key");
  const Result<std::string> again = make_key_pair(path() + "/me");
  BOOST_REQUIRE(!again);
  BOOST_TEST((again.error().code == ExitCode::preflight));
  BOOST_TEST((bytes(path() + "/me.key") == before));
}

BOOST_AUTO_TEST_SUITE_END()
