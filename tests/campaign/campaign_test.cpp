// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>

#include "base/json.h"
#include "campaign/campaign_registry.h"
#include "places.h"

using namespace ordeal;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  CampaignRegistry registry;
  CampaignOverrides overrides;

  [[nodiscard]] Result<Campaign> parse(const std::string& text) const {
    return parse_effective(text, "c.json", overrides, registry.get());
  }
  [[nodiscard]] Campaign good(const std::string& text) const {
    Result<Campaign> parsed = parse(text);
    BOOST_REQUIRE_MESSAGE(parsed, why(parsed));
    return std::move(*parsed);
  }
};

/// A campaign with `more` before its phases.
std::string campaign_text(const std::string& more = "",
                          const std::string& phase = R"("duration": "1m", "rate": 50)") {
  return "{\"campaign\": \"c\", \"target\": {\"http\": \"http://127.0.0.1:80\"},\n\"load\": "
         "[{\"scenario\": \"http\"}],\n" +
         more + "\"phases\": [{\"name\": \"p\", " + phase + "}]}";
}

const std::string shipped = ORDEAL_SOURCE_DIR "/manifests/campaigns/";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(campaign, Fixture)

BOOST_AUTO_TEST_CASE(defaults_are_those_of_the_design) {
  const Campaign c = good(campaign_text());
  BOOST_TEST(c.name == "c");
  BOOST_TEST((c.duration == 1min));
  BOOST_TEST(!c.fit_scale);
  BOOST_TEST(c.fit_factor == 1.0);
  BOOST_TEST(c.required_health == 70);
  BOOST_TEST((c.baseline_duration == 6s));
  BOOST_TEST(c.safety.memory_percent == 80);
  BOOST_TEST(c.safety.cpu_percent == 85);
  BOOST_TEST(c.safety.disk_percent == 90);
  BOOST_TEST((c.safety.check_interval == 30s));
  BOOST_TEST((c.safety.max_duration == 12h));
  BOOST_TEST((c.safety.cooldown == 30min));
  BOOST_TEST(c.safety.max_consecutive_failures == 3u);
  BOOST_TEST(c.safety.rules.empty());
  BOOST_REQUIRE(c.collect.size() == 1u);
  BOOST_TEST(c.collect[0].collector == "system");
  BOOST_TEST((c.collect[0].interval == 10s));
  BOOST_REQUIRE(c.report.size() == 3u);
  BOOST_TEST(c.report[2].report == "html");
  BOOST_TEST((c.interval == 1s));
  BOOST_TEST((c.block == 10s));
  BOOST_TEST(c.verdict_phases_passed == 0.7);
  BOOST_TEST(c.verdict_operations_ok == 0.9);
  BOOST_TEST(!c.escalate_select_by_health);
  BOOST_REQUIRE(c.phases.size() == 1u);
  BOOST_TEST((c.phases[0].timeout == 10s));
  BOOST_TEST(c.phases[0].rate == 50);
  BOOST_TEST(c.phases[0].connections == 10u);
  BOOST_TEST(c.phases[0].judge);
  BOOST_TEST(c.load[0].plugin == "org.example.scenario-http");
  BOOST_TEST(c.load[0].config == R"({"url":"http://127.0.0.1:80","method":"GET"})");
}

BOOST_AUTO_TEST_CASE(connections_follow_the_rate) {
  const auto connections = [&](const char* phase) {
    return good(campaign_text("", phase)).phases[0].connections;
  };
  BOOST_TEST(connections(R"("duration": "1m")") == 1u);
  BOOST_TEST(connections(R"("duration": "1m", "rate": 2000)") == 200u);
  BOOST_TEST(connections(R"("duration": "1m", "rate": 1e6)") == 1000u);
  BOOST_TEST(connections(R"("duration": "1m", "rate": 2000, "connections": 3)") == 3u);
}

BOOST_AUTO_TEST_CASE(stress_levels_imply_their_slo) {
  const std::tuple<const char*, double, double> levels[] = {{"low", 0.95, 2},
                                                            {"moderate", 0.9, 3},
                                                            {"high", 0.85, 5},
                                                            {"extreme", 0.8, 8},
                                                            {"sustained", 0.85, 5}};
  for (const auto& [level, success, average] : levels) {
    const Campaign c = good(campaign_text(
        "", std::string(R"("duration": "1m", "operations": 10, "stress": ")") + level + "\""));
    BOOST_REQUIRE(c.phases[0].slo.size() == 2u);
    BOOST_TEST(c.phases[0].slo[0].metric == "success");
    BOOST_TEST(c.phases[0].slo[0].limit == success);
    BOOST_TEST(c.phases[0].slo[1].metric == "avg");
    BOOST_TEST(c.phases[0].slo[1].limit == average);
  }
  const Campaign own =
      good(campaign_text("", R"("duration": "1m", "stress": "low", "slo": {"p99": "<1s"})"));
  BOOST_REQUIRE(own.phases[0].slo.size() == 1u);
  BOOST_TEST(own.phases[0].slo[0].metric == "p99");
}

BOOST_AUTO_TEST_CASE(the_shipped_campaigns_load) {
  overrides.sets = {"target.http=http://127.0.0.1:8080"};
  Result<Campaign> quick = load_campaign(shipped + "quick.json", overrides, registry.get());
  BOOST_REQUIRE_MESSAGE(quick, why(quick));
  BOOST_REQUIRE(quick->phases.size() == 1u);
  BOOST_TEST(quick->phases[0].rate == 200);
  BOOST_TEST((quick->phases[0].duration == 15s));
  BOOST_TEST((quick->baseline_duration == 2s));
  BOOST_TEST((quick->baseline_duration + quick->phases[0].duration < 28s));
  Result<Campaign> overnight = load_campaign(shipped + "overnight.json", overrides, registry.get());
  BOOST_REQUIRE_MESSAGE(overnight, why(overnight));
  BOOST_REQUIRE(overnight->phases.size() == 8u);
  BOOST_TEST(overnight->fit_factor == 10.0 / 14.0, boost::test_tools::tolerance(1e-12));
  Duration sum{};
  for (const PhasePlan& phase : overnight->phases) sum += phase.duration;
  BOOST_TEST(static_cast<double>((sum - 10h).count()) == 0.0, boost::test_tools::tolerance(10.0));
  BOOST_TEST((std::chrono::abs(sum - 10h) < 1us));
  BOOST_TEST(overnight->phases[7].operations == 200);
  BOOST_TEST(overnight->phases[7].connections == 8u);
  BOOST_TEST((overnight->baseline_duration == 10min));
}

BOOST_AUTO_TEST_CASE(the_shipped_campaigns_load_with_the_shipped_manifests) {
  // Their libraries are stood in for by empty files: parsing never opens one.
  const TemporaryFolder folder;
  for (const auto& entry :
       std::filesystem::directory_iterator(ORDEAL_SOURCE_DIR "/manifests/plugins")) {
    std::ifstream in(entry.path());
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    folder.write(entry.path().filename().string(), text);
    folder.write(entry.path().stem().string() + ".so", "not opened");
  }
  const Registry real = Registry::scan({{folder.path(), folder.path(), Trust::owner, "test"}},
                                       ORDEAL_SOURCE_DIR "/manifests/schemas");
  for (const PluginProblem& problem : real.problems()) BOOST_ERROR(problem.error.line());
  for (const char* name : {"quick.json", "overnight.json"}) {
    CampaignOverrides given;
    const Result<Campaign> without = load_campaign(shipped + name, given, real);
    BOOST_REQUIRE(!without);
    BOOST_TEST(without.error().fix.find("--set target.http=") != std::string::npos, why(without));
    given.sets = {"target.http=http://127.0.0.1:8080", "target.pid_file=/run/x.pid"};
    const Result<Campaign> with = load_campaign(shipped + name, given, real);
    BOOST_REQUIRE_MESSAGE(with, why(with));
    const Result<Campaign> again = parse_effective(with->effective, "e.json", {}, real);
    BOOST_REQUIRE_MESSAGE(again, why(again));
    BOOST_TEST(again->effective == with->effective);
    BOOST_TEST(again->load[0].config.find("http://127.0.0.1:8080") != std::string::npos);
    BOOST_REQUIRE(again->collect.size() == 2u);
    BOOST_TEST(again->collect[1].config.find("/run/x.pid") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_shipped_campaign_without_target_says_what_to_give) {
  const Result<Campaign> quick = load_campaign(shipped + "quick.json", overrides, registry.get());
  BOOST_REQUIRE(!quick);
  BOOST_TEST((quick.error().code == ExitCode::invalid_config));
  BOOST_TEST(quick.error().fix.find("--set target.http=") != std::string::npos,
             quick.error().line());
}

BOOST_AUTO_TEST_CASE(effective_text_reads_back_to_the_same_campaign) {
  overrides.sets = {"target.http=http://127.0.0.1:8080", "target.pid=5", "seed=42",
                    "phases.0.slo.p99.9=<2s"};
  for (const char* name : {"quick.json", "overnight.json"}) {
    const Result<Campaign> first = load_campaign(shipped + name, overrides, registry.get());
    BOOST_REQUIRE_MESSAGE(first, why(first));
    const Result<Campaign> second = parse_effective(first->effective, "e.json", {}, registry.get());
    BOOST_REQUIRE_MESSAGE(second, why(second));
    BOOST_TEST(first->effective == second->effective);
    BOOST_TEST(first->seed == 42u);
    BOOST_TEST(second->seed == 42u);
    BOOST_TEST(first->fit_factor == second->fit_factor);
    BOOST_TEST((first->baseline_duration == second->baseline_duration));
    BOOST_REQUIRE(first->phases.size() == second->phases.size());
    for (std::size_t i = 0; i < first->phases.size(); ++i) {
      BOOST_TEST((first->phases[i].duration == second->phases[i].duration));
      BOOST_TEST(first->phases[i].slo.size() == second->phases[i].slo.size());
      BOOST_TEST(first->phases[i].connections == second->phases[i].connections);
    }
    // The same values; the order of keys says nothing.
    BOOST_TEST((*parse_json(first->load[0].config, "") == *parse_json(second->load[0].config, "")));
    BOOST_REQUIRE(second->collect.size() == 2u);
    BOOST_TEST(second->collect[1].collector == "process");
    BOOST_TEST((*parse_json(second->collect[1].config, "") ==
                *parse_json(R"({"pids":[5],"pid_file":""})", "")));
    BOOST_TEST(first->effective.find("\"pids\": [5]") == std::string::npos);
    // A stored campaign can be pointed at another target.
    CampaignOverrides other;
    other.sets = {"target.http=http://127.0.0.1:9"};
    const Result<Campaign> third =
        parse_effective(first->effective, "e.json", other, registry.get());
    BOOST_REQUIRE(third);
    BOOST_TEST(third->load[0].config.find("127.0.0.1:9\"") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(fit_scales_or_refuses) {
  const std::string two =
      R"("phases": [{"name": "a", "duration": "1m", "warm_up": "6s", "pause": "30s"}, {"name": "b", "duration": "3m", "pause": "9m"}]})";
  const auto text = [&](const std::string& more) {
    return R"({"campaign": "c", "target": {"http": "http://h"}, "load": [{"scenario": "http"}], )" +
           more + two;
  };
  BOOST_TEST((good(text("")).duration == 4min + 30s));
  BOOST_TEST((good(text(R"("duration": "5m", )")).phases[0].duration == 1min));
  const Result<Campaign> longer = parse(text(R"("duration": "4m", )"));
  BOOST_REQUIRE(!longer);
  BOOST_TEST(longer.error().line().find(
                 "the phases take 4m 30s with their pauses; expected at most the duration of 4m") !=
             std::string::npos);
  const Campaign scaled = good(text(R"("duration": "2m30s", "fit": "scale", )"));
  BOOST_TEST(scaled.fit_factor == 0.5);
  BOOST_TEST((scaled.phases[0].duration == 30s));
  BOOST_TEST((scaled.phases[0].warm_up == 3s));
  BOOST_TEST((scaled.phases[0].pause == 30s));
  BOOST_TEST(good(text(R"("duration": "8m30s", "fit": "scale", )")).fit_factor == 2.0);
  BOOST_TEST(!parse(text(R"("duration": "20s", "fit": "scale", )")));
  BOOST_TEST(!parse(text(R"("fit": "scale", )")));
  const Result<Campaign> beyond = parse(text(R"("safety": {"max_duration": "4m"}, )"));
  BOOST_REQUIRE(!beyond);
  BOOST_TEST(beyond.error().line().find("longer than safety.max_duration; expected at most 4m") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_baseline_is_at_most_a_tenth) {
  BOOST_TEST((good(campaign_text(R"("baseline": {"duration": "1s"}, )")).baseline_duration == 1s));
  BOOST_TEST((good(campaign_text(R"("baseline": {"duration": "5m"}, )")).baseline_duration == 6s));
}

BOOST_AUTO_TEST_CASE(time_scale_has_floors) {
  overrides.time_scale = 0.001;
  const Campaign c = good(campaign_text(
      R"("baseline": {"required_health": 1}, "collect": [{"collector": "system"}, {"collector": "process", "interval": "200ms"}],
         "safety": {"cooldown": "10m"}, "timeout": "7s", )",
      R"("duration": "100m", "warm_up": "10m", "pause": "5m", "rate": 50, "safety": {"check_interval": "10s"})"));
  BOOST_TEST((c.phases[0].duration == 6s));
  BOOST_TEST((c.phases[0].warm_up == 600ms));
  BOOST_TEST((c.phases[0].pause == 300ms));
  BOOST_TEST((c.phases[0].timeout == 7s));
  BOOST_TEST(c.phases[0].rate == 50);
  BOOST_TEST((c.baseline_duration == 600ms));
  BOOST_TEST((c.safety.cooldown == 600ms));
  BOOST_TEST((c.safety.max_duration == 12h));
  BOOST_TEST((c.safety.check_interval == 30s));
  BOOST_TEST((c.phases[0].safety->check_interval == 10s));
  BOOST_TEST((c.block == 500ms));
  BOOST_TEST((c.interval == 100ms));
  BOOST_TEST((c.collect[0].interval == 100ms));
  BOOST_TEST((c.collect[1].interval == 100ms));
  BOOST_TEST((c.duration == 6s));
  BOOST_TEST(c.effective.find("\"100m\"") != std::string::npos);
  for (const double wrong : {0.0, -1.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    overrides.time_scale = wrong;
    BOOST_TEST((parse(campaign_text()).error().code == ExitCode::usage));
  }
}

BOOST_AUTO_TEST_CASE(phases_may_tighten_safety) {
  const Campaign c = good(campaign_text(
      R"("safety": {"cpu_percent": 80, "rules": [{"rule": "threshold", "config": {"metric": "a"}}]}, )",
      R"("duration": "1m", "safety": {"cpu_percent": 70, "reserve": {"cpu_percent": 30}, "rules": [{"rule": "threshold", "config": {"metric": "b"}}]})"));
  BOOST_REQUIRE(c.phases[0].safety.has_value());
  BOOST_TEST(c.phases[0].safety->cpu_percent == 70);
  BOOST_TEST(c.phases[0].safety->memory_percent == 80);
  BOOST_TEST(c.phases[0].safety->reserve_cpu_percent == 30);
  BOOST_TEST((c.phases[0].safety->max_duration == 12h));
  BOOST_REQUIRE(c.phases[0].safety->rules.size() == 2u);
  BOOST_TEST(c.phases[0].safety->rules[1].config == R"({"metric":"b","limit":1})");
  BOOST_TEST(c.safety.rules.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_process_collector_follows_the_target) {
  const Campaign c = good(
      R"({"campaign": "c", "target": {"http": "http://h", "pid_file": "/run/x.pid"}, "load": [{"scenario": "http"}],
      "collect": [{"collector": "system", "interval": "2s"}], "phases": [{"name": "p", "duration": "1m"}]})");
  BOOST_REQUIRE(c.collect.size() == 2u);
  BOOST_TEST(c.collect[1].collector == "process");
  BOOST_TEST(c.collect[1].config == R"({"pid_file":"/run/x.pid","pids":[]})");
  BOOST_TEST((c.collect[1].interval == 2s));
}

BOOST_AUTO_TEST_CASE(names_of_installed_campaigns_resolve) {
  BOOST_TEST(resolve_campaign_path("quick").ends_with("/campaigns/quick.json"));
  BOOST_TEST(resolve_campaign_path("./quick") == "./quick");
  BOOST_TEST(resolve_campaign_path("nonesuch") == "nonesuch");
  const Result<Campaign> slip =
      load_campaign(resolve_campaign_path("quikc"), overrides, registry.get());
  BOOST_REQUIRE(!slip);
  BOOST_TEST((slip.error().code == ExitCode::invalid_config));
  BOOST_TEST(slip.error().fix == "did you mean 'quick'?");
}

BOOST_AUTO_TEST_SUITE_END()
