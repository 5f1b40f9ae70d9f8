// SPDX-License-Identifier: Apache-2.0
#include "campaign/topic_plan.h"

#include <boost/test/unit_test.hpp>

#include "places.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

std::string publishes(const std::string& more) {
  return ", \"topics\": {\"publishes\": [{\"topic\": \"com.acme.kv/hot-keys\"" + more + "}]}";
}
std::string subscribes(const std::string& more) {
  return ", \"topics\": {\"subscribes\": [{\"topic\": \"com.acme.kv/hot-keys\"" + more + "}]}";
}
const std::string stream_1 = ", \"revision\": 1, \"queue\": \"stream\"";

struct Bench {
  void add(const std::string& id, const std::string& kind, const std::string& topics) {
    const std::string component = id.substr(id.rfind('.') + 1);
    folder.write(id + ".json", manifest_text(id, kind, component, topics));
    folder.write(id + ".so", "not opened");
    if (kind == "scenario") {
      LoadEntry entry;
      entry.scenario = component;
      entry.plugin = id;
      entry.config = "{}";
      campaign.load.push_back(std::move(entry));
    }
    if (kind == "collector") campaign.collect.push_back({component, id, "{}", {}, {}});
    if (kind == "report") campaign.report.push_back({component, id, "{}"});
  }
  Result<TopicPlan> plan() {
    registry = Registry::scan({{folder.path(), folder.path(), Trust::owner, "test"}},
                              ORDEAL_SOURCE_DIR "/manifests/schemas");
    for (const auto& problem : registry.problems()) BOOST_ERROR(problem.error.line());
    return plan_topics(campaign, registry);
  }
  /// Refused, with these parts in its one line.
  void refused(const std::vector<std::string>& parts) {
    const auto planned = plan();
    BOOST_TEST_REQUIRE(!planned);
    BOOST_TEST((planned.error().code == ExitCode::plugin_rejected));
    const std::string line = planned.error().line();
    BOOST_TEST_CONTEXT(line) {
      for (const auto& part : parts) BOOST_TEST(line.find(part) != std::string::npos, part);
    }
  }
  std::string manifest(const std::string& id) { return folder.path() + "/" + id + ".json"; }

  TemporaryFolder folder;
  Registry registry;
  Campaign campaign;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(topic_plan)

BOOST_AUTO_TEST_CASE(publishers_and_subscribers_are_matched) {
  Bench bench;
  bench.add("com.acme.plain", "collector", "");
  bench.add("com.acme.kv", "scenario", publishes(stream_1));
  bench.add("com.acme.too", "scenario", publishes(stream_1));
  bench.add("com.acme.seen", "report", subscribes(stream_1 + ", \"depth\": 9"));
  bench.add("com.acme.may", "report",
            ", \"topics\": {\"subscribes\": [{\"topic\": \"com.acme/else\", \"revision\": 2, "
            "\"queue\": \"control\", \"optional\": true}]}");
  const auto plan = bench.plan();
  BOOST_TEST_REQUIRE(!!plan, (plan ? "" : plan.error().line()));
  BOOST_TEST_REQUIRE(plan->topics.size() == 1u);
  BOOST_TEST(plan->topics[0].name == "com.acme.kv/hot-keys");
  BOOST_TEST((plan->topics[0].overflow == Overflow::stream));
  BOOST_TEST_REQUIRE(plan->users.size() == 4u);
  BOOST_TEST(plan->user("collector", 0) == nullptr);
  const TopicUser* too = plan->user("scenario", 1);
  BOOST_TEST_REQUIRE(too != nullptr);
  BOOST_TEST(too->source == 3u);
  BOOST_TEST(too->label == "com.acme.too 1.0.0 (scenario too)");
  BOOST_TEST(too->publishes == std::vector<std::uint32_t>{0}, boost::test_tools::per_element());
  const TopicUser* seen = plan->user("report", 0);
  BOOST_TEST_REQUIRE(seen != nullptr);
  BOOST_TEST((seen->subscribes == std::vector<std::optional<std::uint32_t>>{0u}));
  BOOST_TEST(seen->plugin->subscribes[0].depth == 9u);
  BOOST_TEST((plan->user("report", 1)->subscribes ==
              std::vector<std::optional<std::uint32_t>>{std::nullopt}));
}

BOOST_AUTO_TEST_CASE(a_topic_without_a_publisher_is_refused) {
  Bench bench;
  bench.add("com.acme.seen", "report", subscribes(stream_1));
  bench.refused({bench.manifest("com.acme.seen"), "/topics/subscribes/0", "com.acme.kv/hot-keys",
                 "com.acme.seen 1.0.0"});
  // The one that would is installed, but not used.
  bench.add("com.acme.kv", "scenario", publishes(stream_1));
  bench.campaign.load.clear();
  bench.refused({bench.manifest("com.acme.seen"), bench.manifest("com.acme.kv"),
                 "/topics/publishes/0", "com.acme.kv 1.0.0"});
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_names_both_manifests) {
  for (const auto& [other, word] :
       {std::pair{", \"revision\": 2, \"queue\": \"stream\"", "revision 2"},
        std::pair{", \"revision\": 1, \"queue\": \"control\"", "queue 'control'"}}) {
    Bench reader;
    reader.add("com.acme.kv", "scenario", publishes(stream_1));
    reader.add("com.acme.seen", "report", subscribes(other));
    reader.refused({reader.manifest("com.acme.kv"), reader.manifest("com.acme.seen"),
                    "/topics/subscribes/0", "/topics/publishes/0", word});
    Bench writer;
    writer.add("com.acme.kv", "scenario", publishes(stream_1));
    writer.add("com.acme.too", "collector", publishes(other));
    writer.refused({writer.manifest("com.acme.kv"), writer.manifest("com.acme.too"),
                    "/topics/publishes/0", word});
  }
}

BOOST_AUTO_TEST_CASE(every_worker_of_a_load_is_a_user_of_its_own) {
  Bench bench;
  bench.add("com.acme.kv", "scenario", publishes(stream_1));
  bench.add("com.acme.kv2", "scenario", publishes(stream_1));
  bench.campaign.load[0].workers = 2;
  const auto plan = bench.plan();
  BOOST_TEST_REQUIRE(!!plan, (plan ? "" : plan.error().line()));
  BOOST_TEST_REQUIRE(plan->users.size() == 3u);
  BOOST_TEST(plan->users[0].label.ends_with("(scenario kv worker 0)"));
  BOOST_TEST(plan->users[1].label.ends_with("(scenario kv worker 1)"));
  BOOST_TEST(plan->users[2].label.ends_with("(scenario kv2)"));
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(plan->users[i].index == i);
    BOOST_TEST(plan->users[i].source == i + 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()
