// SPDX-License-Identifier: Apache-2.0
// A phase as a whole: begin, throttle, intervals, stop, the next one.
#include <chrono>
#include <set>
#include <thread>

#include "engine/fake_scenario.h"

using namespace ordeal;

namespace {
constexpr std::uint64_t ms = FakeScenario::ms;
}  // namespace

BOOST_AUTO_TEST_SUITE(phase)

BOOST_AUTO_TEST_CASE(intervals_lose_and_repeat_nothing) {
  FakeScenario fake;
  LoadSpec spec = open_load(4, 2'000, 150 * ms);
  fake.begin(spec);
  std::uint64_t offered = 0;
  std::uint64_t outcomes = 0;
  std::uint64_t latencies = 0;
  std::uint64_t last_end = 0;
  std::uint64_t seq = 0;
  const auto take = [&] {
    const IntervalFrame frame = fake.worker().swap();
    offered += frame.offered;
    outcomes += outcome_sum(frame);
    for (const auto& kind : frame.kinds) latencies += kind.latency.count();
    BOOST_TEST(frame.seq == seq++);
    if (last_end != 0) BOOST_TEST(frame.start_ns == last_end);
    BOOST_TEST(frame.end_ns >= frame.start_ns);
    last_end = frame.end_ns;
  };
  while (!fake.worker().finished()) {
    fake.turn_for(10 * ms);
    take();
  }
  take();
  BOOST_TEST(offered == 300u);
  BOOST_TEST(outcomes == 300u);
  BOOST_TEST(latencies == 300u);
  BOOST_TEST(seq > 5u);
}

BOOST_AUTO_TEST_CASE(an_interval_is_charged_no_more_than_it_lasted) {
  FakeScenario fake;
  fake.on_issue = [](const ordeal_op&) {};
  fake.begin(open_load(1, 1e7, 20'000 * ms));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  // Counting three million arrivals takes longer than the worker was awake before.
  const IntervalFrame frame = fake.worker().swap();
  BOOST_TEST(frame.offered > 2'900'000u);
  BOOST_TEST(frame.generator.cpu_ns < 30 * ms);
  BOOST_TEST(fake.worker().swap().generator.cpu_ns > 30 * ms);
}

BOOST_AUTO_TEST_CASE(stop_cancels_at_once_or_drains) {
  {
    FakeScenario fake;
    fake.on_issue = [](const ordeal_op&) {};
    fake.begin(closed_load(5, 0));
    BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.issued.size() == 5; }));
    fake.worker().stop(0);
    BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
    const IntervalFrame frame = fake.worker().swap();
    BOOST_TEST(count(frame, Outcome::cancelled) == 5u);
    BOOST_TEST(frame.wire.cancelled == 5u);
    BOOST_TEST(frame.kinds.at(0).latency.count() == 0u);
    BOOST_TEST(fake.closed.size() == 5u);
    BOOST_TEST(fake.finished_calls == 1);
  }
  {
    FakeScenario fake;
    fake.delay_ns = 20 * ms;
    fake.begin(closed_load(5, 0));
    BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.issued.size() == 5; }));
    fake.worker().stop(5'000 * ms);
    BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
    const IntervalFrame frame = fake.worker().swap();
    BOOST_TEST(count(frame, Outcome::ok) == 5u);
    BOOST_TEST(fake.issued.size() == 5u);
  }
  {
    FakeScenario fake;  // those that do not end within the drain are cancelled
    fake.on_issue = [](const ordeal_op&) {};
    fake.begin(open_load(2, 1'000, 20'000 * ms));
    BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.issued.size() == 2; }));
    fake.turn_for(20 * ms);
    fake.worker().stop(20 * ms);
    BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
    const IntervalFrame frame = fake.worker().swap();
    BOOST_TEST(count(frame, Outcome::cancelled) == frame.offered);
    BOOST_TEST(frame.wire.cancelled == 2u);
  }
}

BOOST_AUTO_TEST_CASE(stop_before_the_start) {
  for (const bool open : {false, true}) {
    FakeScenario fake;
    LoadSpec spec = open ? open_load(2, 100, 1'000 * ms) : closed_load(2, 0);
    spec.start_ns = FakeScenario::now() + 10'000 * ms;
    fake.begin(spec);
    fake.turn_for(5 * ms);
    fake.worker().stop(0);
    BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
    BOOST_TEST(fake.worker().swap().offered == 0u);
    BOOST_TEST(fake.issued.empty());
  }
}

BOOST_AUTO_TEST_CASE(throttle_of_open_load) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) { fake.complete(op.id); };
  LoadSpec spec = open_load(4, 2'000, 600 * ms);
  fake.begin(spec);
  fake.turn_for(100 * ms);
  fake.worker().throttle(0);
  const std::uint64_t at_hold = fake.worker().swap().offered;
  fake.turn_for(100 * ms);
  BOOST_TEST(fake.worker().swap().offered == 0u);
  fake.worker().throttle(0.5);
  BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
  const std::uint64_t after = fake.worker().swap().offered;
  BOOST_TEST(at_hold >= 200u);
  BOOST_TEST(after <= 401u);
  BOOST_TEST(after >= 1u);
}

BOOST_AUTO_TEST_CASE(throttle_of_closed_load) {
  FakeScenario fake;
  fake.begin(closed_load(8, 0));
  fake.turn_for(30 * ms);
  fake.worker().throttle(0.25);
  fake.turn_for(20 * ms);
  fake.issued.clear();
  fake.turn_for(50 * ms);
  std::set<std::uint32_t> used;
  for (const ordeal_op& op : fake.issued) used.insert(op.session);
  BOOST_TEST(used == (std::set<std::uint32_t>{0, 1}), boost::test_tools::per_element());
  fake.worker().throttle(0);
  fake.turn_for(20 * ms);
  fake.issued.clear();
  fake.turn_for(20 * ms);
  BOOST_TEST(fake.issued.empty());
  BOOST_TEST(fake.worker().swap().sessions_open == 8u);  // a hold keeps the sessions
  fake.worker().throttle(1);
  fake.turn_for(20 * ms);
  used.clear();
  for (const ordeal_op& op : fake.issued) used.insert(op.session);
  BOOST_TEST(used.size() == 8u);
  fake.worker().stop(0);
  BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
}

BOOST_AUTO_TEST_CASE(one_phase_after_another) {
  FakeScenario fake;
  fake.attach();
  int phases = 0;
  std::vector<std::uint64_t> offered;
  fake.worker().on_finished([&] {
    offered.push_back(fake.worker().swap().offered);
    if (++phases < 3) BOOST_TEST(static_cast<bool>(fake.worker().begin(closed_load(2, 10))));
  });
  fake.begin(closed_load(2, 10));
  BOOST_TEST(!fake.worker().begin(closed_load(1, 1)));  // not while one is in progress
  BOOST_TEST_REQUIRE(fake.turn_until([&] { return phases == 3; }));
  BOOST_TEST(offered == (std::vector<std::uint64_t>{10, 10, 10}), boost::test_tools::per_element());
  std::set<std::uint64_t> ids;
  for (const ordeal_op& op : fake.issued) ids.insert(op.id);
  BOOST_TEST(ids.size() == 30u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_begun_says_why) {
  FakeScenario fake;
  fake.kinds = {"get", "post"};
  fake.attach();
  const auto refused = [&](const LoadSpec& spec, const char* word) {
    const auto result = fake.worker().begin(spec);
    BOOST_TEST_REQUIRE(!result);
    BOOST_TEST((result.error().code == ExitCode::invalid_config));
    BOOST_TEST(result.error().line().find(word) != std::string::npos, result.error().line());
    BOOST_TEST(fake.worker().finished());
  };
  LoadSpec spec = closed_load(1, 1);
  spec.mix = {{"put", 1}};
  refused(spec, "one of get, post");
  spec.mix = {{"get", -1}};
  refused(spec, "at least 0");
  spec.mix = {{"get", 0}};
  refused(spec, "above 0");
  refused(closed_load(0, 1), "connections");
  refused(open_load(1, 0, 1), "rate");
  refused(open_load(1, 1, 0), "duration");
  spec = closed_load(1, 1);
  spec.timeout_ns = 0;
  refused(spec, "timeout");
}

BOOST_AUTO_TEST_CASE(a_worker_may_go_in_mid_phase) {
  FakeScenario fake;
  auto other = std::move(Reactor::make()).value();
  SystemClock clock;
  {
    Worker worker(*other, clock);
    fake.attach();
    BOOST_TEST(static_cast<bool>(worker.attach(&fake.table, &fake)));
    BOOST_TEST(static_cast<bool>(worker.begin(open_load(3, 1'000, 1'000 * ms))));
  }
  other->run_once(20 * ms);
  BOOST_TEST(fake.opens == 0);
}

BOOST_AUTO_TEST_SUITE_END()
