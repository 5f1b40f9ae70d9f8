// SPDX-License-Identifier: Apache-2.0
// The pages for plugin authors, as installed: every fenced block says how it is shown to be true,
// and this test does it.
//   LANG excerpt=FILE   lines of a template of `ordeal plugin new`, which e2e.plugin_new builds
//   c|c++ compile file=NAME   a source file of its own, compiled as it stands
//   json manifest|campaign    read by ordeal
//   json config-schema        read by the test registry.config_schema
//   sh run                    the page's commands, run in order from an empty folder
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;
namespace fs = std::filesystem;

namespace {

struct Block {
  std::string language;
  std::string what;  // "excerpt", "compile", "manifest", "campaign", "run"
  std::string argument;
  std::string text;
  std::string where;  // page:line
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t");
  return first == std::string::npos
             ? ""
             : line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

std::vector<Block> blocks_of(const std::string& page, const std::string& text) {
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  for (const auto& line : lines_of(text)) {
    ++number;
    const std::string bare = trimmed(line);
    if (bare.rfind("```", 0) != 0) {
      if (inside) blocks.back().text += line + "\n";
      continue;
    }
    inside = !inside;
    if (!inside) continue;
    Block block;
    block.where = page + ":" + std::to_string(number);
    std::istringstream words(bare.substr(3));
    words >> block.language >> block.what >> block.argument;
    const auto equals = block.what.find('=');
    if (equals != std::string::npos) {
      block.argument = block.what.substr(equals + 1);
      block.what.resize(equals);
    }
    blocks.push_back(block);
  }
  BOOST_TEST(!inside, page << ": a block has no end");
  return blocks;
}

/// Whether the lines stand in the text one after the other; indentation and empty lines aside.
bool stands_in(const std::string& part, const std::string& whole) {
  const auto bare = [](const std::string& text) {
    std::vector<std::string> lines;
    for (const auto& line : lines_of(text))
      if (!trimmed(line).empty()) lines.push_back(trimmed(line));
    return lines;
  };
  const auto wanted = bare(part);
  const auto there = bare(whole);
  return !wanted.empty() &&
         std::search(there.begin(), there.end(), wanted.begin(), wanted.end()) != there.end();
}

std::string after(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : "";
}

struct Pages {
  Installed ordeal;
  std::map<std::string, std::vector<Block>> pages;

  Pages() {
    for (const auto& entry : fs::directory_iterator(folder())) {
      if (entry.path().extension() != ".md") continue;
      const std::string name = entry.path().filename().string();
      pages[name] = blocks_of(name, slurp(entry.path().string()));
    }
  }
  static std::string folder() { return Installed::prefix() + "/share/doc/ordeal/sdk"; }
  static std::string templates() { return Installed::prefix() + "/share/ordeal/templates"; }

  /// Compiles one source file under both compilers, warnings as errors.
  void compile(const Block& block, const std::string& file) {
    const bool c = block.language == "c";
    for (const std::string compiler : {c ? "cc" : "c++", c ? "clang-14" : "clang++-14"}) {
      const auto done =
          testing::run({compiler, c ? "-std=c11" : "-std=c++20", "-Wall", "-Wextra", "-Wpedantic",
                        "-Werror", "-fsyntax-only", "-I", Installed::prefix() + "/include", file},
                       {}, ordeal.folder());
      BOOST_TEST(done.code == 0, block.where << ": " << compiler << ": " << done.err);
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(author_docs, Pages)

BOOST_AUTO_TEST_CASE(every_kind_has_a_page_and_every_block_a_proof) {
  for (const char* page : {"index.md", "scenario.md", "collector.md", "rule.md", "report.md"})
    BOOST_TEST(pages.contains(page), page);
  const std::set<std::string> known{"excerpt",  "compile",       "manifest",
                                    "campaign", "config-schema", "run"};
  std::map<std::string, int> seen;
  for (const auto& [page, blocks] : pages) {
    for (const auto& block : blocks) {
      BOOST_TEST(known.contains(block.what),
                 block.where << ": a block that nothing checks: '" << block.what << "'");
      ++seen[block.what];
      if (block.what != "excerpt") continue;
      const std::string file = templates() + "/" + block.argument;
      BOOST_TEST(fs::is_regular_file(file), block.where << ": " << block.argument);
      BOOST_TEST(stands_in(block.text, slurp(file)), block.where << " is not in " << block.argument
                                                                 << ":\n"
                                                                 << block.text);
    }
  }
  BOOST_TEST(seen["excerpt"] > 20);
  BOOST_TEST(seen["compile"] >= 2);
  BOOST_TEST(seen["run"] >= 12);
}

BOOST_AUTO_TEST_CASE(links_lead_somewhere) {
  const std::regex link("\\]\\(([a-z-]+[.]md)\\)");
  int found = 0;
  for (const auto& [page, blocks] : pages) {
    const std::string text = slurp(folder() + "/" + page);
    for (auto it = std::sregex_iterator(text.begin(), text.end(), link);
         it != std::sregex_iterator(); ++it, ++found)
      BOOST_TEST(pages.contains((*it)[1].str()), page << ": " << (*it)[1].str());
  }
  BOOST_TEST(found >= 4);
}

BOOST_AUTO_TEST_CASE(sources_compile_and_manifests_are_good) {
  for (const auto& [page, blocks] : pages) {
    for (const auto& block : blocks) {
      if (block.what == "compile") {
        const std::string file = ordeal.file(after(block.argument, "file="));
        spill(file, block.text);
        compile(block, file);
      } else if (block.what == "manifest") {
        const std::string place = ordeal.file("manifest");
        fs::create_directory(place);
        spill(place + "/org.example.acme-kv.json", block.text);
        spill(place + "/org.example.acme-kv.so", "");
        const auto list = ordeal.run({"plugin", "list", "--plugin-dir", place});
        BOOST_TEST(contains(list.out, "org.example.acme-kv"), block.where << ": " << list.out);
        BOOST_TEST(!contains(list.out, "refused:"), block.where << ": " << list.out);
      }
    }
  }
}

// The commands of each page, from an empty folder, with the installed programs. Only the runs are
// made short, and a verdict that a busy machine spoils is no failure of the page.
BOOST_AUTO_TEST_CASE(the_commands_of_every_page_work) {
  fs::create_directory(ordeal.file("bin"));
  spill(ordeal.file("bin/ordeal"),
        "#!/usr/bin/env bash\n"
        "[ \"$1\" = run ] || exec " +
            Installed::ordeal() + R"sh( "$@"
for _ in $(seq 500); do (exec 3<>/dev/tcp/127.0.0.1/$PORT) 2>/dev/null && break; sleep 0.02; done
)sh" + Installed::ordeal() +
            R"sh( "$@" --yes --set phases.0.duration=1s --set phases.0.warm_up=0s \
  --set baseline.duration=300ms --set phases.0.judge=false $MORE
code=$?
case $code in 0|99|114|115) exit 0 ;; esac
exit $code
)sh");
  fs::permissions(ordeal.file("bin/ordeal"), fs::perms(0755));
  std::vector<std::pair<std::string, std::unique_ptr<Program>>> running;
  const auto finish = [&] {
    const auto& [page, program] = running.front();
    const auto code = program->wait(120);
    BOOST_TEST((code && *code == 0), page << ":\n" << program->out() << program->err());
    running.erase(running.begin());
  };
  for (const auto& [page, blocks] : pages) {
    const std::string work = ordeal.file(page + ".d");
    fs::create_directory(work);
    const std::string port = std::to_string(free_port());
    std::string script = "set -ex\ncd " + work + "\n";
    for (const auto& block : blocks) {
      if (block.what == "compile") spill(work + "/" + after(block.argument, "file="), block.text);
      if (block.what != "run") continue;
      script += block.text;
    }
    script = std::regex_replace(script, std::regex("7379|8080"), port);
    spill(work + ".sh", script);
    auto environment = ordeal.environment();
    const std::string prefix = Installed::prefix();
    environment["PATH"] =
        ordeal.file("bin") + ":" + prefix + "/bin:" + std::string(std::getenv("PATH"));
    environment["CMAKE_PREFIX_PATH"] = prefix;
    environment["PKG_CONFIG_PATH"] = prefix + "/lib/pkgconfig:" + prefix + "/share/pkgconfig";
    environment["PORT"] = port;
    environment["XDG_STATE_HOME"] = work + "/state";
    environment["XDG_DATA_HOME"] = work + "/data";
    environment["CMAKE_GENERATOR"] = "Ninja";
    // The skeleton's campaign talks to its own port.
    if (page == "scenario.md") environment["MORE"] = "--set load.0.config.port=" + port;
    if (running.size() == 2) finish();
    running.emplace_back(
        page, std::make_unique<Program>(std::vector<std::string>{"bash", work + ".sh"}, environment,
                                        ordeal.folder(), page, true));
  }
  while (!running.empty()) finish();

  // The runs reached their target: operations succeeded, and the page's own plugin did its part.
  for (const std::string page : {"scenario.md", "collector.md", "rule.md", "report.md"}) {
    int runs = 0;
    std::error_code ec;
    for (const auto& run : fs::directory_iterator(ordeal.file(page + ".d/state/ordeal/runs"), ec)) {
      ++runs;
      const std::string reports = run.path().string() + "/reports/";
      if (page == "report.md") {
        BOOST_TEST(std::regex_search(slurp(reports + "acme-csv.csv"),
                                     std::regex("\nfirst,[0-9]+,[1-9][0-9]*,")),
                   slurp(reports + "acme-csv.csv"));
        continue;
      }
      const auto report = boost::json::parse(slurp(reports + "autonomous_campaign_report.json"));
      BOOST_TEST(number_at(report, "/campaign_summary/total_successful_operations") > 0, page);
      BOOST_TEST(contains(at(report, "/plugins/used"), "org.example.acme-"), page);
    }
    BOOST_TEST(runs >= 1, page);
  }

  // Every campaign on the pages names the plugin that the page has built.
  Nginx nginx(ordeal.folder());
  for (const auto& [page, blocks] : pages) {
    for (const auto& block : blocks) {
      if (block.what != "campaign") continue;
      std::string built;
      for (const auto& entry : fs::directory_iterator(ordeal.file(page + ".d")))
        if (fs::exists(entry.path() / "build")) built = entry.path().string() + "/build";
      BOOST_REQUIRE_MESSAGE(!built.empty(), page);
      spill(ordeal.file("campaign.json"), block.text);
      const auto check = ordeal.run({"check", ordeal.file("campaign.json"), "--plugin-dir", built,
                                     "--set", "target.http=" + nginx.url()});
      BOOST_TEST(check.code == 0, block.where << ": " << check.out << check.err);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
