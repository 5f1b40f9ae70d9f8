// SPDX-License-Identifier: Apache-2.0
// A plugin's way from its author to a run, and what happens when somebody tampers with it.
#include <signal.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <random>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;
namespace fs = std::filesystem;

namespace {

const std::string id = "org.ordeal.http";

/// The shipped http plugin once more, as if somebody else published it, and an ordeal in a prefix
/// of the test's own, whose policy may be changed.
struct Fixture : Installed {
  Fixture() {
    fs::copy(Installed::prefix(), file("prefix"), fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(Installed::prefix() + "/lib")) {
      if (entry.path().filename() == id + ".so") library = entry.path().string();
    }
    manifest = slurp(Installed::prefix() + "/share/ordeal/manifests/plugins/" + id + ".json");
  }

  Finished ordeal(std::vector<std::string> args, double seconds = 60) {
    args.insert(args.begin(), file("prefix/bin/ordeal"));
    return testing::run(std::move(args), environment(), folder(), seconds);
  }
  /// `ordeal ARGS` that ends with `code`; what it said.
  std::string expect(int code, std::vector<std::string> args) {
    std::string line;
    for (const std::string& arg : args) line += arg + " ";
    const Finished finished = ordeal(std::move(args));
    BOOST_TEST_CONTEXT(line << "\n" << finished.out << finished.err) {
      BOOST_TEST(finished.code == code);
    }
    return finished.out + finished.err;
  }
  /// A build folder with this version of the plugin.
  std::string build(const std::string& version) {
    const std::string made = file("build-" + version);
    fs::create_directory(made);
    std::string text = manifest;
    const std::string was = "\"version\": \"0.1.0\"";
    text.replace(text.find(was), was.size(), "\"version\": \"" + version + "\"");
    spill(made + "/" + id + ".json", text);
    if (!fs::exists(made + "/" + id + ".so")) fs::copy_file(library, made + "/" + id + ".so");
    return made;
  }
  std::string package(const std::string& version) {
    expect(0, {"plugin", "pack", build(version), "--output", folder()});
    return file(id + "-" + version + ".ordeal");
  }
  /// The real file of what is installed, by its ending.
  std::string installed(const std::string& ending) {
    const fs::path real = fs::canonical(folder() + "/data/ordeal/manifests/" + id + ".json");
    return (real.parent_path() / (id + ending)).string();
  }
  void policy(const std::string& text) {
    fs::create_directories(file("prefix/etc/ordeal/trusted.d"));
    spill(file("prefix/etc/ordeal/trust.json"), text);
  }

  std::string library;
  std::string manifest;
};

void append(const std::string& path, const std::string& text) { spill(path, slurp(path) + text); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(plugin_store, Fixture)

BOOST_AUTO_TEST_CASE(packed_installed_used_upgraded_removed) {
  Nginx nginx(folder());
  const std::string target = "target.http=" + nginx.url();
  const std::string one = package("0.1.0");
  BOOST_TEST(contains(expect(0, {"plugin", "install", one, "--dry-run"}), "would install"));
  BOOST_TEST(!fs::exists(folder() + "/data"));
  BOOST_TEST(contains(expect(0, {"plugin", "install", one}), "installed: org.ordeal.http 0.1.0"));
  BOOST_TEST(contains(expect(0, {"plugin", "install", one}), "already installed"));
  BOOST_TEST(contains(expect(0, {"plugin", "list"}), "installed/org.ordeal.http-0.1.0"));
  BOOST_TEST(contains(expect(0, {"plugin", "info", id}), "by hash"));
  expect(0, {"check", "quick", "--set", target});
  const std::string doctor = expect(0, {"plugin", "doctor"});
  BOOST_TEST(contains(doctor, "hidden: org.ordeal.http"));
  const auto run =
      ordeal({"run", "quick", "--yes", "--set", target, "--set", "phases.0.duration=2s", "--set",
              "phases.0.warm_up=0s", "--set", "baseline.duration=500ms"});
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST((run.code == 0 || run.code == 99 || run.code == 114 || run.code == 115));
  }
  BOOST_TEST(contains(expect(0, {"plugin", "install", build("7.1.0")}), "0.1.0 -> 7.1.0"));
  BOOST_TEST(contains(expect(113, {"plugin", "install", one}), "--allow-downgrade"));
  expect(0, {"plugin", "install", one, "--allow-downgrade"});
  expect(0, {"plugin", "remove", id});
  BOOST_TEST(contains(expect(113, {"plugin", "remove", id}), "there is no plugin"));
  BOOST_TEST(contains(expect(0, {"plugin", "info", id}), "shipped with ordeal"));
  expect(2, {"plugin", "install", one, "--user", "--system"});
}

BOOST_AUTO_TEST_CASE(into_another_prefix) {
  const std::string said =
      expect(0, {"plugin", "install", package("7.0.0"), "--prefix", file("opt")});
  BOOST_TEST(contains(said, file("opt") + "/share/ordeal/manifests/plugins/" + id + ".json"));
  // Nothing in it leads out of it, so it may be moved as a whole.
  fs::rename(file("opt"), file("elsewhere"));
  const fs::path manifests = file("elsewhere/share/ordeal/manifests/plugins");
  BOOST_TEST(fs::exists(fs::canonical(manifests / (id + ".json"))));
  expect(0, {"plugin", "remove", id, "--prefix", file("elsewhere")});
  BOOST_TEST(fs::is_empty(manifests));
}

BOOST_AUTO_TEST_CASE(a_tampered_library_or_manifest_is_refused_everywhere) {
  Nginx nginx(folder());
  const std::string target = "target.http=" + nginx.url();
  expect(0, {"plugin", "install", package("0.1.0")});
  const auto refused_everywhere = [&](const std::string& words) {
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"check", "quick", "--set", target},
                                               {"run", "quick", "--yes", "--set", target},
                                               {"plugin", "info", id}}) {
      const std::string said = expect(113, command);
      BOOST_TEST(contains(said, words), said);
      BOOST_TEST(std::count(said.begin(), said.end(), '\n') == 1);
    }
    BOOST_TEST(contains(expect(113, {"plugin", "doctor"}), words));
    BOOST_TEST(run_dirs().empty());
  };
  const std::string so = slurp(installed(".so"));
  append(installed(".so"), "x");
  refused_everywhere("not the one of its manifest");
  spill(installed(".so"), so);
  std::string changed = slurp(installed(".json"));
  const std::size_t at = changed.find("\"sha256\": \"") + 11;
  changed[at] = changed[at] == '0' ? '1' : '0';
  spill(installed(".json"), changed);
  refused_everywhere("not the one of its manifest");
  fs::permissions(installed(".json"), fs::perms(0666));
  refused_everywhere("others may write to it");
  // Installing it again mends it.
  expect(0, {"plugin", "install", package("0.1.0")});
  expect(0, {"check", "quick", "--set", target});
}

BOOST_AUTO_TEST_CASE(a_policy_of_signatures_is_kept) {
  Nginx nginx(folder());
  const std::string target = "target.http=" + nginx.url();
  const std::string unsigned_one = package("0.0.9");
  expect(0, {"plugin", "install", unsigned_one});
  policy(R"({"version": 1, "user": "signed"})");
  BOOST_TEST(contains(expect(113, {"check", "quick", "--set", target}), "signature"));
  BOOST_TEST(contains(expect(113, {"plugin", "install", unsigned_one}), "not signed"));
  const std::string doctor = expect(113, {"plugin", "doctor", "--json"});
  BOOST_TEST(contains(doctor, "there is no trusted key"));
  expect(0, {"plugin", "keygen", file("author")});
  expect(112, {"plugin", "keygen", file("author")});
  const std::string signed_one = package("0.1.0");
  expect(0, {"plugin", "sign", signed_one, "--key", file("author.key")});
  BOOST_TEST(contains(expect(113, {"plugin", "install", signed_one}), "not trusted here"));
  fs::copy_file(file("author.pub"), file("prefix/etc/ordeal/trusted.d/author.pub"));
  BOOST_TEST(contains(expect(0, {"plugin", "install", signed_one}), "signed by key"));
  expect(0, {"check", "quick", "--set", target});
  BOOST_TEST(contains(expect(0, {"plugin", "info", id}), "by signature"));
  // Tampered with: the manifest, then its signature, then the library.
  const std::string good = slurp(installed(".json"));
  append(installed(".json"), " ");
  BOOST_TEST(contains(expect(113, {"check", "quick", "--set", target}), "does not fit"));
  spill(installed(".json"), good);
  std::string signature = slurp(installed(".json.minisig"));
  signature[signature.find('\n') + 40] ^= 1;
  spill(installed(".json.minisig"), signature);
  expect(113, {"run", "quick", "--yes", "--set", target});
  expect(0, {"plugin", "install", signed_one});
  append(installed(".so"), "x");
  BOOST_TEST(contains(expect(113, {"check", "quick", "--set", target}), "not the one of"));
  // A policy that cannot be read opens nothing.
  policy("{");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"check", "quick", "--set", target},
                                             {"plugin", "install", signed_one},
                                             {"plugin", "doctor"}})
    BOOST_TEST(contains(expect(113, command), "trust.json"));
}

BOOST_AUTO_TEST_CASE(killed_at_any_moment_leaves_a_plugin_that_works) {
  const std::string packages[] = {package("7.0.0"), package("7.0.1")};
  expect(0, {"plugin", "install", packages[0]});
  std::mt19937 random(5);
  int killed = 0;
  for (int i = 0; i < 100; ++i) {
    Program installer(
        {file("prefix/bin/ordeal"), "plugin", "install", packages[i % 2], "--allow-downgrade"},
        environment(), folder(), "installer");
    sleep_seconds(0.001 * static_cast<double>(random() % 40));
    installer.signal(SIGKILL);
    killed += installer.wait(10) == 1000 + SIGKILL ? 1 : 0;
    const auto info = ordeal({"plugin", "info", id});
    BOOST_TEST_CONTEXT(info.out + info.err) {
      BOOST_REQUIRE(info.code == 0);
      BOOST_REQUIRE((contains(info.out, "7.0.0") || contains(info.out, "7.0.1")));
    }
  }
  BOOST_TEST(killed > 10);
  expect(0, {"plugin", "install", packages[0], "--allow-downgrade"});
  const std::string doctor = expect(0, {"plugin", "doctor"});
  BOOST_TEST(!contains(doctor, "interrupted"));
}

BOOST_AUTO_TEST_CASE(none_of_it_maps_a_plugin) {
  const std::string packed = package("7.0.0");
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"install", packed}, {"list"}, {"info", id}, {"doctor"}, {"remove", id}}) {
    const std::string trace = file("trace");
    std::vector<std::string> words{
        "strace", "-f", "-y", "-qq", "-e", "trace=mmap", "-o", trace, file("prefix/bin/ordeal"),
        "plugin"};
    words.insert(words.end(), command.begin(), command.end());
    const auto finished = testing::run(words, environment(), folder(), 60);
    BOOST_TEST_CONTEXT(command.front() << finished.err) { BOOST_TEST(finished.code == 0); }
    const std::string maps = slurp(trace);
    BOOST_TEST(contains(maps, "libc.so"));
    BOOST_TEST(!contains(maps, id + ".so"));
    BOOST_TEST(!contains(maps, "/ordeal/plugins/"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
