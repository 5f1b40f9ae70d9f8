// SPDX-License-Identifier: Apache-2.0
// The C++ layer seen from the host's side: through `ordeal_plugin_entry` only.
#include "ordeal/plugin.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <vector>

#include "ordeal/testing/captures.hpp"
#include "ordeal/testing/fake_engine.hpp"
#include "ordeal/testing/fake_host.hpp"
#include "ordeal/testing/instance.hpp"
#include "sample_plugin.h"

using ordeal::abi::str;
using ordeal::abi::view;
using ordeal::testing::FakeEngine;
using ordeal::testing::FakeHost;
using ordeal::testing::Instance;

namespace {

template <class Factory>
const Factory* factory(const char* id) {
  return static_cast<const Factory*>(ordeal_plugin_entry.get_factory(str(id)));
}
const ordeal_scenario_factory* scenarios() {
  return factory<ordeal_scenario_factory>(ORDEAL_SCENARIO);
}
const ordeal_collector_factory* collectors() {
  return factory<ordeal_collector_factory>(ORDEAL_COLLECTOR);
}
const ordeal_rule_factory* rules() { return factory<ordeal_rule_factory>(ORDEAL_RULE); }
const ordeal_report_factory* reports() { return factory<ordeal_report_factory>(ORDEAL_REPORT); }

ordeal_snapshot empty_snapshot() {
  ordeal_snapshot snapshot{};
  snapshot.struct_size = sizeof snapshot;
  return snapshot;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin)

BOOST_AUTO_TEST_CASE(entry_says_what_it_is) {
  BOOST_TEST(ordeal_plugin_entry.magic == ORDEAL_PLUGIN_MAGIC);
  BOOST_TEST(std::memcmp(&ordeal_plugin_entry.magic, "ORDEALPL", 8) == 0);
  BOOST_TEST(ordeal_plugin_entry.struct_size == sizeof(ordeal_plugin_entry_t));
  BOOST_TEST(ordeal_plugin_entry.abi_major == ORDEAL_ABI_MAJOR);
  BOOST_TEST(ordeal_plugin_entry.abi_minor == ORDEAL_ABI_MINOR);
  FakeHost host;
  for (int i = 0; i < 3; ++i) {
    ordeal_str id{};
    ordeal_str version{};
    BOOST_REQUIRE(ordeal_plugin_entry.init(host.handle(), &id, &version) == ORDEAL_OK);
    BOOST_TEST(view(id) == sample_plugin_id);
    BOOST_TEST(view(version) == "1.2.3");
    ordeal_plugin_entry.deinit();
  }
  BOOST_TEST(ordeal_plugin_entry.init(nullptr, nullptr, nullptr) == ORDEAL_E_INVALID);
}

BOOST_AUTO_TEST_CASE(factory_ids_are_compared_exactly) {
  BOOST_TEST(scenarios() != nullptr);
  BOOST_TEST(collectors() != nullptr);
  BOOST_TEST(rules() != nullptr);
  BOOST_TEST(reports() != nullptr);
  for (const char* id :
       {"", "ordeal.scenario", "ordeal.scenario/", "ordeal.scenario/2", "ordeal.scenario/1x",
        "ordeal.scenario/1 ", "xordeal.scenario/1", "ordeal.collector/11", "org.example.sample"}) {
    BOOST_TEST_CONTEXT(id) { BOOST_TEST(ordeal_plugin_entry.get_factory(str(id)) == nullptr); }
  }
  // text beyond `len` does not count, a NUL inside it does
  BOOST_TEST(ordeal_plugin_entry.get_factory({"ordeal.scenario/1x", 17}) != nullptr);
  BOOST_TEST(ordeal_plugin_entry.get_factory({"ordeal.scenario/1\0", 18}) == nullptr);
  BOOST_TEST(ordeal_plugin_entry.get_factory({nullptr, 0}) == nullptr);
}

BOOST_AUTO_TEST_CASE(component_ids_choose_the_class) {
  FakeHost host;
  FakeEngine engine;
  Instance echo(scenarios(), host, engine, "echo", "");
  Instance other(scenarios(), host, engine, "other", "");
  ordeal_scenario_info info{};
  info.struct_size = sizeof info;
  BOOST_REQUIRE(echo->describe(echo.get(), &info) == ORDEAL_OK);
  BOOST_REQUIRE(info.n_kinds == 2);
  BOOST_TEST(view(info.kinds[1]) == "post");
  BOOST_REQUIRE(info.n_marks == 1);
  BOOST_TEST(view(info.marks[0]) == "connect");
  BOOST_TEST(info.max_in_flight == 3);
  BOOST_TEST(info.slow == 1);
  BOOST_REQUIRE(other->describe(other.get(), &info) == ORDEAL_OK);
  BOOST_REQUIRE(info.n_kinds == 1);
  BOOST_TEST(view(info.kinds[0]) == "other");

  for (const char* id : {"", "ech", "echo ", "echox", "count"}) {
    void* instance = nullptr;
    BOOST_TEST(scenarios()->create(host.handle(), engine.handle(), str(id), str(""), &instance) ==
               ORDEAL_E_NOT_FOUND);
    BOOST_TEST(instance == nullptr);
    BOOST_TEST(host.take_error().find("no component '" + std::string(id) + "'") !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(null_arguments_are_refused) {
  FakeHost host;
  FakeEngine engine;
  void* instance = nullptr;
  const ordeal_str echo = str("echo");
  BOOST_TEST(scenarios()->create(nullptr, engine.handle(), echo, {}, &instance) ==
             ORDEAL_E_INVALID);
  BOOST_TEST(scenarios()->create(host.handle(), nullptr, echo, {}, &instance) == ORDEAL_E_INVALID);
  BOOST_TEST(scenarios()->create(host.handle(), engine.handle(), echo, {}, nullptr) ==
             ORDEAL_E_INVALID);
  BOOST_TEST(rules()->create(nullptr, str("judge"), {}, &instance) == ORDEAL_E_INVALID);
  Instance judge(rules(), host, "judge", "");
  BOOST_TEST(judge->evaluate(judge.get(), nullptr, nullptr) == ORDEAL_E_INVALID);
  Instance count(collectors(), host, "count", "");
  BOOST_TEST(count->describe(count.get(), nullptr, nullptr) == ORDEAL_E_INVALID);
  BOOST_TEST(count->collect(count.get(), nullptr) == ORDEAL_E_INVALID);
  Instance write(reports(), host, "write", "");
  BOOST_TEST(write->render(write.get(), 0, {}, nullptr) == ORDEAL_E_INVALID);
}

BOOST_AUTO_TEST_CASE(each_kind_works) {
  FakeHost host;
  FakeEngine engine;
  {
    Instance echo(scenarios(), host, engine, "echo", "");
    BOOST_TEST(echo->open(echo.get(), 4) == ORDEAL_OK);
    BOOST_REQUIRE(engine.opened_events().size() == 1U);
    BOOST_TEST(engine.opened_events()[0].session == 4U);
    const ordeal_op* op = engine.op(4);
    echo->issue(echo.get(), op);
    BOOST_REQUIRE(engine.completed(op->id));
    BOOST_TEST(engine.completions().at(op->id).result.code == 200);
    BOOST_TEST(engine.misbehaviour() == 0U);
  }
  {
    Instance count(collectors(), host, "count", "");
    ordeal::testing::Pull first(count.operator->(), count.get());
    BOOST_TEST(first.get("sample_total", "left").value() == 1);
    ordeal::testing::Pull second(count.operator->(), count.get());
    BOOST_TEST(second.get("sample_total", "left").value() == 2);
  }
  {
    Instance write(reports(), host, "write", "");
    ordeal::testing::FileCapture files;
    BOOST_TEST(write->render(write.get(), ORDEAL_STAGE_CAMPAIGN, str("{}"), files.handle()) ==
               ORDEAL_OK);
    BOOST_TEST(files.files().at("3.txt") == "{}");
    BOOST_REQUIRE(write->interval != nullptr);
    write->interval(write.get(), str("{}"));
  }
  BOOST_TEST(host.log().empty());
}

BOOST_AUTO_TEST_CASE(rule_reads_any_stride) {
  FakeHost host;
  Instance judge(rules(), host, "judge", "");
  // A newer host's samples: 32 bytes more behind each.
  struct Bigger {
    ordeal_sample known;
    char more[32];
  };
  std::vector<Bigger> samples(3);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::memset(samples[i].more, 0xff, sizeof samples[i].more);
    samples[i].known.struct_size = sizeof(Bigger);
    samples[i].known.value = static_cast<double>(i + 1);
  }
  // An older host's intervals: they end after the outcomes.
  ordeal_interval interval{};
  interval.struct_size = offsetof(ordeal_interval, p50_ns);
  interval.outcomes[0] = 40;
  ordeal_snapshot snapshot = empty_snapshot();
  snapshot.now_ns = 99;
  snapshot.samples = &samples[0].known;
  snapshot.n_samples = 3;
  snapshot.sample_stride = sizeof(Bigger);
  snapshot.intervals = &interval;
  snapshot.n_intervals = 1;
  snapshot.interval_stride = sizeof interval;
  ordeal_verdict verdict{};
  verdict.struct_size = sizeof verdict;
  BOOST_REQUIRE(judge->evaluate(judge.get(), &snapshot, &verdict) == ORDEAL_OK);
  BOOST_TEST(verdict.level == static_cast<std::uint32_t>(ORDEAL_VERDICT_HOLD));
  BOOST_TEST(verdict.value == 6);
  BOOST_TEST(verdict.limit == 40);
  BOOST_TEST(verdict.window_ns == 99U);
  BOOST_TEST(view(verdict.reason) == "the sum is what it is");
}

BOOST_AUTO_TEST_CASE(exceptions_from_create_become_a_status) {
  FakeHost host;
  FakeEngine engine;
  void* instance = nullptr;
  BOOST_TEST(scenarios()->create(host.handle(), engine.handle(), str("echo"), str("create"),
                                 &instance) == ORDEAL_E_INTERNAL);
  BOOST_TEST(host.take_error() == "create broke");
  BOOST_TEST(collectors()->create(host.handle(), str("count"), str("create"), &instance) ==
             ORDEAL_E_INTERNAL);
  BOOST_TEST(host.take_error() == "create broke");
  BOOST_TEST(rules()->create(host.handle(), str("judge"), str("failure"), &instance) ==
             ORDEAL_E_NOT_FOUND);
  BOOST_TEST(host.take_error() == "no such thing");
  BOOST_TEST(reports()->create(host.handle(), str("write"), str("create"), &instance) ==
             ORDEAL_E_INTERNAL);
  BOOST_TEST(host.take_error() == "create broke");
  BOOST_TEST(instance == nullptr);
}

BOOST_AUTO_TEST_CASE(exceptions_from_every_other_call_stay_inside) {
  FakeHost host;
  FakeEngine engine;
  {
    Instance it(scenarios(), host, engine, "echo", "describe");
    ordeal_scenario_info info{};
    info.struct_size = sizeof info;
    BOOST_TEST(it->describe(it.get(), &info) == ORDEAL_E_INTERNAL);
    BOOST_TEST(host.take_error() == "describe broke");
    BOOST_TEST(info.n_kinds == 0);
  }
  {
    Instance it(scenarios(), host, engine, "echo", "open");
    BOOST_TEST(it->open(it.get(), 0) == ORDEAL_E_INTERNAL);
    BOOST_TEST(host.take_error() == "open broke");
    BOOST_TEST(engine.opened_events().empty());
  }
  {
    Instance it(scenarios(), host, engine, "echo", "close");
    it->close(it.get(), 0, ORDEAL_CLOSE_ORDERLY);
    BOOST_TEST(host.logged("close threw: close broke", ORDEAL_LOG_ERROR));
  }
  {
    Instance it(scenarios(), host, engine, "echo", "cancel");
    it->cancel(it.get(), 1);
    BOOST_TEST(host.logged("cancel threw: cancel broke", ORDEAL_LOG_ERROR));
  }
  {
    Instance it(scenarios(), host, engine, "echo", "drain");
    it->drain(it.get(), 1);
    BOOST_TEST(host.logged("drain threw: drain broke", ORDEAL_LOG_ERROR));
  }
  {
    Instance it(collectors(), host, "count", "describe");
    const ordeal_metric_info* infos = nullptr;
    std::uint32_t count = 0;
    BOOST_TEST(it->describe(it.get(), &infos, &count) == ORDEAL_E_INTERNAL);
    BOOST_TEST(host.take_error() == "describe broke");
  }
  {
    Instance it(collectors(), host, "count", "collect");
    ordeal::testing::SampleCapture sink;
    BOOST_TEST(it->collect(it.get(), sink.handle()) == ORDEAL_E_INTERNAL);
    BOOST_TEST(host.take_error() == "collect broke");
  }
  {
    Instance it(rules(), host, "judge", "evaluate");
    const ordeal_snapshot snapshot = empty_snapshot();
    ordeal_verdict verdict{};
    verdict.struct_size = sizeof verdict;
    BOOST_TEST(it->evaluate(it.get(), &snapshot, &verdict) == ORDEAL_E_INTERNAL);
    BOOST_TEST(host.take_error() == "evaluate broke");
    BOOST_TEST(verdict.level == static_cast<std::uint32_t>(ORDEAL_VERDICT_OK));
  }
  {
    Instance it(reports(), host, "write", "render");
    ordeal::testing::FileCapture files;
    BOOST_TEST(it->render(it.get(), 0, str("{}"), files.handle()) == ORDEAL_E_INTERNAL);
    BOOST_TEST(host.take_error() == "render broke");
    BOOST_TEST(files.files().empty());
  }
  {
    Instance it(reports(), host, "write", "interval");
    it->interval(it.get(), str("{}"));
    BOOST_TEST(host.logged("interval threw: interval broke", ORDEAL_LOG_ERROR));
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_std_exception_stays_inside_too) {
  FakeHost host;
  FakeEngine engine;
  Instance echo(scenarios(), host, engine, "echo", "odd");
  ordeal_scenario_info info{};
  info.struct_size = sizeof info;
  BOOST_TEST(echo->describe(echo.get(), &info) == ORDEAL_E_INTERNAL);
  BOOST_TEST(!host.take_error().empty());
  echo->issue(echo.get(), engine.op(0));
  BOOST_TEST(host.logged("issue threw", ORDEAL_LOG_ERROR));
  Instance judge(rules(), host, "judge", "odd");
  const ordeal_snapshot snapshot = empty_snapshot();
  ordeal_verdict verdict{};
  verdict.struct_size = sizeof verdict;
  BOOST_TEST(judge->evaluate(judge.get(), &snapshot, &verdict) == ORDEAL_E_INTERNAL);
}

BOOST_AUTO_TEST_CASE(a_throwing_issue_ends_its_operation_and_is_misbehaviour) {
  FakeHost host;
  FakeEngine engine;
  Instance echo(scenarios(), host, engine, "echo", "issue");
  const ordeal_op* op = engine.op(0);
  echo->issue(echo.get(), op);
  BOOST_REQUIRE(engine.completed(op->id));
  const ordeal_result& result = engine.completions().at(op->id).result;
  BOOST_TEST(result.outcome == static_cast<std::uint32_t>(ORDEAL_OUTCOME_CANCELLED));
  BOOST_TEST(result.code == ORDEAL_E_INTERNAL);
  BOOST_TEST(engine.misbehaviour() == 1U);
  BOOST_TEST(host.logged("issue threw: issue broke", ORDEAL_LOG_ERROR));
}

BOOST_AUTO_TEST_CASE(a_refusing_file_sink_is_a_failed_render) {
  FakeHost host;
  Instance write(reports(), host, "write", "");
  ordeal_file_sink sink{};
  sink.struct_size = sizeof sink;
  sink.begin = [](const ordeal_file_sink*, ordeal_str) noexcept -> std::int32_t {
    return ORDEAL_OK;
  };
  sink.write = [](const ordeal_file_sink*, const void*, std::uint64_t) noexcept -> std::int32_t {
    return ORDEAL_E_IO;
  };
  BOOST_TEST(write->render(write.get(), 0, str("{}"), &sink) == ORDEAL_E_IO);
  BOOST_TEST(host.error().find("0.txt") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
