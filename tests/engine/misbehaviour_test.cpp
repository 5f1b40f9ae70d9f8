// SPDX-License-Identifier: Apache-2.0
// A worker survives what no plugin should do, and counts it.
#include "engine/fake_scenario.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = FakeScenario::ms;

LoadSpec load(std::uint32_t sessions, std::uint64_t operations) {
  LoadSpec spec;
  spec.sessions = sessions;
  spec.max_operations = operations;
  spec.duration_ns = 10'000 * ms;
  return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(misbehaviour)

BOOST_AUTO_TEST_CASE(double_and_unknown_completions) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) {
    const std::uint64_t id = op.id;
    fake.complete(id);
    fake.complete(id);
    fake.complete(id + 12345);
    fake.complete(0);
    fake.engine()->complete(fake.engine(), id, nullptr);
  };
  const IntervalFrame frame = fake.run(load(2, 10));
  BOOST_TEST(count(frame, Outcome::ok) == 10u);
  BOOST_TEST(frame.misbehaviour == 40u);
  BOOST_TEST(frame.late == 0u);
}

BOOST_AUTO_TEST_CASE(a_double_completion_does_not_end_another_operation) {
  FakeScenario fake;
  std::uint64_t last = 0;
  fake.on_issue = [&](const ordeal_op& op) {
    if (last != 0) fake.complete(last);  // ended already; its slot is in use again
    last = op.id;
    fake.after(ms, [&fake, id = op.id] { fake.complete(id); });
  };
  const IntervalFrame frame = fake.run(load(1, 10));
  BOOST_TEST(count(frame, Outcome::ok) == 10u);
  BOOST_TEST(frame.misbehaviour == 9u);
  BOOST_TEST(frame.kinds.at(0).latency.min() >= ms);
}

BOOST_AUTO_TEST_CASE(unknown_outcomes_and_short_results) {
  FakeScenario fake;
  int number = 0;
  fake.on_issue = [&](const ordeal_op& op) {
    auto r = FakeScenario::result();
    if (++number == 1) {
      r.outcome = 77;
    } else {
      r.struct_size = 8;  // a plugin that knows only struct_size and outcome
      r.requests = 1000;
    }
    fake.complete(op.id, r);
  };
  const IntervalFrame frame = fake.run(load(1, 2));
  BOOST_TEST(count(frame, Outcome::protocol) == 1u);
  BOOST_TEST(count(frame, Outcome::ok) == 1u);
  BOOST_TEST(frame.wire.measured == 1u);
  BOOST_TEST(frame.wire.retried == 0u);
  BOOST_TEST(frame.misbehaviour == 1u);
}

BOOST_AUTO_TEST_CASE(impossible_send_times_are_kept_within_the_operation) {
  FakeScenario fake;
  int number = 0;
  fake.on_issue = [&](const ordeal_op& op) {
    auto r = FakeScenario::result();
    r.sent_ns = ++number % 2 == 0 ? 1 : UINT64_MAX;
    fake.after(ms, [&fake, id = op.id, r] { fake.complete(id, r); });
  };
  const IntervalFrame frame = fake.run(load(1, 4));
  const KindInterval& kind = frame.kinds.at(0);
  BOOST_TEST(kind.service.count() == 4u);
  BOOST_TEST(kind.service.max() <= kind.latency.max());
}

BOOST_AUTO_TEST_CASE(session_events_that_make_no_sense) {
  FakeScenario fake;
  fake.on_open = [&](std::uint32_t session) {
    fake.lost(session, ORDEAL_OUTCOME_OK);  // not open yet
    fake.opened(session);
    fake.opened(session);  // open already
    fake.opened(99);       // no such session
    fake.lost(99, ORDEAL_OUTCOME_OK);
    fake.opened(session, 1234);  // no such outcome
    fake.engine()->observe(fake.engine(), 99, 0, 1);
    fake.engine()->observe(fake.engine(), session, 5, 1);
    return ORDEAL_OK;
  };
  const IntervalFrame frame = fake.run(load(1, 5));
  BOOST_TEST(count(frame, Outcome::ok) == 5u);
  BOOST_TEST(frame.misbehaviour == 7u);
  BOOST_TEST(frame.sessions_opened == 1u);
}

BOOST_AUTO_TEST_CASE(lost_inside_issue_with_the_operation_unanswered) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) { fake.lost(op.session, ORDEAL_OUTCOME_PROTOCOL); };
  const IntervalFrame frame = fake.run(load(2, 4));
  BOOST_TEST(count(frame, Outcome::protocol) == 4u);
  BOOST_TEST(frame.misbehaviour == 4u);
  BOOST_TEST(frame.in_flight == 0u);
  BOOST_TEST(fake.deepest == 1);
}

BOOST_AUTO_TEST_CASE(lost_inside_cancel) {
  FakeScenario fake;
  fake.on_issue = [](const ordeal_op&) {};
  fake.on_cancel = [&](std::uint64_t) { fake.lost(0, ORDEAL_OUTCOME_OK); };
  LoadSpec spec = load(1, 3);
  spec.timeout_ns = 5 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(count(frame, Outcome::timeout) == 3u);
  BOOST_TEST(frame.misbehaviour == 0u);
  BOOST_TEST(frame.sessions_opened >= 3u);
}

BOOST_AUTO_TEST_CASE(open_that_is_never_answered_does_not_hold_up_the_end) {
  FakeScenario fake;
  fake.on_open = [](std::uint32_t) { return std::int32_t{ORDEAL_OK}; };
  LoadSpec spec = load(2, 0);
  spec.duration_ns = 30 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.offered == 0u);
  BOOST_TEST(fake.closed.size() == 2u);  // the attempts are taken back
}

BOOST_AUTO_TEST_CASE(open_that_answers_and_then_fails_counts_once) {
  FakeScenario fake;
  fake.on_open = [&](std::uint32_t session) -> std::int32_t {
    fake.opened(session, ORDEAL_OUTCOME_REFUSED, 1);
    return ORDEAL_E_IO;
  };
  LoadSpec spec = load(1, 0);
  spec.duration_ns = 8 * ms;  // ends before the first back-off does
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.sessions_failed == 1u);
}

BOOST_AUTO_TEST_CASE(events_after_the_end_change_nothing) {
  FakeScenario fake;
  fake.run(load(1, 2));
  fake.opened(0);
  fake.lost(0, ORDEAL_OUTCOME_OK);
  fake.complete(fake.issued[0].id);
  fake.engine()->observe(fake.engine(), 0, 0, 1);
  fake.turn_for(5 * ms);
  BOOST_TEST(fake.worker().finished());
  BOOST_TEST(fake.worker().swap().misbehaviour == 4u);
  BOOST_TEST(fake.opens == 1);
}

BOOST_AUTO_TEST_CASE(descriptions_that_are_refused) {
  const auto refused = [](auto&& change, const char* word) {
    FakeScenario fake;
    static_cast<void>(change(fake));
    SystemClock clock;
    Worker worker(fake.reactor(), clock);
    const auto result = worker.attach(&fake.table, &fake);
    BOOST_TEST_REQUIRE(!result);
    BOOST_TEST((result.error().code == ExitCode::plugin_rejected));
    BOOST_TEST(result.error().line().find(word) != std::string::npos, result.error().line());
  };
  refused([](FakeScenario&) { return 0; }, "no operation kind");  // describes none unless attached
  refused([](FakeScenario& f) { return f.table.issue = nullptr, 0; }, "lacks a function");
  refused([](FakeScenario& f) { return f.table.struct_size = 16, 0; }, "lacks a function");
  refused(
      [](FakeScenario& f) {
        f.table.describe = [](void*, ordeal_scenario_info*) noexcept -> std::int32_t {
          return ORDEAL_E_INTERNAL;
        };
        return 0;
      },
      "status -7");
  refused(
      [](FakeScenario& f) {
        f.table.describe = [](void*, ordeal_scenario_info* info) noexcept -> std::int32_t {
          static constexpr ordeal_str twice[2] = {{"a", 1}, {"a", 1}};
          info->kinds = twice;
          info->n_kinds = 2;
          return ORDEAL_OK;
        };
        return 0;
      },
      "twice");
  refused(
      [](FakeScenario& f) {
        f.table.describe = [](void*, ordeal_scenario_info* info) noexcept -> std::int32_t {
          info->n_kinds = 65;
          return ORDEAL_OK;
        };
        return 0;
      },
      "at most 64");
}

BOOST_AUTO_TEST_SUITE_END()
