// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest_topics.h"

#include <boost/test/unit_test.hpp>

#include "places.h"
#include "registry/registry.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

/// The registry's view of one plugin with these topics.
Registry scan(const TemporaryFolder& folder, const std::string& topics) {
  folder.write("com.acme.kv.json",
               manifest_text("com.acme.kv", "scenario", "kv", ", \"topics\": " + topics));
  folder.write("com.acme.kv.so", "not opened");
  return Registry::scan({{folder.path(), folder.path(), Trust::owner, "test"}},
                        ORDEAL_SOURCE_DIR "/manifests/schemas");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(manifest_topics)

BOOST_AUTO_TEST_CASE(topics_are_read_with_their_places) {
  const TemporaryFolder folder;
  const Registry registry = scan(folder, R"({
    "publishes": [{"topic": "com.acme.kv/hot-keys", "revision": 3, "queue": "state",
                   "schema": {"type": "string"}}],
    "subscribes": [{"topic": "com.acme/a", "revision": 1, "queue": "control"},
      {"topic": "com.acme/b", "revision": 1, "queue": "stream", "depth": 7, "optional": true}]})");
  for (const auto& problem : registry.problems()) BOOST_ERROR(problem.error.line());
  BOOST_TEST_REQUIRE(registry.plugins().size() == 1u);
  const PluginInfo& plugin = registry.plugins()[0];
  BOOST_TEST_REQUIRE(plugin.publishes.size() == 1u);
  const TopicUse& out = plugin.publishes[0];
  BOOST_TEST(out.topic == "com.acme.kv/hot-keys");
  BOOST_TEST(out.revision == 3u);
  BOOST_TEST(out.queue == "state");
  BOOST_TEST(out.schema == R"({"type":"string"})");
  BOOST_TEST(out.pointer == "/topics/publishes/0");
  BOOST_TEST(out.line == 8u);
  BOOST_TEST(out.column == 29u);
  BOOST_TEST_REQUIRE(plugin.subscribes.size() == 2u);
  BOOST_TEST(plugin.subscribes[0].depth == 64u);
  BOOST_TEST(!plugin.subscribes[0].optional);
  BOOST_TEST(plugin.subscribes[1].depth == 7u);
  BOOST_TEST(plugin.subscribes[1].optional);
  BOOST_TEST(plugin.subscribes[1].line == 11u);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
  const std::string rest = ", \"revision\": 1, \"queue\": \"stream\"";
  const std::vector<std::pair<std::string, std::vector<std::string>>> wrong{
      {R"({"subscribes": [{"topic": "interval/1")" + rest + "}]}",
       {"interval/1", "/topics/subscribes/0/topic", "not open to plugins"}},
      {R"({"publishes": [{"topic": "hot-keys")" + rest + "}]}", {"com.acme.kv/hot-keys"}},
      {R"({"publishes": ["com.acme/a"]})", {"/topics/publishes/0"}},
      {R"({"publishes": [{"topic": "com.acme/a", "revision": 0, "queue": "stream"}]})",
       {"/topics/publishes/0/revision"}},
      {R"({"publishes": [{"topic": "com.acme/a", "revision": 1, "queue": "best"}]})",
       {"/topics/publishes/0/queue", "control"}},
      {R"({"publishes": [{"topic": "com.acme/a", "depth": 3)" + rest + "}]}", {"depth"}},
      {R"({"subscribes": [{"topic": "com.acme/a", "depth": 0)" + rest + "}]}", {"depth"}},
      {R"({"publishes": [{"topic": "com.acme/a")" + rest + R"(}, {"topic": "com.acme/a")" + rest +
           "}]}",
       {"declared twice", "/topics/publishes/1/topic"}}};
  for (const auto& [topics, parts] : wrong) {
    const TemporaryFolder folder;
    const Registry registry = scan(folder, topics);
    BOOST_TEST_REQUIRE(registry.problems().size() >= 1u, topics);
    BOOST_TEST(registry.plugins().empty());
    const std::string line = registry.problems()[0].error.line();
    BOOST_TEST_CONTEXT(line) {
      BOOST_TEST((registry.problems()[0].error.code == ExitCode::plugin_rejected));
      for (const auto& part : parts) BOOST_TEST(line.find(part) != std::string::npos, part);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
