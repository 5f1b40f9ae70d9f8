// SPDX-License-Identifier: Apache-2.0
#include "registry/trust_policy.h"

#include <boost/test/unit_test.hpp>

#include "places.h"
#include "registry/minisign.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

const std::string schema = ORDEAL_SOURCE_DIR "/manifests/schemas/trust-policy.json";

struct Fixture : TemporaryFolder {
  [[nodiscard]] Result<TrustPolicy> read(const std::string& text) const {
    return TrustPolicy::read(write("trust.json", text), schema);
  }
  static PluginPlace place(const std::string& folder, Trust trust, const std::string& origin) {
    return {folder + "/manifests", folder + "/plugins", trust, origin};
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(trust_policy, Fixture)

BOOST_AUTO_TEST_CASE(it_asks_for_more_and_never_for_less) {
  const Result<TrustPolicy> policy = read(
      R"({"version": 1, "user": "owner", "system": "hash", "plugin_dir": "signed", "folders": {"/opt/a": "signed"}})");
  BOOST_REQUIRE(policy);
  const auto trust = [&](const std::string& folder, Trust own, const std::string& origin) {
    return policy->of(place(folder, own, origin));
  };
  BOOST_TEST((trust("/home/x", Trust::hash, "user") == Trust::hash));
  BOOST_TEST((trust("/usr", Trust::owner, "system") == Trust::hash));
  BOOST_TEST((trust("/tmp", Trust::owner, "--plugin-dir") == Trust::is_signed));
  BOOST_TEST((trust("/tmp", Trust::owner, "ORDEAL_PLUGIN_PATH") == Trust::owner));
  BOOST_TEST((trust("/opt/a", Trust::owner, "system") == Trust::is_signed));
  BOOST_TEST((trust("/opt/ab", Trust::owner, "system") == Trust::hash));
}

BOOST_AUTO_TEST_CASE(no_file_is_no_policy) {
  const Result<TrustPolicy> policy = TrustPolicy::read(path() + "/absent/trust.json", schema);
  BOOST_REQUIRE(policy);
  BOOST_TEST((policy->of(place("/a", Trust::owner, "system")) == Trust::owner));
}

BOOST_AUTO_TEST_CASE(a_folder_may_be_written_in_any_way) {
  std::filesystem::create_directories(path() + "/real/below");
  std::filesystem::create_directory_symlink("real", path() + "/link");
  const std::string real = std::filesystem::canonical(path() + "/real").string();
  for (const std::string& written :
       {real, real + "/", real + "//", path() + "//real", path() + "/./real", real + "/below/..",
        path() + "/link", path() + "/link/", std::string("/")}) {
    BOOST_TEST_CONTEXT(written) {
      const Result<TrustPolicy> policy =
          read(R"({"version": 1, "folders": {")" + written + R"(": "signed"}})");
      BOOST_REQUIRE(policy);
      BOOST_TEST((policy->of({real, real, Trust::owner, "system"}) == Trust::is_signed));
      BOOST_TEST((policy->of(place(real + "/below", Trust::owner, "user")) == Trust::is_signed));
      if (written != "/")
        BOOST_TEST((policy->of(place(real + "er", Trust::owner, "user")) == Trust::owner));
    }
  }
  const Result<TrustPolicy> absent =
      read(R"({"version": 1, "folders": {")" + path() + R"(/link/later/": "signed"}})");
  BOOST_REQUIRE(absent);
  BOOST_TEST((absent->of(place(real + "/later", Trust::owner, "user")) == Trust::is_signed));
}

BOOST_AUTO_TEST_CASE(a_policy_that_others_could_have_removed_is_not_taken_for_none) {
  write("etc/other", "");
  BOOST_TEST(!!TrustPolicy::read(path() + "/etc/trust.json", schema));
  BOOST_REQUIRE(chmod((path() + "/etc").c_str(), 0777) == 0);
  const Result<TrustPolicy> policy = TrustPolicy::read(path() + "/etc/trust.json", schema);
  BOOST_REQUIRE(!policy);
  BOOST_TEST((policy.error().code == ExitCode::plugin_rejected));
}

BOOST_AUTO_TEST_CASE(a_policy_that_cannot_be_relied_on_is_an_error) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"version": 2})", R"({"version": 1, "sytem": "hash"})",
        R"({"version": 1, "system": "none"})", R"({"version": 1, "folders": {"opt": "hash"}})"}) {
    const Result<TrustPolicy> policy = read(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(!policy);
      BOOST_TEST((policy.error().code == ExitCode::plugin_rejected));
      BOOST_TEST(policy.error().where.file == path() + "/trust.json");
    }
  }
  write("trust.json", R"({"version": 1})");
  BOOST_REQUIRE(chmod((path() + "/trust.json").c_str(), 0666) == 0);
  BOOST_TEST(!TrustPolicy::read(path() + "/trust.json", schema));
  std::filesystem::remove(path() + "/trust.json");
  std::filesystem::create_symlink("nowhere", path() + "/trust.json");
  BOOST_TEST(!TrustPolicy::read(path() + "/trust.json", schema));
}

BOOST_AUTO_TEST_CASE(an_unsigned_manifest_is_not_even_parsed) {
  const KeyFiles files = make_key_files();
  write("keys/a.pub", files.public_text);
  const SecretKey key = std::move(parse_secret_key(files.secret_text, "k").value());
  write("p/org.example.p.json", "{this is not JSON");
  std::string fix;
  const auto problem = [&] {
    const Registry registry =
        Registry::scan({{path() + "/p", path() + "/p", Trust::is_signed, "test"}},
                       ORDEAL_SOURCE_DIR "/manifests/schemas", path() + "/keys");
    BOOST_REQUIRE(registry.problems().size() == 1u);
    BOOST_TEST((registry.problems().front().error.code == ExitCode::plugin_rejected));
    fix = registry.problems().front().error.fix;
    return registry.problems().front().error.what;
  };
  BOOST_TEST(problem().find("its signature cannot be read") == 0u);
  write("p/org.example.p.json.minisig", sign_message("other", key, ""));
  BOOST_TEST(problem().find("the signature does not fit") == 0u);
  write("p/org.example.p.json.minisig", sign_message("{this is not JSON", key, ""));
  BOOST_TEST(problem().find("unexpected 'this'") == 0u, problem());
  // A key that others may write is none.
  BOOST_REQUIRE(chmod((path() + "/keys/a.pub").c_str(), 0666) == 0);
  BOOST_TEST(problem().find("not trusted here") != std::string::npos, problem());
  BOOST_TEST(fix.find("doctor") != std::string::npos, fix);
}

BOOST_AUTO_TEST_SUITE_END()
