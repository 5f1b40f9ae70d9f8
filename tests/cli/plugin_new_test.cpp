// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_new.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "base/schema.h"
#include "places.h"
#include "temporary_folder.h"

using namespace ordeal;
namespace fs = std::filesystem;

namespace {

struct Fixture : ordeal::testing::TemporaryFolder {
  NewPlugin wanted(const std::string& kind = "scenario", const std::string& lang = "c++") {
    NewPlugin one;
    one.kind = kind;
    one.name = "acme-kv";
    one.lang = lang;
    one.dir = file("acme-kv");
    one.templates = ORDEAL_SOURCE_DIR "/sdk/templates";
    one.wall_ns = 1'793'000'000'000'000'000;
    return one;
  }
  /// The exit code; what was said is in `said`.
  int make(const NewPlugin& one) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = plugin_new(one, out, err);
    said = out.str() + err.str();
    lines = static_cast<std::size_t>(std::count(said.begin(), said.end(), '\n'));
    return code;
  }
  std::string text(const std::string& name) { return read_file(name, ExitCode::internal).value(); }
  std::size_t entries() {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path()), fs::directory_iterator()));
  }
  std::string said;
  std::size_t lines = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(plugin_new, Fixture)

BOOST_AUTO_TEST_CASE(every_skeleton_is_whole) {
  const auto schema =
      parse_json(text(ORDEAL_SOURCE_DIR "/manifests/schemas/plugin-manifest.json"), "").value();
  for (const std::string kind : {"scenario", "collector", "rule", "report"}) {
    for (const std::string lang : {"c", "c++"}) {
      BOOST_TEST_CONTEXT(kind << " in " << lang) {
        NewPlugin one = wanted(kind, lang);
        one.dir = file(kind + "-" + lang);
        BOOST_TEST(make(one) == 0, said);
        std::set<std::string> files;
        for (const auto& entry : fs::recursive_directory_iterator(one.dir)) {
          if (!entry.is_regular_file()) continue;
          files.insert(fs::relative(entry.path(), one.dir).string());
          const std::string body = text(entry.path().string());
          BOOST_TEST(body.find("@NAME@") == std::string::npos, entry.path());
          BOOST_TEST(body.find("@ID@") == std::string::npos, entry.path());
        }
        const std::string ending = lang == "c" ? ".c" : ".cpp";
        for (const std::string& name :
             {std::string("CMakeLists.txt"), std::string("org.example.acme-kv.json"),
              std::string("README.md"), std::string("campaign.json"), std::string("LICENSE"),
              std::string("debian/control"), std::string("debian/rules"), std::string(".gitignore"),
              "src/" + kind + ending, "tests/" + kind + "_test" + ending})
          BOOST_TEST(files.contains(name), name);
        const auto manifest = parse_json(text(one.dir + "/org.example.acme-kv.json"), "");
        BOOST_REQUIRE(bool(manifest));
        for (const auto& wrong : check_schema(schema, *manifest))
          BOOST_TEST(false, wrong.pointer << ": " << wrong.what);
        BOOST_TEST(at_pointer(*manifest, "/components/0/kind")->get_string() == kind);
        // Options that can be left out, each with a meaning and the default it really has.
        const auto& options =
            at_pointer(*manifest, "/components/0/config_schema/properties")->get_object();
        const auto& defaults = at_pointer(*manifest, "/components/0/defaults")->get_object();
        BOOST_TEST(options.size() >= 2u);
        for (const auto& option : options) {
          BOOST_TEST(option.value().get_object().contains("description"), option.key());
          BOOST_TEST(option.value().at("default") == defaults.at(option.key()), option.key());
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(words_are_put_in_everywhere) {
  NewPlugin one = wanted("collector", "c");
  one.name = "3d_stats";
  one.id = "com.acme.stats";
  one.maintainer = "Ann Author <ann@acme.example>";
  BOOST_TEST(make(one) == 0, said);
  BOOST_TEST(text(one.dir + "/src/collector.c").find("\"_3d_stats_value\"") != std::string::npos);
  BOOST_TEST(text(one.dir + "/com.acme.stats.json").find("\"id\": \"3d_stats\"") !=
             std::string::npos);
  const std::string changes = text(one.dir + "/debian/changelog");
  BOOST_TEST(changes.find("ordeal-plugin-3d-stats (0.1.0)") == 0u);
  BOOST_TEST(changes.find(" -- Ann Author <ann@acme.example>  Mon, 26 Oct 2026 07:33:20 +0000") !=
             std::string::npos);
  struct stat status {};
  BOOST_REQUIRE(::stat((one.dir + "/debian/rules").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0111) == 0111u);
  BOOST_REQUIRE(::stat((one.dir + "/LICENSE").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0111) == 0u);
}

BOOST_AUTO_TEST_CASE(bad_names_are_one_clear_line_and_nothing_is_written) {
  for (const std::string name : {"", "Acme", "acme kv", "../acme", "-kv", "kv.x", "käse"}) {
    NewPlugin one = wanted();
    one.name = name;
    BOOST_TEST(make(one) == 2, name);
    BOOST_TEST(lines == 1u, said);
    BOOST_TEST(said.find("cannot be a plugin's name") != std::string::npos, said);
  }
  NewPlugin one = wanted();
  one.name = std::string(65, 'a');
  BOOST_TEST(make(one) == 2);
  for (const std::string id : {"acme", "org.Example.kv", "org..kv", "org/kv", "org.kv."}) {
    one = wanted();
    one.id = id;
    BOOST_TEST(make(one) == 2, id);
    BOOST_TEST(lines == 1u, said);
    BOOST_TEST(said.find("such as org.example.acme-kv") != std::string::npos, said);
  }
  BOOST_TEST(entries() == 0u);
}

BOOST_AUTO_TEST_CASE(only_a_new_or_empty_folder_is_taken) {
  fs::create_directory(file("acme-kv"));
  BOOST_TEST(make(wanted()) == 0, said);
  const std::string before = text(file("acme-kv/README.md"));
  BOOST_TEST(make(wanted("rule")) == 2);
  BOOST_TEST(lines == 1u, said);
  BOOST_TEST(said.find("is not empty; give a new one with --dir") != std::string::npos, said);
  BOOST_TEST(text(file("acme-kv/README.md")) == before);

  NewPlugin one = wanted();
  std::ofstream(file("taken")) << "x";
  one.dir = file("taken");
  BOOST_TEST(make(one) == 2);
  BOOST_TEST(said.find("is no folder") != std::string::npos, said);

  one.dir = file("deep/er/") + "/";
  BOOST_TEST(make(one) == 0, said);
  BOOST_TEST(fs::exists(file("deep/er/README.md")));

  fs::create_directory(file("here"));
  const fs::path old = fs::current_path();
  fs::current_path(file("here"));
  one.dir = ".";
  BOOST_TEST(make(one) == 2);
  BOOST_TEST(said.find("is the working folder") != std::string::npos, said);
  one.dir = "";
  BOOST_TEST(make(one) == 0, said);
  BOOST_TEST(fs::exists(file("here/acme-kv/README.md")));
  fs::current_path(old);
}

BOOST_AUTO_TEST_CASE(a_place_where_nothing_can_be_made_is_the_callers_mistake) {
  NewPlugin one = wanted();
  fs::create_symlink("nowhere", file("link"));
  one.dir = file("link");
  BOOST_TEST(make(one) == 2);
  BOOST_TEST(said.find("leads nowhere") != std::string::npos, said);
  BOOST_TEST(fs::is_symlink(file("link")));
  one.dir = "/proc/self/here/project";
  BOOST_TEST(make(one) == 112);
  BOOST_TEST(lines == 1u, said);
}

BOOST_AUTO_TEST_CASE(a_failure_leaves_nothing_behind) {
  NewPlugin one = wanted();
  one.templates = file("none");
  BOOST_TEST(make(one) == 2);
  BOOST_TEST(lines == 1u, said);
  BOOST_TEST(said.find("install the SDK (package libordeal-dev)") != std::string::npos, said);

  // A word no one knows, found only after others were read.
  fs::copy(ORDEAL_SOURCE_DIR "/sdk/templates", file("broken"), fs::copy_options::recursive);
  std::ofstream(file("broken/scenario/c++/zzz")) << "@NOBODY@";
  one.templates = file("broken");
  BOOST_TEST(make(one) == 109);
  BOOST_TEST(said.find("zzz") != std::string::npos, said);
  BOOST_TEST(said.find("@NOBODY@") != std::string::npos, said);
  BOOST_TEST(!fs::exists(file("acme-kv")));

  // A file where a folder is needed: writing fails half-way, and what was written goes.
  fs::remove(file("broken/scenario/c++/zzz"));
  fs::remove_all(file("broken/scenario/shared/tests"));
  std::ofstream(file("broken/shared/all/src")) << "not a folder";
  BOOST_TEST(make(one) == 109);
  BOOST_TEST(lines == 1u, said);
  BOOST_TEST(entries() == 1u, "only the templates of this test");
}

BOOST_AUTO_TEST_SUITE_END()
