// SPDX-License-Identifier: Apache-2.0
// `ordeal plugin check` on plugins with one defect each (tests/consumers/broken): the case that is
// about the defect fails, and no other.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "e2e/installed.h"
#include "places.h"

using namespace ordeal::testing;
namespace json = boost::json;

namespace {

/// The case that has to fail, and a word of its reason; "" for a plugin without a defect.
struct Defect {
  std::string failing;
  std::string says;
};

const std::map<std::string, Defect> defects{
    {"nothing_collector", {"", ""}},
    {"nothing_rule", {"", ""}},
    {"nothing_report", {"", ""}},
    {"nothing_scenario", {"", ""}},
    {"nothing_blocking", {"", ""}},
    {"bad_manifest", {"manifest", "isolatoin"}},
    {"bad_schema", {"config-schema", "the example breaks the schema"}},
    {"extra_export", {"exports", "helper"}},
    {"undefined_symbol", {"load", "nobody_has_this"}},
    {"slow_load", {"load-time", "100 ms are allowed"}},
    {"wrong_abi", {"entry", "0.7"}},
    {"wrong_id", {"identity", "org.example.another"}},
    {"no_function", {"factories", "lacks a function"}},
    {"any_factory", {"unknown-ids", "another id"}},
    {"any_component", {"unknown-component", "no-such-component"}},
    {"never_created", {"create", "the config is no object"}},
    {"no_kinds", {"describe", "no operation kind"}},
    {"exits", {"use", "exited with code 0"}},
    {"hangs", {"destroy", "did not end within"}},
    {"leaves_timer", {"destroy", "1 timers"}},
    {"one_instance", {"two-instances", "one and the same"}},
    {"init_once", {"lifecycle", "init has been called already"}},
    {"prints", {"output", "standard output: rendering"}},
    {"signal_handler", {"signals", "SIGTERM"}},
    {"changes_folder", {"process-state", "working folder"}},
    {"needs_log", {"missing-services", "SIGSEGV"}},
    {"fixed_stride", {"newer-host", "SIGSEGV"}},
    {"beyond_size", {"bounds", "SIGSEGV"}},
    {"unterminated", {"bounds", "SIGSEGV"}},
    {"wrong_thread", {"threads", "reactor.timer"}},
    {"completes_twice", {"operations", "completed twice"}},
    {"completes_cancelled", {"operations", "after it had been cancelled"}},
    {"bad_metric", {"metrics", "latency-p99"}},
    {"falling_counter", {"samples", "went back"}},
    {"moody_rule", {"verdicts", "two verdicts"}},
    {"bad_file_name", {"files", "../broken.txt"}},
    {"dated_report", {"same-bytes", "broken.txt"}},
    {"whole_table", {"shorter-structs", "SIGSEGV"}},
    {"divides_by_zero", {"snapshots", "SIGFPE"}},
    {"trusts_document", {"documents", "SIGABRT"}},
    {"trusts_config", {"bad-configs", "SIGABRT"}},
    {"throws", {"bad-configs", "the config is no object"}},
    {"no_reason", {"bad-configs", "without saying why"}},
    {"odd_config", {"configs", "SIGABRT"}},
    {"blocks", {"overrun", "issue took"}},
    {"leaks_descriptor", {"leaks", "8 descriptors"}},
    {"leaks_thread", {"leaks", "8 threads"}},
    {"leaks_process", {"process-state", "it called clone(), which its cell denies"}},
    {"kills_parent", {"process-state", "it called kill(), which its cell denies"}},
    {"undeclared_socket", {"process-state", "it called socket(), which its cell denies"}},
    {"leaks_memory", {"leaks", "8 blocks of memory (8"}},
    {"unchecked_memory", {"out-of-memory", "SIGSEGV"}},
};

std::string folder_of(const std::string& plugin) {
  return std::string(ORDEAL_BUILD_DIR) + "/tests/broken/" + plugin;
}

/// Failing cases with all their reasons.
std::map<std::string, std::string> failures(const json::value& document) {
  std::map<std::string, std::string> failed;
  for (const json::value& one : document.at("cases").as_array()) {
    if (one.at("verdict").as_string() != "fail") continue;
    std::string& why = failed[std::string(one.at("case").as_string())];
    for (const json::value& finding : one.at("findings").as_array())
      why += std::string(finding.at("why").as_string()) + "\n";
  }
  return failed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_check)

BOOST_AUTO_TEST_CASE(every_broken_plugin_is_known_here) {
  std::set<std::string> built;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(ORDEAL_BUILD_DIR) + "/tests/broken"))
    built.insert(entry.path().filename().string());
  std::set<std::string> known;
  for (const auto& [plugin, defect] : defects) known.insert(plugin);
  BOOST_TEST(built == known, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_defect_is_found_by_its_own_case_and_by_no_other) {
  Installed ordeal;
  // Three at a time: most of a check is waiting.
  std::map<std::string, std::unique_ptr<Program>> running;
  auto next = defects.begin();
  while (next != defects.end() || !running.empty()) {
    while (next != defects.end() && running.size() < 3) {
      running[next->first] =
          ordeal.start({"plugin", "check", folder_of(next->first), "--seed", "7", "--time-limit",
                        next->first == "hangs" ? "2" : "30", "--format", "json"},
                       next->first);
      ++next;
    }
    for (auto one = running.begin(); one != running.end();) {
      const auto code = one->second->wait(0.01);
      if (!code) {
        ++one;
        continue;
      }
      const Defect& defect = defects.at(one->first);
      const std::string out = one->second->out();
      BOOST_TEST_CONTEXT(one->first << "\n" << one->second->err()) {
        BOOST_TEST(*code == (defect.failing.empty() ? 0 : 113));
        json::error_code bad;
        const json::value document = json::parse(out, bad);
        BOOST_REQUIRE(!bad);
        const auto failed = failures(document);
        for (const auto& [name, why] : failed) BOOST_TEST_CONTEXT(why) {
            BOOST_TEST(name == defect.failing);
          }
        BOOST_TEST(failed.size() == (defect.failing.empty() ? 0u : 1u));
        if (failed.contains(defect.failing)) {
          BOOST_TEST_CONTEXT(failed.at(defect.failing)) {
            BOOST_TEST(contains(failed.at(defect.failing), defect.says));
          }
        }
      }
      one = running.erase(one);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_failed_case_is_repeated_by_its_seed) {
  Installed ordeal;
  const auto first = ordeal.run({"plugin", "check", folder_of("odd_config"), "--case", "configs"});
  BOOST_TEST(first.code == 113);
  const auto at = first.out.find("--seed ");
  BOOST_REQUIRE(at != std::string::npos);
  const std::string seed = first.out.substr(at + 7, first.out.find('\n', at) - at - 7);
  const auto line = [](const std::string& out) {
    const auto start = out.find("FAIL  configs");
    return start == std::string::npos ? out : out.substr(start, out.find('\n', start) - start);
  };
  const auto again =
      ordeal.run({"plugin", "check", folder_of("odd_config"), "--case", "configs", "--seed", seed});
  BOOST_TEST(again.code == 113);
  BOOST_TEST(line(first.out) == line(again.out));
  BOOST_TEST(contains(line(first.out), "SIGABRT, in create of report 'broken' (config {"));
}

BOOST_AUTO_TEST_CASE(results_as_text_json_and_junit) {
  Installed ordeal;
  const std::string folder = folder_of("bad_metric");
  const auto text = ordeal.run({"plugin", "check", folder, "--case", "metrics"});
  BOOST_TEST(text.code == 113);
  BOOST_TEST(contains(text.out, "FAIL  metrics (broken)"));
  BOOST_TEST(contains(text.out, "-> letters, digits, _ and : only, no digit first"));
  BOOST_TEST(contains(text.out, "1 failed"));

  const std::string file = ordeal.file("junit.xml");
  const auto junit = ordeal.run(
      {"plugin", "check", folder, "--case", "metrics", "--format", "junit", "--output", file});
  BOOST_TEST(junit.code == 113);
  const std::string xml = slurp(file);
  BOOST_TEST(contains(xml, "<testsuite name=\"org.example.bad-metric 0.1.0\""));
  BOOST_TEST(
      contains(xml, "<testcase classname=\"org.example.bad-metric.broken\" name=\"metrics\""));
  BOOST_TEST(contains(xml, "<failure message=\"metric 'latency-p99' is no Prometheus name\">"));
  // No other tool here reads XML by its rules than the browser's and expat's cousins; python does.
  const auto parsed = run({"python3", "-c",
                           "import sys, xml.etree.ElementTree as t\n"
                           "s = t.parse(sys.argv[1]).getroot().find('testsuite')\n"
                           "assert int(s.get('tests')) == len(s.findall('testcase'))\n"
                           "assert int(s.get('failures')) == len(s.findall('testcase/failure'))",
                           file},
                          {}, ordeal.folder());
  BOOST_TEST(parsed.code == 0, parsed.err);
}

BOOST_AUTO_TEST_CASE(levels_and_the_list_of_cases) {
  Installed ordeal;
  const auto list = ordeal.run({"plugin", "check", "--list"});
  BOOST_TEST(list.code == 0);
  for (const char* word : {"level 1:", "level 5:", "  load-time", "  out-of-memory"})
    BOOST_TEST(contains(list.out, word));
  const std::string folder = folder_of("leaks_memory");
  BOOST_TEST(ordeal.run({"plugin", "check", folder, "--level", "2"}).code == 0);
}

BOOST_AUTO_TEST_CASE(a_plugin_is_named_by_manifest_library_or_id) {
  Installed ordeal;
  const std::string beside = folder_of("nothing_rule") + "/org.example.nothing-rule";
  for (const std::string& path : {beside + ".json", beside + ".so"})
    BOOST_TEST(ordeal.run({"plugin", "check", path, "--level", "1"}).code == 0);
  BOOST_TEST(ordeal.run({"plugin", "check", "org.ordeal.threshold", "--level", "1"}).code == 0);
  BOOST_TEST(ordeal
                 .run({"plugin", "check", "org.example.nothing-rule", "--level", "1",
                       "--plugin-dir", folder_of("nothing_rule")})
                 .code == 0);
}

BOOST_AUTO_TEST_CASE(a_package_is_checked_as_it_is) {
  Installed ordeal;
  const std::string id = "org.example.nothing-rule";
  const auto packed =
      ordeal.run({"plugin", "pack", folder_of("nothing_rule"), "--output", ordeal.folder()});
  BOOST_TEST_REQUIRE(packed.code == 0, packed.err);
  const std::string package = packed.out.substr(0, packed.out.find('\n'));
  const auto left_behind = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(ordeal.folder()))
      if (entry.path().filename().string().starts_with("ordeal-plugin-")) return true;
    return false;
  };
  const auto good = ordeal.run({"plugin", "check", package, "--format", "json"});
  BOOST_TEST_CONTEXT(good.out + good.err) {
    BOOST_TEST(good.code == 0);
    const json::value document = json::parse(good.out);
    BOOST_TEST(document.at("plugin").as_string() == id);
    BOOST_TEST(document.at("manifest").as_string() == package);
  }
  BOOST_TEST(!left_behind());

  // The hash of another library.
  std::filesystem::create_directory(ordeal.file("forged"));
  const auto tar = [&](std::vector<std::string> args) {
    args.insert(args.begin(), "tar");
    BOOST_TEST_REQUIRE(run(args, {}, ordeal.folder()).code == 0);
  };
  tar({"xzf", package, "-C", ordeal.file("forged")});
  std::string manifest = slurp(ordeal.file("forged/" + id + ".json"));
  const auto at = manifest.find("\"sha256\": \"");
  BOOST_TEST_REQUIRE(at != std::string::npos);
  manifest.replace(at + 11, 4, manifest.compare(at + 11, 4, "0000") == 0 ? "1111" : "0000");
  spill(ordeal.file("forged/" + id + ".json"), manifest);
  tar({"czf", ordeal.file("forged.ordeal"), "-C", ordeal.file("forged"), id + ".json", id + ".so"});
  const auto forged = ordeal.run({"plugin", "check", ordeal.file("forged.ordeal")});
  BOOST_TEST_CONTEXT(forged.out + forged.err) {
    BOOST_TEST(forged.code == 113);
    BOOST_TEST(contains(forged.out, "FAIL  manifest"));
    BOOST_TEST(contains(forged.out, "the library is not the one of its manifest"));
    BOOST_TEST(contains(forged.out, "plugin check " + ordeal.file("forged.ordeal") + " --case"));
  }
  BOOST_TEST(!left_behind());

  // A link out of the package.
  std::filesystem::remove(ordeal.file("forged/" + id + ".so"));
  std::filesystem::create_symlink("/etc/passwd", ordeal.file("forged/" + id + ".so"));
  tar({"czf", ordeal.file("link.ordeal"), "-C", ordeal.file("forged"), id + ".json", id + ".so"});
  const auto link = ordeal.run({"plugin", "check", ordeal.file("link.ordeal")});
  BOOST_TEST(link.code == 113);
  BOOST_TEST(contains(link.err, ordeal.file("link.ordeal")), link.err);
  BOOST_TEST(std::count(link.err.begin(), link.err.end(), '\n') == 1);
  BOOST_TEST(!left_behind());
}

BOOST_AUTO_TEST_CASE(mistakes_are_one_line) {
  Installed ordeal;
  const std::string good = folder_of("nothing_rule");
  spill(ordeal.file("list.json"), "[1]");
  spill(ordeal.file("wrong.json"), "{\"titel\": 1}");
  const auto mistake = [&](std::vector<std::string> args, int code, const std::string& says) {
    args.insert(args.begin(), {"plugin", "check"});
    const auto run = ordeal.run(args);
    BOOST_TEST_CONTEXT(run.out + run.err) {
      BOOST_TEST(run.code == code);
      BOOST_TEST(contains(run.err, says));
      BOOST_TEST(std::count(run.err.begin(), run.err.end(), '\n') == 1);
    }
  };
  mistake({}, 2, "PATH is missing");
  mistake({ordeal.folder()}, 2, "no plugin manifest");
  mistake({ordeal.file("none/such")}, 2, "does not exist");
  mistake({"org.example.none"}, 113, "org.example.none");
  mistake({std::string(ORDEAL_BUILD_DIR) + "/tests/broken"}, 2, "several plugins");
  mistake({good, "--case", "leeks"}, 2, "did you mean 'leaks'?");
  mistake({good, "--level", "6"}, 2, "--level");
  mistake({good, "--config", ordeal.file("list.json")}, 2, "not a JSON object");
  const auto wrong = ordeal.run({"plugin", "check", good, "--config", ordeal.file("wrong.json")});
  BOOST_TEST(wrong.code == 113);
  BOOST_TEST(contains(wrong.out, "unknown key 'titel'"));
}

BOOST_AUTO_TEST_SUITE_END()
