// SPDX-License-Identifier: Apache-2.0
// Which collectors and rules share a process: as their plugins say, unless the campaign does.
#include "campaign/services.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "base/files.h"
#include "campaign/built_cells.h"
#include "campaign/records.h"
#include "places.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

constexpr const char* shipped_manifests = ORDEAL_BUILD_DIR "/share/ordeal/manifests/plugins";

/// The service cells of a campaign with a collector and a rule.
struct Bench : BuiltCells {
  /// `ours`: the two plugins did not come with ordeal.
  explicit Bench(bool ours) {
    if (!ours) return;
    for (const char* name : {"org.ordeal.system.json", "org.ordeal.threshold.json"})
      folder.write(
          name, read_file(std::string(shipped_manifests) + "/" + name, ExitCode::internal).value());
    registry = Registry::scan({{folder.path(), ORDEAL_BUILT_PLUGINS, Trust::owner, "ours"},
                               {shipped_manifests, ORDEAL_BUILT_PLUGINS, Trust::owner, "test"}},
                              ORDEAL_SOURCE_DIR "/manifests/schemas");
  }

  /// Starts them with these values of the key `isolation`, "" for none; "" or why not.
  std::string start(const std::string& collector, const std::string& rule) {
    const auto key = [](const std::string& value) {
      return value.empty() ? "" : ", \"isolation\": \"" + value + "\"";
    };
    auto parsed = parse_effective(
        R"({"campaign": "c", "load": [{"scenario": "http"}],
            "target": {"http": "http://127.0.0.1:80"},
            "collect": [{"collector": "system", "interval": "1s")" +
            key(collector) + R"(}],
            "safety": {"rules": [{"rule": "threshold",
                                  "config": {"metric": "memory_used_ratio", "limit": 2})" +
            key(rule) + R"(}]},
            "phases": [{"name": "p", "duration": "1m", "rate": 5}]})",
        "c.json", {}, registry);
    if (!parsed) return parsed.error().line();
    campaign = std::move(*parsed);
    services = std::make_unique<Services>(loop, cells, registry, campaign, bulletin);
    if (auto started = services->start(); !started) return started.error().line();
    loop.run_until([this] { return services->settled(); }, loop.now() + 20'000'000'000);
    return services->settled() ? services->refusal() : "the cells did not come up";
  }

  /// Different processes that hold a plugin.
  [[nodiscard]] std::size_t processes() const {
    const auto pids = services->pids();
    return std::set<int>(pids.begin(), pids.end()).size();
  }
  /// Of collector and rule, as the report will have it.
  [[nodiscard]] std::string isolation() const {
    std::string text;
    for (const auto& used : services->used()) text += used.isolation + " ";
    return text;
  }

  const TemporaryFolder folder;
  std::unique_ptr<Bus> bus = Bus::make(controller_topics(), clock);
  Bulletin bulletin{*bus, clock};
  Campaign campaign;
  std::unique_ptr<Services> services;
};

void expect(bool ours, const std::string& collector, const std::string& rule, std::size_t processes,
            const std::string& isolation) {
  BOOST_TEST_CONTEXT((ours ? "ours" : "shipped") << " '" << collector << "' '" << rule << "'") {
    Bench bench(ours);
    BOOST_TEST_REQUIRE(bench.start(collector, rule) == "");
    BOOST_TEST(bench.processes() == processes);
    BOOST_TEST(bench.isolation() == isolation);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(services)

BOOST_AUTO_TEST_CASE(without_the_key_only_shipped_plugins_share) {
  expect(false, "", "", 1, "shared shared ");
  expect(true, "", "", 2, "own own ");
}

BOOST_AUTO_TEST_CASE(the_campaign_puts_a_plugin_into_a_process_of_its_own) {
  expect(false, "own", "", 2, "own shared ");
  expect(false, "", "own", 2, "shared own ");
  expect(false, "own", "own", 2, "own own ");
}

BOOST_AUTO_TEST_CASE(the_campaign_lets_plugins_share) {
  expect(true, "shared", "shared", 1, "shared shared ");
  expect(true, "shared", "", 2, "shared own ");
}

BOOST_AUTO_TEST_SUITE_END()
