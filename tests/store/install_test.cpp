// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include <boost/test/unit_test.hpp>

#include "places.h"
#include "registry/minisign.h"
#include "store/store_fixture.h"
#include "store/tar_text.h"

using namespace ordeal;
namespace fs = std::filesystem;

namespace {

struct Fixture : StoreFixture {
  /// A request that must be refused with these words, changing nothing.
  void refused(const std::string& source, const std::string& words,
               ExitCode code = ExitCode::plugin_rejected) const {
    const std::string before = usable();
    const StoreOutcome outcome = install(source);
    BOOST_TEST_CONTEXT(source << ": " << first_error(outcome)) {
      BOOST_REQUIRE(!outcome.errors.empty());
      BOOST_TEST((outcome.errors.front().code == code));
      BOOST_TEST(first_error(outcome).find(words) != std::string::npos);
    }
    BOOST_TEST(usable() == before);
  }
  [[nodiscard]] bool has_places() const { return fs::exists(path() + "/data"); }
  [[nodiscard]] std::size_t folders() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(path() + "/data/plugins/installed"))
      count += entry.is_directory() ? 1 : 0;
    return count;
  }
};

const std::string id = "org.example.p";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(install, Fixture)

BOOST_AUTO_TEST_CASE(from_package_folder_manifest_and_build_tree) {
  write("tree/CMakeFiles/x/org.example.c.json", "{}");
  write("tree/compile_commands.json", "[]");
  write("tree/lib/plugins/org.example.c.so", library);
  write("tree/share/plugins/org.example.c.json", text("org.example.c", "1.0.0"));
  for (const std::string& source :
       {package("org.example.a", "1.0.0"), folder("org.example.b", "1.0.0"), path() + "/tree/",
        folder("org.example.d", "1.0.0") + "/org.example.d.json"}) {
    const StoreOutcome outcome = install(source);
    BOOST_TEST(first_error(outcome) == "");
    BOOST_TEST(outcome.before == "");
    BOOST_TEST(fs::exists(outcome.library));
    // Nobody else may write to what was made, whatever the umask.
    BOOST_TEST((fs::status(outcome.library).permissions() == fs::perms(0644)));
  }
  BOOST_TEST(usable() ==
             "org.example.a 1.0.0, org.example.b 1.0.0, org.example.c 1.0.0, org.example.d 1.0.0");
}

BOOST_AUTO_TEST_CASE(upgrade_reinstallation_and_downgrade) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  const StoreOutcome again = install(folder(id, "1.0.0"));
  BOOST_TEST(again.unchanged);
  BOOST_TEST(again.errors.empty());
  const StoreOutcome up = install(folder(id, "1.10.0"));
  BOOST_TEST(up.before == "1.0.0");
  BOOST_TEST(usable() == id + " 1.10.0");
  BOOST_TEST(folders() == 1u);
  refused(folder(id, "1.9.0"), "1.10.0 is installed, which is newer than 1.9.0");
  refused(folder(id, "1.10.0-rc.1"), "--allow-downgrade");
  request.allow_downgrade = true;
  BOOST_TEST(install(folder(id, "1.9.0")).errors.empty());
  BOOST_TEST(usable() == id + " 1.9.0");
  BOOST_TEST(folders() == 1u);
}

BOOST_AUTO_TEST_CASE(the_same_version_with_other_content_replaces_a_damaged_one) {
  const StoreOutcome first = install(folder(id, "1.0.0"));
  write(fs::relative(first.library, path()).string(), library + "tampered");
  BOOST_TEST(usable().find("not the one of its manifest") != std::string::npos);
  const StoreOutcome again = install(folder(id, "1.0.0"));
  BOOST_TEST(!again.unchanged);
  BOOST_TEST(usable() == id + " 1.0.0");
}

BOOST_AUTO_TEST_CASE(a_dry_run_checks_all_and_writes_nothing) {
  request.dry_run = true;
  const StoreOutcome outcome = install(folder(id, "1.0.0"));
  BOOST_TEST(outcome.errors.empty());
  BOOST_TEST(outcome.version == "1.0.0");
  BOOST_TEST(!has_places());
}

BOOST_AUTO_TEST_CASE(bad_plugins_leave_no_trace) {
  refused(path() + "/nothing", "no such file");
  fs::create_directories(path() + "/empty");
  refused(path() + "/empty", "no plugin found");
  refused(write("p.ordeal", "text"), "not a sound archive");
  // Its signature's name would be too long for the file system.
  refused(write(std::string(250, 'a') + ".json", "{}"), "manifest_version");
  refused(write("evil.ordeal", tar_of(std::vector<TarEntry>{{"../evil.json"}})), "leads out");
  refused(write("two.ordeal", tar_of(std::vector<TarEntry>{{"a.json"}, {"b.json"}})),
          "two manifests");
  refused(write("none.ordeal", tar_of(std::vector<TarEntry>{{"a.so"}})), "no manifest");
  refused(write("other.ordeal", tar_of(std::vector<TarEntry>{{"linux-vax/a.json"}})),
          "nothing for this machine");
  refused(write("bad.ordeal", *pack_plugin(id, "{\"id\": }", "", "p.so", library)),
          "unexpected '}'");
  write("vax/p.json", text(id, "1.0.0", R"(, "platform": "linux-vax")"));
  write("vax/p.so", library);
  refused(path() + "/vax", "linux-vax");
  write("lost/org.example.p.json", text(id, "1.0.0"));
  write("lost/other.so", library);
  refused(path() + "/lost", "not only other.so");
  write("elf/org.example.p.json", text(id, "1.0.0"));
  write("elf/org.example.p.so", library.substr(0, 3000));
  refused(path() + "/elf", "corrupt ELF");
  // Its manifest may say what it likes.
  write("abi/org.example.p.json", text(id, "1.0.0"));
  write("abi/org.example.p.so",
        *read_file(ORDEAL_FAULTS_DIR "/org.faulty.previous-minor.so", ExitCode::internal));
  refused(path() + "/abi", "/abi/org.example.p.json: org.example.p.so: it was built for ABI " +
                               std::to_string(ORDEAL_ABI_MAJOR) + "." +
                               std::to_string(ORDEAL_ABI_MINOR - 1));
  write("hash/org.example.p.json",
        text(id, "1.0.0", ", \"integrity\": {\"sha256\": \"" + std::string(64, 'a') + "\"}"));
  write("hash/org.example.p.so", library);
  refused(path() + "/hash", "not the one of its manifest");
  BOOST_TEST(!has_places());
}

BOOST_AUTO_TEST_CASE(an_unsafe_place_is_refused_before_anything_is_written) {
  fs::create_directories(path() + "/data");
  BOOST_REQUIRE(chmod((path() + "/data").c_str(), 0777) == 0);
  refused(folder(id, "1.0.0"), "others may write to it");
  BOOST_TEST(fs::is_empty(path() + "/data"));
}

BOOST_AUTO_TEST_CASE(what_plugins_need_of_each_other_is_kept) {
  const std::string needs =
      R"(, "requires": {"plugins": [{"id": "org.example.p", "version": "^1.2"},
      {"id": "org.example.extra", "version": ">=3", "optional": true}]})";
  refused(folder("org.example.user", "1.0.0", needs), "requires the plugin 'org.example.p'");
  BOOST_REQUIRE(install(folder(id, "1.1.0")).errors.empty());
  refused(folder("org.example.user", "1.0.0", needs),
          "in a version ^1.2, but that of here is 1.1.0");
  BOOST_REQUIRE(install(folder(id, "1.2.0")).errors.empty());
  BOOST_TEST(first_error(install(folder("org.example.user", "1.0.0", needs))) == "");
  refused(folder(id, "2.0.0"), "needed by org.example.user 1.0.0, in a version ^1.2");
  refused(folder("org.example.extra", "1.0.0"), "needed by org.example.user");
  const StoreOutcome removed = remove_plugin(id, request);
  BOOST_TEST(first_error(removed).find("needed by org.example.user 1.0.0") != std::string::npos);
  request.force = true;
  BOOST_TEST(install(folder(id, "2.0.0")).errors.empty());
  BOOST_TEST(usable().find("org.example.p 2.0.0 PROBLEM") == 0u, usable());
  BOOST_TEST(remove_plugin(id, request).errors.empty());
}

BOOST_AUTO_TEST_CASE(removal_takes_all_files_of_a_usable_or_broken_plugin) {
  BOOST_REQUIRE(install(folder(id, "1.0.0")).errors.empty());
  BOOST_TEST(remove_plugin(id, request).errors.empty());
  BOOST_TEST(usable() == "");
  BOOST_TEST(folders() == 0u);
  const StoreOutcome none = remove_plugin(id, request);
  BOOST_TEST(first_error(none).find("there is no plugin 'org.example.p'") == 0u);
  // Put there by hand, and unreadable.
  write("data/manifests/org.example.p.json", "{broken");
  BOOST_TEST(remove_plugin(id, request).errors.empty());
  write("data/manifests/by-hand.json", text(id, "1.0.0", with_hash()));
  write("data/plugins/org.example.p.so", library);
  refused(folder(id, "2.0.0"), "is there already, by hand");
  BOOST_TEST(remove_plugin(id, request).errors.empty());
  BOOST_TEST(!fs::exists(path() + "/data/plugins/org.example.p.so"));
}

BOOST_AUTO_TEST_CASE(a_plugin_put_there_by_hand_is_taken_over) {
  write("data/manifests/org.example.p.json", text(id, "1.0.0", with_hash()));
  write("data/plugins/org.example.p.so", library);
  const StoreOutcome outcome = install(folder(id, "1.1.0"));
  BOOST_TEST(outcome.before == "1.0.0");
  BOOST_TEST(usable() == id + " 1.1.0");
  BOOST_TEST(!fs::exists(path() + "/data/plugins/org.example.p.so"));
}

BOOST_AUTO_TEST_CASE(signed_places_take_signed_plugins_only) {
  request.place.trust = Trust::is_signed;
  request.places = {request.place};
  const KeyFiles keys = make_key_files();
  write("keys/author.pub", keys.public_text);
  const SecretKey key = std::move(parse_secret_key(keys.secret_text, "k").value());
  refused(package(id, "1.0.0"), "not signed");
  const std::string good = sign_message(text(id, "1.0.0", with_hash()), key, "c");
  refused(package(id, "1.0.1", good), "the signature does not fit");
  const KeyFiles strangers = make_key_files();
  const SecretKey strange = std::move(parse_secret_key(strangers.secret_text, "k").value());
  refused(package(id, "1.0.0", sign_message(text(id, "1.0.0", with_hash()), strange, "")),
          "not trusted here");
  BOOST_TEST(first_error(install(package(id, "1.0.0", good))) == "");
  BOOST_TEST(usable() == id + " 1.0.0");
  // Tampered with afterwards: manifest, signature, library.
  const std::string real = fs::canonical(path() + "/data/manifests/org.example.p.json");
  const std::string name = fs::relative(real, path()).string();
  const std::string manifest = read_file(real, ExitCode::internal).value();
  write(name, manifest + " ");
  BOOST_TEST(usable().find("the signature does not fit") != std::string::npos, usable());
  write(name, manifest);
  fs::remove(real + ".minisig");
  BOOST_TEST(usable().find("its signature cannot be read") != std::string::npos, usable());
  write(name + ".minisig", good);
  BOOST_TEST(usable() == id + " 1.0.0");
  write(fs::path(name).parent_path().string() + "/org.example.p.so", library + "x");
  BOOST_TEST(usable().find("not the one of its manifest") != std::string::npos, usable());
}

BOOST_AUTO_TEST_CASE(a_wrong_signature_is_refused_even_where_none_is_needed) {
  const KeyFiles keys = make_key_files();
  const SecretKey key = std::move(parse_secret_key(keys.secret_text, "k").value());
  const std::string other = sign_message("something else", key, "c");
  const StoreOutcome unknown = install(package(id, "1.0.0", other));
  BOOST_TEST(unknown.errors.empty());
  BOOST_REQUIRE(!unknown.notes.empty());
  BOOST_TEST(unknown.notes.front().find("not checked") != std::string::npos);
  write("keys/author.pub", keys.public_text);
  refused(package(id, "1.1.0", other), "the signature does not fit");
}

BOOST_AUTO_TEST_CASE(packages_of_several_platforms_give_their_own) {
  utsname machine{};
  uname(&machine);
  const std::string own = std::string("linux-") + machine.machine;
  const std::string manifest = text(id, "1.0.0", with_hash());
  write("all.ordeal", *write_archive({{own + "/" + id + ".json", manifest},
                                      {own + "/" + id + ".so", library},
                                      {"linux-vax/" + id + ".json", "{}"},
                                      {"linux-vax/" + id + ".so", "x"}}));
  BOOST_TEST(first_error(install(path() + "/all.ordeal")) == "");
  BOOST_TEST(usable() == id + " 1.0.0");
}

BOOST_AUTO_TEST_SUITE_END()
