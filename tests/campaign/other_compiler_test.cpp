// SPDX-License-Identifier: Apache-2.0
// Plugins that the other compiler built, in the cell of this build: Clang's in GCC's and, in the
// Clang presets, GCC's in Clang's.
#include <boost/test/unit_test.hpp>

#include "base/interval.h"
#include "campaign/built_cells.h"
#include "ordeal/abi/report.h"
#include "places.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t long_enough = 60'000'000'000;

PluginInfo other(const std::string& id, const std::string& version) {
  PluginInfo plugin;
  plugin.id = id;
  plugin.version = version;
  plugin.library_path = ORDEAL_OTHER_COMPILER_DIR "/" + id + ".so";
  plugin.trust = Trust::owner;
  return plugin;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(other_compiler)

BOOST_AUTO_TEST_CASE(a_scenario_in_c_makes_load) {
  BuiltCells built;
  OutcomeCounts outcomes{};
  bool finished = false;
  auto link = built.cells.start("other", [&](CellLink&, CellMessage type, Decoder& in) {
    in.u32();
    if (type == CellMessage::finished) finished = true;
    if (type != CellMessage::frame) return;
    const auto frame = decode_interval(in.bytes());
    BOOST_REQUIRE(static_cast<bool>(frame));
    for (const auto& kind : frame->kinds)
      for (std::size_t i = 0; i < outcome_count; ++i) outcomes[i] += kind.outcomes[i];
  });
  BOOST_REQUIRE(static_cast<bool>(link));
  const PluginInfo plugin = other("org.example.other-c", "1.2.3");
  (*link)->load(plugin);
  (*link)->create(1, plugin.id, "scenario", "fault", "{}");
  built.loop.run_until([&] { return (*link)->create_answer(1) || (*link)->ended(); },
                       built.loop.now() + long_enough);
  BOOST_TEST((*link)->refusal(plugin, 1) == "");
  LoadSpec spec;
  spec.sessions = 2;
  spec.max_operations = 500;
  spec.start_ns = built.loop.now();
  spec.duration_ns = 30'000'000'000;
  (*link)->begin(1, 0, 0, 1, 100'000'000, spec);
  built.loop.run_until([&] { return finished || (*link)->ended(); },
                       built.loop.now() + long_enough);
  BOOST_TEST(finished);
  BOOST_TEST(outcomes[0] == 500u);
  built.cells.forget(**link);
}

BOOST_AUTO_TEST_CASE(a_report_in_cpp_writes_its_file) {
  BuiltCells built;
  std::string name;
  std::string text;
  std::string problem = "not rendered";
  auto link = built.cells.start("other", [&](CellLink&, CellMessage type, Decoder& in) {
    in.u32();
    in.u64();
    if (type == CellMessage::rendered) problem = in.text();
    if (type != CellMessage::file) return;
    name = in.text();
    const auto bytes = in.bytes();
    text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
  BOOST_REQUIRE(static_cast<bool>(link));
  const PluginInfo plugin = other("org.example.digest", "0.1.0");
  (*link)->load(plugin);
  (*link)->create(1, plugin.id, "report", "digest", "{}");
  (*link)->render(1, 1, ORDEAL_STAGE_CAMPAIGN, "{}");
  built.loop.run_until([&] { return problem != "not rendered" || (*link)->ended(); },
                       built.loop.now() + long_enough);
  BOOST_TEST((*link)->refusal(plugin, 1) == "");
  BOOST_TEST(problem == "");
  BOOST_TEST(name == "digest-3.txt");
  BOOST_TEST(text == "2 08f44b07b5901a25\n");

  // An exception of its own becomes an error with its words.
  problem = "not rendered";
  (*link)->render(1, 2, ORDEAL_STAGE_CAMPAIGN, "");
  built.loop.run_until([&] { return problem != "not rendered" || (*link)->ended(); },
                       built.loop.now() + long_enough);
  BOOST_TEST(problem.find("the document is empty") != std::string::npos, problem);
  built.cells.forget(**link);
}

BOOST_AUTO_TEST_SUITE_END()
