// SPDX-License-Identifier: Apache-2.0
// A real ordeal-cell at the other end.
#include "campaign/cell_link.h"

#include <signal.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <optional>

#include "base/files.h"
#include "campaign/built_cells.h"
#include "ordeal/abi/report.h"
#include "ordeal/abi/rule.h"
#include "places.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t long_enough = 60'000'000'000;  // of a sanitized cell on a busy machine

struct Samples {
  std::uint64_t token = 0;
  std::string problem;
  std::map<std::uint32_t, std::vector<double>> values;
};

struct Verdict {
  std::uint64_t token = 0;
  std::string problem;
  std::uint32_t level = 0;
  std::string metric;
  std::string reason;
  double value = 0;
  double limit = 0;
};

/// One cell and all it says.
struct Running {
  explicit Running(BuiltCells& built) : host(built) {
    auto started = host.cells.start(
        "test", [this](CellLink&, CellMessage type, Decoder& in) { message(type, in); });
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(started), (started ? "" : started.error().line()));
    link = std::move(*started);
    wait([this] { return link->up(); });
  }
  ~Running() {
    link->shutdown();
    host.loop.run_until([this] { return link->ended(); }, host.loop.now() + long_enough);
    BOOST_TEST(link->ended());
    host.cells.forget(*link);
  }

  template <typename Holds>
  void wait(Holds holds) {
    const bool held = host.loop.run_until([&] { return holds() || link->ended(); },
                                          host.loop.now() + long_enough);
    BOOST_REQUIRE_MESSAGE(held && holds(), "the cell is " + link->how_it_ended());
  }
  std::string load(const PluginInfo& plugin) {
    link->load(plugin);
    wait([&] { return link->load_answer(plugin.id).has_value(); });
    return *link->load_answer(plugin.id);
  }
  std::string create(std::uint32_t instance, const std::string& plugin, const std::string& kind,
                     const std::string& component, const std::string& config) {
    link->create(instance, plugin, kind, component, config);
    wait([&] { return link->create_answer(instance).has_value(); });
    return *link->create_answer(instance);
  }

  void message(CellMessage type, Decoder& in) {
    BOOST_TEST(in.u32() == 1u);  // the instance
    const std::uint64_t token = in.u64();
    if (type == CellMessage::samples) {
      Samples answer;
      answer.token = token;
      answer.problem = in.text();
      in.u64();
      for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
        const std::uint32_t metric = in.u32();
        in.text();
        answer.values[metric].push_back(in.f64());
      }
      samples = answer;
    } else if (type == CellMessage::verdict) {
      Verdict answer;
      answer.token = token;
      answer.problem = in.text();
      answer.level = in.u32();
      answer.metric = in.text();
      answer.reason = in.text();
      answer.value = in.f64();
      answer.limit = in.f64();
      in.u64();
      verdict = answer;
    } else if (type == CellMessage::file) {
      const std::string name(in.text());
      const auto bytes = in.bytes();
      files[name] = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    } else if (type == CellMessage::rendered) {
      rendered = std::string(in.text());
    }
    BOOST_TEST(in.ok());
    BOOST_TEST(in.at_end());
  }

  BuiltCells& host;
  std::unique_ptr<CellLink> link;
  std::optional<Samples> samples;
  std::optional<Verdict> verdict;
  std::optional<std::string> rendered;
  std::map<std::string, std::string> files;
};

constexpr const char* system_id = "org.ordeal.system";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cell_link)

BOOST_AUTO_TEST_CASE(a_collector_gives_what_it_declared) {
  BuiltCells built;
  Running cell(built);
  BOOST_TEST(cell.link->pid() > 0);
  BOOST_TEST(cell.load(built.plugin(system_id)) == "");
  BOOST_TEST(cell.create(1, system_id, "collector", "system", "{}") == "");
  const Declared& declared = cell.link->declared(1);
  BOOST_TEST(declared.metrics.size() > 5u);
  cell.link->collect(1, 42);
  cell.wait([&] { return cell.samples.has_value(); });
  BOOST_TEST(cell.samples->token == 42u);
  BOOST_TEST(cell.samples->problem == "");
  double total = 0;
  for (const auto& [metric, values] : cell.samples->values) {
    BOOST_REQUIRE(metric < declared.metrics.size());
    if (declared.metrics[metric].name == "node_memory_MemTotal_bytes") total = values.front();
  }
  BOOST_TEST(total > 1e6);
}

BOOST_AUTO_TEST_CASE(a_rule_judges_a_snapshot) {
  BuiltCells built;
  Running cell(built);
  BOOST_TEST(cell.load(built.plugin("org.ordeal.threshold")) == "");
  BOOST_TEST(cell.create(1, "org.ordeal.threshold", "rule", "threshold",
                         R"({"metric":"node_load1","limit":5,"verdict":"hold"})") == "");
  Snapshot snapshot;
  snapshot.phase = 0;
  snapshot.now_ns = 20'000'000'000;
  snapshot.samples = {{"node_load1", "", 0, 4.5, 19'000'000'000}};
  cell.link->evaluate(1, 1, snapshot);
  cell.wait([&] { return cell.verdict.has_value(); });
  BOOST_TEST(cell.verdict->problem == "");
  BOOST_TEST(cell.verdict->level == std::uint32_t{ORDEAL_VERDICT_OK});

  cell.verdict.reset();
  snapshot.now_ns += 1'000'000'000;
  snapshot.samples[0].value = 9.5;
  snapshot.samples[0].mono_ns += 1'000'000'000;
  cell.link->evaluate(1, 2, snapshot);
  cell.wait([&] { return cell.verdict.has_value(); });
  BOOST_TEST(cell.verdict->token == 2u);
  BOOST_TEST(cell.verdict->level == std::uint32_t{ORDEAL_VERDICT_HOLD});
  BOOST_TEST(cell.verdict->metric == "node_load1");
  BOOST_TEST(contains(cell.verdict->reason, "9.5"), cell.verdict->reason);
  BOOST_TEST(cell.verdict->value == 9.5);
  BOOST_TEST(cell.verdict->limit == 5);
}

BOOST_AUTO_TEST_CASE(a_report_gives_its_file) {
  BuiltCells built;
  Running cell(built);
  BOOST_TEST(cell.load(built.plugin("org.ordeal.report-json")) == "");
  BOOST_TEST(cell.create(1, "org.ordeal.report-json", "report", "json", "{}") == "");
  const auto document =
      read_file(ORDEAL_SOURCE_DIR "/tests/plugins/fixtures/campaign.json", ExitCode::internal);
  BOOST_REQUIRE(document);
  cell.link->render(1, 7, ORDEAL_STAGE_CAMPAIGN, *document);
  cell.wait([&] { return cell.rendered.has_value(); });
  BOOST_TEST(*cell.rendered == "");
  BOOST_REQUIRE_EQUAL(cell.files.size(), 1u);
  BOOST_TEST(cell.files.begin()->first == "autonomous_campaign_report.json");
  BOOST_TEST((cell.files.begin()->second == *document));

  // What is no document is the report's problem, and no file.
  cell.rendered.reset();
  cell.files.clear();
  cell.link->render(1, 8, ORDEAL_STAGE_CAMPAIGN, "{");
  cell.wait([&] { return cell.rendered.has_value(); });
  BOOST_TEST(*cell.rendered != "");
  BOOST_TEST(cell.files.empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_loaded_is_said_and_survived) {
  BuiltCells built;
  Running cell(built);
  const TemporaryFolder folder;
  PluginInfo text = built.plugin(system_id);
  text.id = "org.example.text";
  text.library_path = folder.write("text.so", "this is no ELF file\n");
  const std::string not_elf = cell.load(text);
  BOOST_TEST(contains(not_elf, "no ELF file"), not_elf);
  BOOST_TEST(contains(not_elf, text.library_path), not_elf);

  PluginInfo missing = text;
  missing.id = "org.example.missing";
  missing.library_path = folder.path() + "/missing.so";
  BOOST_TEST(contains(cell.load(missing), "missing.so"));

  PluginInfo unproven = built.plugin("org.ordeal.process");
  unproven.trust = Trust::hash;
  unproven.sha256 = std::string(64, '0');
  BOOST_TEST(contains(cell.load(unproven), "sha256"));

  PluginInfo newer = built.plugin(system_id);
  newer.version = "99.0.0";
  const std::string version = cell.load(newer);
  BOOST_TEST(contains(version, "99.0.0"), version);
  BOOST_TEST(contains(version, "one version"), version);
  const std::string refused = cell.create(1, system_id, "collector", "system", "{}");
  BOOST_TEST(contains(refused, "not loaded"), refused);

  BOOST_TEST(cell.load(built.plugin("org.ordeal.threshold")) == "");
  BOOST_TEST(cell.link->up());
}

BOOST_AUTO_TEST_CASE(a_library_that_is_no_plugin_is_refused) {
  BuiltCells built;
  Running cell(built);
  const TemporaryFolder folder;
  PluginInfo other = built.plugin(system_id);
  other.library_path = ORDEAL_BUILT_PLUGINS "/org.ordeal.threshold.so";
  const std::string answer = cell.load(other);  // says it is somebody else
  BOOST_TEST(contains(answer, "org.ordeal.threshold"), answer);
  BOOST_TEST(cell.link->up());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_created_is_said_and_survived) {
  BuiltCells built;
  Running cell(built);
  BOOST_TEST(cell.load(built.plugin(system_id)) == "");
  BOOST_TEST(cell.load(built.plugin("org.ordeal.threshold")) == "");
  std::uint32_t instance = 100;
  const auto refusal = [&](const char* plugin, const char* kind, const char* component,
                           const char* config) {
    return cell.create(++instance, plugin, kind, component, config);
  };
  const std::string kind = refusal(system_id, "weather", "system", "{}");
  BOOST_TEST(contains(kind, "unknown component kind 'weather'"), kind);
  const std::string wrong_kind = refusal(system_id, "rule", "system", "{}");
  BOOST_TEST(contains(wrong_kind, ORDEAL_RULE), wrong_kind);
  BOOST_TEST(refusal(system_id, "collector", "sistem", "{}") != "");
  BOOST_TEST(refusal(system_id, "collector", "system", "{\"paths\": 7") != "");
  const std::string config = refusal("org.ordeal.threshold", "rule", "threshold", "{}");
  BOOST_TEST(contains(config, "metric"), config);
  BOOST_TEST(contains(refusal("org.example.none", "rule", "x", "{}"), "not loaded"));

  // A message for an instance that was refused is not the end of it either.
  cell.link->collect(instance, 5);
  BOOST_TEST(cell.create(1, system_id, "collector", "system", "{}") == "");
  cell.link->collect(1, 6);
  cell.wait([&] { return cell.samples.has_value(); });
  BOOST_TEST(cell.samples->token == 6u);
}

BOOST_AUTO_TEST_CASE(a_scenario_refuses_a_bad_url) {
  BuiltCells built;
  Running cell(built);
  BOOST_TEST(cell.load(built.plugin("org.ordeal.http")) == "");
  const std::string ftp =
      cell.create(1, "org.ordeal.http", "scenario", "http", R"({"url":"ftp://127.0.0.1/"})");
  BOOST_TEST(contains(ftp, "ftp"), ftp);
  const std::string port =
      cell.create(2, "org.ordeal.http", "scenario", "http", R"({"url":"http://127.0.0.1:x/"})");
  BOOST_TEST(contains(port, "'x' is not a port"), port);
  BOOST_TEST(cell.create(3, "org.ordeal.http", "scenario", "http",
                         R"({"url":"http://127.0.0.1:9/"})") == "");
  BOOST_TEST(!cell.link->declared(3).kinds.empty());
  BOOST_TEST(cell.link->declared(1).kinds.empty());
}

BOOST_AUTO_TEST_CASE(how_a_cell_ended_is_known) {
  BuiltCells built;
  {
    Running cell(built);
    BOOST_TEST(cell.link->how_it_ended() == "running");
    cell.link->kill(SIGKILL);
    built.loop.run_until([&] { return cell.link->ended(); }, built.loop.now() + long_enough);
    BOOST_TEST(cell.link->how_it_ended() == "signal SIGKILL");
    BOOST_TEST(!cell.link->up());
    cell.link->collect(1, 1);  // to nobody
  }
  Running cell(built);
  cell.link->shutdown();
  built.loop.run_until([&] { return cell.link->ended(); }, built.loop.now() + long_enough);
  BOOST_TEST(cell.link->how_it_ended() == "exit 0");
}

BOOST_AUTO_TEST_CASE(a_cell_says_that_its_loop_turns) {
  BuiltCells built;
  Running cell(built);
  const std::uint64_t first = cell.link->last_alive_ns();
  cell.wait([&] { return cell.link->last_alive_ns() > first + cell_alive_period_ns / 2; });
  BOOST_TEST(cell.link->last_alive_ns() > first);
}

BOOST_AUTO_TEST_CASE(a_program_that_is_missing_is_an_error) {
  BuiltCells built("/nowhere/ordeal-cell");
  const auto link = built.cells.start("test", [](CellLink&, CellMessage, Decoder&) {});
  BOOST_REQUIRE(!link);
  BOOST_TEST(contains(link.error().line(), "/nowhere/ordeal-cell"));
}

/// A link whose cell's end is in the hands of a plugin.
struct Hijacked {
  Hijacked() {
    auto ends = Channel::pair();
    BOOST_REQUIRE(ends);
    link = std::make_unique<CellLink>(loop, "hijacked", std::move(ends->first),
                                      [this](CellLink&, CellMessage, Decoder&) { ++messages; });
    cell = std::move(ends->second);
  }
  void send(CellMessage type, const std::vector<std::byte>& bytes) {
    static_cast<void>(cell.send(static_cast<std::uint16_t>(type), bytes));
  }
  void created(std::uint32_t instance, std::string_view problem) {
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(instance);
    out.text(problem);
    put(out, Declared{});
    send(CellMessage::created, bytes);
  }
  void turn() {
    int rounds = 0;
    loop.run_until([&] { return ++rounds > 2; }, loop.now() + 10'000'000);
  }

  SystemClock clock;
  Loop loop{clock};
  std::size_t messages = 0;
  std::unique_ptr<CellLink> link;
  Channel cell;
};

BOOST_FIXTURE_TEST_CASE(only_what_was_asked_is_answered_and_only_once, Hijacked) {
  created(7, "");
  turn();
  BOOST_TEST(!link->create_answer(7).has_value());
  link->create(7, "a.b", "rule", "c", "{}");
  BOOST_TEST(!link->create_answer(7).has_value());
  created(7, "no\x1b[31m");
  created(7, "");
  turn();
  BOOST_REQUIRE(link->create_answer(7).has_value());
  BOOST_TEST(*link->create_answer(7) == "no [31m");
}

BOOST_FIXTURE_TEST_CASE(one_that_never_stops_writing_leaves_time_for_others, Hijacked) {
  bool seen = false;
  loop.every(1'000'000, [&] { seen = true; });
  // As soon as one is read there is another: what a thread of a plugin comes to.
  std::size_t sent = 0;
  std::vector<std::byte> bytes(16);
  auto ends = Channel::pair();
  BOOST_REQUIRE(ends);
  Channel writer = std::move(ends->second);
  CellLink endless(loop, "endless", std::move(ends->first), [&](CellLink&, CellMessage, Decoder&) {
    if (++sent < 1'000'000)
      static_cast<void>(writer.send(static_cast<std::uint16_t>(CellMessage::frame), bytes));
  });
  static_cast<void>(writer.send(static_cast<std::uint16_t>(CellMessage::frame), bytes));
  loop.run_until([&] { return seen; }, loop.now() + long_enough);
  BOOST_TEST(seen);
  BOOST_TEST(sent < 1'000'000u);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_message_is_said, Hijacked) {
  BOOST_REQUIRE(::write(cell.fd(), "garbage", 7) == 7);
  turn();
  BOOST_TEST(link->closed());
  BOOST_TEST(link->how_it_ended().find("by itself") != std::string::npos, link->how_it_ended());
}

BOOST_AUTO_TEST_SUITE_END()
