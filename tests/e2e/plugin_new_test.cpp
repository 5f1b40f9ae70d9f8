// SPDX-License-Identifier: Apache-2.0
// `ordeal plugin new`: the projects it writes build out of tree against the installed SDK, pass
// their own tests, and do their part in a campaign. All kinds, both languages.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>
#include <set>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

const std::vector<std::string> kinds{"scenario", "collector", "rule", "report"};
const std::vector<std::string> languages{"c", "cpp"};

// One project: configured, built with warnings as errors, tested; nothing exported but its entry;
// and read once more by the other compiler.
constexpr const char* build_one = R"sh(
set -e
cd "$1"
cmake -G Ninja -B build -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
cmake --build build -j1
ctest --test-dir build --output-on-failure --no-tests=error
test "$(nm -D --defined-only build/*.so | sed 's/.* //')" = ordeal_plugin_entry
for source in src/*.c tests/*.c; do
  test ! -e "$source" || clang-14 -std=gnu11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
    -I "$PREFIX/include" "$source"
done
for source in src/*.cpp tests/*.cpp; do
  test ! -e "$source" || clang++-14 -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
    -I "$PREFIX/include" "$source"
done
case $1 in *-c) # a plugin in C needs no C++ at run time
  ! readelf -d build/*.so | grep -q 'NEEDED.*stdc++' ;;
esac
)sh";

struct Projects {
  Installed ordeal;

  std::string folder(const std::string& kind, const std::string& language) {
    return ordeal.file(kind + "-" + language);
  }

  void make() {
    std::string list;
    for (const auto& kind : kinds) {
      for (const auto& language : languages) {
        const auto made =
            ordeal.run({"plugin", "new", kind, kind + "-" + language, "--lang",
                        language == "c" ? "c" : "c++", "--dir", folder(kind, language)});
        BOOST_TEST_CONTEXT(made.err) { BOOST_REQUIRE(made.code == 0); }
        list += folder(kind, language) + "\n";
      }
    }
    spill(ordeal.file("projects"), list);
    spill(ordeal.file("build.sh"), build_one);
    auto environment = ordeal.environment();
    environment["CMAKE_PREFIX_PATH"] = Installed::prefix();
    environment["PREFIX"] = Installed::prefix();
    const auto built = testing::run({"sh", "-c",
                                     "cd " + ordeal.folder() +
                                         " && xargs -P2 -I{} sh -c 'sh build.sh {} >{}.log 2>&1 || "
                                         "{ cat {}.log; exit 1; }' <projects"},
                                    environment, ordeal.folder(), 280);
    BOOST_TEST_CONTEXT(built.out + built.err) { BOOST_REQUIRE(built.code == 0); }
  }
};

json::value campaign(int port) {
  json::object all = json::parse(R"({
    "campaign": "authors", "version": 1, "interval": "500ms",
    "baseline": {"duration": "500ms", "required_health": 0},
    "load": [], "collect": [{"collector": "system", "interval": "1s"}],
    "safety": {"check_interval": "500ms", "cooldown": "1s", "rules": []},
    "phases": [{"name": "first", "duration": "3s", "connections": 4, "rate": 200, "timeout": "2s",
                "judge": false}],
    "report": [{"report": "json"}]})")
                         .as_object();
  for (const auto& language : languages) {
    all["load"].get_array().emplace_back(
        json::object{{"scenario", "scenario-" + language},
                     {"config", {{"port", port}, {"value_bytes", 5000}}},
                     {"mix", {{"get", 3}, {"set", 1}}}});
    all["collect"].get_array().emplace_back(
        json::object{{"collector", "collector-" + language}, {"interval", "500ms"}});
    all["safety"].get_object()["rules"].get_array().emplace_back(
        json::object{{"rule", "rule-" + language},
                     {"config",
                      {{"metric", "collector_" + language + "_value"},
                       {"limit", 0},
                       {"seconds", 1},
                       {"verdict", "warn"}}}});
    all["report"].get_array().emplace_back(json::object{{"report", "report-" + language}});
  }
  return all;
}

/// Whether some element of a list has this text at a pointer.
bool any_with(const json::value& document, const std::string& list, const std::string& pointer,
              const std::string& part) {
  json::error_code ec;
  const auto* found = document.find_pointer(list, ec);
  if (found == nullptr || !found->is_array()) return false;
  for (const auto& one : found->get_array())
    if (contains(at(one, pointer), part)) return true;
  return false;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(plugin_new, Projects)

BOOST_AUTO_TEST_CASE(what_it_writes_builds_passes_its_tests_and_takes_part_in_a_campaign) {
  make();
  const int port = free_port();
  Program server({folder("scenario", "c") + "/build/line_server", std::to_string(port)}, {},
                 ordeal.folder(), "server");
  BOOST_REQUIRE(eventually([&] { return contains(server.out(), "listening"); }, 10));

  spill(ordeal.file("authors.json"), json::serialize(campaign(port)));
  std::vector<std::string> run{"run", ordeal.file("authors.json"), "--yes"};
  for (const auto& kind : kinds)
    for (const auto& language : languages) {
      run.emplace_back("--plugin-dir");
      run.push_back(folder(kind, language) + "/build");
    }
  const auto ran = ordeal.run(run, 60);
  // Not judged, so no pass; it must have run to its end.
  BOOST_TEST_CONTEXT(ran.out + ran.err) { BOOST_REQUIRE((ran.code == 115 || ran.code == 99)); }

  const json::value report = ordeal.report();
  // The server answered what the two scenarios say they sent, and all of it was as expected.
  const auto asked = testing::run({"bash", "-c",
                                   "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(port) +
                                       "; echo COUNT >&3; read -r line <&3; echo \"$line\""},
                                  {}, ordeal.folder());
  BOOST_TEST(asked.out == "VALUE " + at(report, "/wire/requests_sent/total") + "\n");
  const std::string phase = "/phase_results/0";
  for (const auto& language : languages) {
    for (const std::string kind : {"get", "set"}) {
      const std::string name =
          phase + "/test_result/operation_breakdown/scenario-" + language + "." + kind;
      BOOST_TEST(number_at(report, name + "/successful_operations") > 20, name);
      BOOST_TEST(number_at(report, name + "/failed_operations") == 0, name);
    }
    BOOST_TEST(any_with(report, "/series/metrics", "/name", "collector_" + language + "_value"));
    BOOST_TEST(
        any_with(report, "/series/metrics", "/name", "collector_" + language + "_read_seconds"));
    BOOST_TEST(
        any_with(report, "/safety/events", "/reason", "collector_" + language + "_value{pg"));
    for (const auto& kind : kinds)
      BOOST_TEST(any_with(report, "/plugins/used", "/id", "org.example." + kind + "-" + language));

    const std::string csv = slurp(ordeal.run_dir() + "/reports/report-" + language + ".csv");
    const std::string summary = phase + "/test_result/summary";
    BOOST_TEST(csv.find("phase,operations,successful,per_second,p99_seconds,result\nfirst," +
                        at(report, summary + "/total_operations") + "," +
                        at(report, summary + "/successful_operations") + ",") == 0u,
               csv);
  }
  BOOST_TEST(number_at(report, phase + "/measurement/misbehaviour") == 0);
  BOOST_TEST(at(report, "/plugins/events") == "[]");
  BOOST_TEST(slurp(ordeal.run_dir() + "/reports/report-c.csv") ==
             slurp(ordeal.run_dir() + "/reports/report-cpp.csv"));
}

BOOST_AUTO_TEST_SUITE_END()
