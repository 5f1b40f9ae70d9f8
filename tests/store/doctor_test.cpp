// SPDX-License-Identifier: Apache-2.0
#include "store/doctor.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "base/json.h"
#include "places.h"
#include "registry/minisign.h"
#include "store/store_fixture.h"

using namespace ordeal;
namespace fs = std::filesystem;

namespace {

struct Fixture : StoreFixture {
  [[nodiscard]] Diagnosis diagnosis() const {
    return examine(request.places, request.schemas, request.keys);
  }
  /// The one finding there is.
  [[nodiscard]] Finding only() const {
    const Diagnosis all = diagnosis();
    BOOST_TEST_REQUIRE(all.findings.size() == 1u);
    BOOST_TEST(!all.findings.front().error.fix.empty());
    return all.findings.front();
  }
  void check(const char* kind, const std::string& words) const {
    const Finding finding = only();
    BOOST_TEST(finding.kind == kind);
    BOOST_TEST(finding.error.line().find(words) != std::string::npos, finding.error.line());
    BOOST_TEST(!diagnosis().healthy());
  }
};

const std::string id = "org.example.p";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(doctor, Fixture)

BOOST_AUTO_TEST_CASE(a_sound_place_is_healthy) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  const Diagnosis all = diagnosis();
  BOOST_TEST(all.findings.empty());
  BOOST_TEST(all.healthy());
  BOOST_TEST(all.usable == 1u);
}

BOOST_AUTO_TEST_CASE(refused_manifests_are_explained) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  write("data/manifests/org.example.bad.json", "{\"id\": \"org.example.bad\"");
  check("refused", "org.example.bad.json:1:");
}

BOOST_AUTO_TEST_CASE(damaged_libraries_are_found_though_scans_do_not_open_them) {
  const StoreOutcome outcome = install(folder(id, "1.0.0"));
  write(fs::relative(outcome.library, path()).string(), library + "x");
  BOOST_TEST(scan().problems().empty());
  check("corrupt", "not the one of its manifest");
  BOOST_TEST(only().id == id);
  write(fs::relative(outcome.library, path()).string(), "text");
  check("corrupt", "no ELF file");
}

BOOST_AUTO_TEST_CASE(libraries_of_another_abi_are_refused) {
  library = *read_file(ORDEAL_FAULTS_DIR "/org.faulty.previous-minor.so", ExitCode::internal);
  write("data/manifests/org.example.p.json", text(id, "1.0.0", with_hash()));
  write("data/plugins/org.example.p.so", library);
  BOOST_TEST(scan().problems().empty());
  check("refused", "it was built for ABI ");
  BOOST_TEST(only().id == id);
}

BOOST_AUTO_TEST_CASE(orphans_are_named_unless_their_manifest_is_unreadable) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  write("data/plugins/lost.so", library);
  check("orphan", "lost.so: no manifest of ");
  write("data/manifests/lost.json", "{");
  check("refused", "lost.json:1:");
}

BOOST_AUTO_TEST_CASE(interrupted_installations_are_named) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  write("data/plugins/installed/org.example.p-2.0.0-abcdef/org.example.p.so", "half");
  check("interrupted", "org.example.p-2.0.0-abcdef: left by an installation");
  BOOST_REQUIRE(install(folder(id, "1.0.0")).unchanged);
  BOOST_TEST(diagnosis().healthy());
}

BOOST_AUTO_TEST_CASE(hidden_plugins_are_a_note) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  write("first/org.example.p.json", text(id, "3.0.0"));
  write("first/org.example.p.so", library);
  request.places.insert(request.places.begin(),
                        {path() + "/first", path() + "/first", Trust::owner, "--plugin-dir"});
  const Finding finding = only();
  BOOST_TEST(finding.kind == "hidden");
  BOOST_TEST(finding.id == id);
  BOOST_TEST(diagnosis().healthy());
}

BOOST_AUTO_TEST_CASE(unsafe_places_are_named) {
  fs::create_directories(path() + "/data/manifests");
  fs::create_directories(path() + "/data/plugins");
  BOOST_REQUIRE(chmod((path() + "/data/plugins").c_str(), 0777) == 0);
  check("unsafe", "/data/plugins: others may write to it");
  BOOST_TEST(only().error.fix.find("chmod go-w") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(missing_and_broken_keys_are_named) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  BOOST_REQUIRE(remove_plugin(id, request).errors.empty());
  request.places.front().trust = Trust::is_signed;
  check("key", "must be signed, but there is no trusted key");
  write("keys/author.pub", make_key_files().public_text);
  BOOST_TEST(diagnosis().healthy());
  write("keys/broken.pub", "text");
  check("key", "broken.pub: trusted key: not a public key of minisign");
  write("keys/broken.pub", make_key_files().public_text);
  BOOST_REQUIRE(chmod((path() + "/keys/broken.pub").c_str(), 0666) == 0);
  check("key", "broken.pub: trusted key: others may write to it");
}

BOOST_AUTO_TEST_CASE(a_broken_policy_is_named_once_and_blocks_all) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.where.file = "trust.json";
  error.what = "broken";
  request.places.front().blocked = error;
  request.places.push_back(request.places.front());
  request.places.back().manifests += "/other";
  check("policy", "trust.json: broken");
  BOOST_TEST(diagnosis().usable == 0u);
  BOOST_TEST(scan().find("rule", "r").error().what == "no plugin may be used: trust.json: broken");
}

BOOST_AUTO_TEST_SUITE_END()
