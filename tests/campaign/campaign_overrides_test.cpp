// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_overrides.h"

#include <boost/test/unit_test.hpp>

#include "campaign/campaign_registry.h"

using namespace ordeal;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  CampaignRegistry registry;

  [[nodiscard]] Result<Campaign> with(std::vector<std::string> sets,
                                      std::map<std::string, std::string> environment = {}) const {
    CampaignOverrides overrides;
    overrides.sets = std::move(sets);
    overrides.environment = std::move(environment);
    return parse_effective(
        R"({"campaign": "c", "seed": 1, "target": {"http": "http://file"}, "load": [{"scenario": "http"}],
        "phases": [{"name": "p", "duration": "1m", "rate": 5}, {"name": "q", "duration": "1m"}]})",
        "c.json", overrides, registry.get());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(campaign_overrides, Fixture)

BOOST_AUTO_TEST_CASE(the_command_line_beats_the_environment_beats_the_file) {
  BOOST_TEST(with({})->target.http == "http://file");
  BOOST_TEST(with({}, {{"ORDEAL_TARGET_HTTP", "http://env"}})->target.http == "http://env");
  BOOST_TEST(
      with({"target.http=http://set"}, {{"ORDEAL_TARGET_HTTP", "http://env"}})->target.http ==
      "http://set");
  BOOST_TEST(with({"seed=5", "seed=6"})->seed == 6u);
}

BOOST_AUTO_TEST_CASE(values_take_the_kind_the_schema_asks_for) {
  BOOST_TEST(with({"campaign=2026"})->name == "2026");
  BOOST_TEST(with({"phases.1.rate=7.5"})->phases[1].rate == 7.5);
  BOOST_TEST(with({"phases.1.judge=false"})->phases[1].judge == false);
  BOOST_TEST(with({"phases.1.slo.p99.9=<1s"})->phases[1].slo[0].metric == "p99.9");
  BOOST_TEST(with({"phases.1.slo={\"success\": \">=50%\"}"})->phases[1].slo[0].limit == 0.5);
  BOOST_TEST(with({"target.pid_file=/run/a=b.pid"})->target.pid_file == "/run/a=b.pid");
  BOOST_TEST(with({"load.0.mix.get=3"})->load[0].mix[0].second == 3);
  BOOST_TEST(
      with({"load.0.config.headers.Host=x"})->load[0].config.find(R"("headers":{"Host":"x"})") !=
      std::string::npos);
  BOOST_TEST(with({"phases=[{\"name\":\"z\",\"duration\":\"5s\"}]"})->phases.size() == 1u);
  BOOST_TEST((with({"safety.max_duration=1h"})->safety.max_duration == 1h));
  BOOST_TEST(with({"x-mine=1"})->effective.find("\"x-mine\": 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(variables_reach_into_lists_and_ignore_other_names) {
  const Result<Campaign> c = with({}, {{"ORDEAL_PHASES_0_RATE", "9"},
                                       {"ordeal_safety_max_duration", "2h"},
                                       {"ORDEAL_PHASES_1_SLO_P99_9", "<3s"},
                                       {"ORDEAL_PLUGIN_PATH", "/x"},
                                       {"ORDEAL_RUN_ID", "abc"},
                                       {"ORDEAL_VERSION", "7.0"},
                                       {"ORDEAL_NO_SUCH", "1"},
                                       {"HOME", "/root"}});
  BOOST_REQUIRE_MESSAGE(c, why(c));
  BOOST_TEST(c->phases[0].rate == 9);
  BOOST_TEST((c->safety.max_duration == 2h));
  BOOST_TEST(c->phases[1].slo[0].metric == "p99.9");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_as_it_was_given) {
  struct Case {
    const char* set;
    const char* line;
  };
  const Case cases[] = {
      {"targt.http=http://x",
       "--set targt.http=http://x: /targt: unknown key 'targt'; expected one of $schema, campaign, "
       "version, duration, fit, seed, target, "
       "baseline, load, collect, safety, phases, escalate, verdict, report, interval, timeout; did "
       "you mean 'target'?"},
      {"phases.0.raet=5", "did you mean 'rate'?"},
      {"phases.7.rate=5",
       "--set phases.7.rate=5: /phases/7: '7' is not an entry of this list; expected an entry "
       "number from 0 to 1"},
      {"phases.first.rate=5", "'first' is not an entry of this list"},
      {"collect.0.interval=5s", "expected no entry: it is empty; set the whole list, as JSON"},
      {"seed.x=5", "--set seed.x=5: /seed/x: there is nothing below this value"},
      {"seed=many",
       "--set seed=many: /seed: 'many' is text; expected a whole number of at least 0"},
      {"phases.0.duration=10",
       "--set phases.0.duration=10: /phases/0/duration: bad duration '10': the unit is missing"},
      {"load.0.config.metod=GET",
       "--set load.0.config.metod=GET: /load/0/config/metod: config of scenario 'http': unknown "
       "key 'metod'"},
      {"load.0.scenario=htpp",
       "--set load.0.scenario=htpp: /load/0/scenario: no usable plugin offers the scenario 'htpp'"},
  };
  for (const Case& one : cases) {
    BOOST_TEST_CONTEXT(one.set) {
      const Result<Campaign> c = with({one.set});
      BOOST_REQUIRE(!c);
      BOOST_TEST(c.error().line().find(one.line) != std::string::npos, c.error().line());
    }
  }
  BOOST_TEST((with({"seed"}).error().code == ExitCode::usage));
  BOOST_TEST((with({"=5"}).error().code == ExitCode::usage));
  BOOST_TEST(with({}, {{"ORDEAL_SEED", "x"}})
                 .error()
                 .line()
                 .find("environment ORDEAL_SEED: /seed: 'x' is text") == 0u);
  BOOST_TEST(!with({"x-bytes=\xff"}));
  BOOST_TEST(!with({"x-deep=" + std::string(32, '[') + std::string(32, ']')}));
}

BOOST_AUTO_TEST_SUITE_END()
