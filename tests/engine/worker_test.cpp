// SPDX-License-Identifier: Apache-2.0
// Load: who issues what when, and what is counted.
#include "engine/worker.h"

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "engine/fake_scenario.h"

using namespace ordeal;

namespace {
constexpr std::uint64_t ms = FakeScenario::ms;
}  // namespace

BOOST_AUTO_TEST_SUITE(worker)

BOOST_AUTO_TEST_CASE(closed_load_counts_every_operation) {
  FakeScenario fake;
  const IntervalFrame frame = fake.run(closed_load(4, 100));
  BOOST_TEST(frame.offered == 100u);
  BOOST_TEST(frame.wire.measured == 100u);
  BOOST_TEST(frame.sessions_opened == 4u);
  BOOST_TEST(frame.in_flight == 0u);
  BOOST_TEST(frame.misbehaviour == 0u);
  BOOST_TEST(frame.generator.cpu_ns > 0u);
  BOOST_TEST(frame.send_lag.count() == 0u);
  BOOST_TEST_REQUIRE(frame.kinds.size() == 1u);
  const KindInterval& kind = frame.kinds[0];
  BOOST_TEST(kind.outcomes[0] == 100u);
  BOOST_TEST(kind.bytes_out == 1000u);
  BOOST_TEST(kind.bytes_in == 10000u);
  BOOST_TEST(kind.latency.count() == 100u);
  BOOST_TEST(kind.latency.min() >= fake.delay_ns);
  BOOST_TEST(kind.service.count() == 100u);
  BOOST_TEST(fake.closed.size() == 4u);
  BOOST_TEST(fake.drained.size() == 1u);
  BOOST_TEST(fake.finished_calls == 1);
  BOOST_TEST(fake.deepest == 1);
  // Each session had one at a time, and all of them worked.
  std::map<std::uint32_t, int> per_session;
  std::set<std::uint64_t> ids;
  for (const ordeal_op& op : fake.issued) {
    ++per_session[op.session];
    ids.insert(op.id);
    BOOST_TEST(op.deadline_ns == op.intended_ns + 10'000 * ms);
  }
  BOOST_TEST(per_session.size() == 4u);
  BOOST_TEST(ids.size() == 100u);
}

BOOST_AUTO_TEST_CASE(closed_load_ends_with_its_duration) {
  FakeScenario fake;
  LoadSpec spec = closed_load(2, 0);
  spec.start_ns = FakeScenario::now() + 20 * ms;
  spec.duration_ns = 60 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(!fake.issued.empty());
  for (const ordeal_op& op : fake.issued) {
    BOOST_TEST(op.intended_ns >= spec.start_ns);
    BOOST_TEST(op.intended_ns < spec.start_ns + spec.duration_ns);
  }
  BOOST_TEST(outcome_sum(frame) == frame.offered);
  BOOST_TEST(frame.offered == fake.issued.size());
}

BOOST_AUTO_TEST_CASE(open_load_intends_exact_times) {
  FakeScenario fake;
  LoadSpec spec = open_load(16, 3'000, 100 * ms);
  spec.start_ns = FakeScenario::now() + 5 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.offered == 300u);
  BOOST_TEST(count(frame, Outcome::ok) == 300u);
  BOOST_TEST_REQUIRE(fake.issued.size() == 300u);
  for (std::size_t i = 0; i < 300; ++i)
    BOOST_TEST_REQUIRE(fake.issued[i].intended_ns ==
                       spec.start_ns +
                           static_cast<std::uint64_t>(static_cast<double>(i) * 1e9 / 3000));
  BOOST_TEST(frame.send_lag.count() == 300u);
}

BOOST_AUTO_TEST_CASE(open_load_counts_latency_from_the_intended_start) {
  // One session of 10 ms each, asked for every 5 ms: the queue grows, and the latency has to say
  // so.
  FakeScenario fake;
  fake.delay_ns = 10 * ms;
  const IntervalFrame frame = fake.run(open_load(1, 200, 200 * ms));
  BOOST_TEST(frame.offered == 40u);
  BOOST_TEST(count(frame, Outcome::ok) == 40u);
  const KindInterval& kind = frame.kinds.at(0);
  // The last waits for 39 others of at least 10 ms, having been intended 195 ms after the first.
  BOOST_TEST(kind.latency.max() >= (40 * 10 - 195) * ms);
  BOOST_TEST(kind.service.min() < kind.latency.max() / 2);
  BOOST_TEST(kind.service.value_at(50) < kind.latency.value_at(100));
  // Waiting for the target is not the generator's lateness.
  BOOST_TEST(frame.send_lag.count() == 40u);
  BOOST_TEST(frame.send_lag.value_at(50) < 100 * ms);
}

BOOST_AUTO_TEST_CASE(warm_up_is_only_on_the_wire) {
  FakeScenario fake;
  LoadSpec spec = open_load(8, 1'000, 200 * ms);
  spec.warm_up_ns = 50 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.wire.warm_up == 50u);
  BOOST_TEST(frame.wire.measured == 150u);
  BOOST_TEST(frame.offered == 150u);
  BOOST_TEST(outcome_sum(frame) == 150u);
  BOOST_TEST(frame.send_lag.count() == 150u);
  for (const ordeal_op& op : fake.issued)
    BOOST_TEST(((op.flags & ORDEAL_OP_WARM_UP) != 0) ==
               (op.intended_ns < fake.issued[0].intended_ns + 50 * ms));
}

BOOST_AUTO_TEST_CASE(probes_are_counted_apart) {
  FakeScenario fake;
  LoadSpec spec = closed_load(1, 5);
  spec.probe = true;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.wire.probe == 5u);
  BOOST_TEST(frame.wire.measured == 0u);
  BOOST_TEST(count(frame, Outcome::ok) == 5u);
  for (const ordeal_op& op : fake.issued) BOOST_TEST((op.flags & ORDEAL_OP_PROBE) != 0u);
}

BOOST_AUTO_TEST_CASE(retries_inside_the_plugin_are_counted_apart) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) {
    auto r = FakeScenario::result();
    r.requests = 3;
    fake.complete(op.id, r);
  };
  const IntervalFrame frame = fake.run(closed_load(1, 10));
  BOOST_TEST(frame.wire.measured == 10u);
  BOOST_TEST(frame.wire.retried == 20u);
}

BOOST_AUTO_TEST_CASE(what_never_answers_times_out) {
  FakeScenario fake;
  fake.on_issue = [](const ordeal_op&) {};
  LoadSpec spec = closed_load(3, 9);
  spec.timeout_ns = 15 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(count(frame, Outcome::timeout) == 9u);
  BOOST_TEST(frame.wire.cancelled == 9u);
  BOOST_TEST(frame.wire.measured == 0u);
  BOOST_TEST(fake.cancelled.size() == 9u);
  BOOST_TEST(frame.kinds.at(0).latency.count() == 9u);
  BOOST_TEST(frame.kinds.at(0).latency.min() >= 15 * ms);
}

BOOST_AUTO_TEST_CASE(what_goes_down_with_a_timeout_is_no_less_of_one) {
  for (const bool stopped : {false, true}) {
    BOOST_TEST_CONTEXT("stopped: " << stopped) {
      FakeScenario fake;
      fake.max_in_flight = 4;
      std::vector<std::uint64_t> in_flight;
      fake.on_issue = [&](const ordeal_op& op) { in_flight.push_back(op.id); };
      fake.on_cancel = [&](std::uint64_t id) {  // as a pipelined connection does
        std::erase(in_flight, id);
        for (const std::uint64_t other : std::exchange(in_flight, {}))
          fake.complete(other, FakeScenario::result(ORDEAL_OUTCOME_CANCELLED));
        fake.lost(0, ORDEAL_OUTCOME_OK);
      };
      LoadSpec spec = closed_load(1, stopped ? 4 : 12);
      spec.timeout_ns = stopped ? 10'000 * ms : 10 * ms;
      fake.begin(spec);
      BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.issued.size() >= 4; }));
      if (stopped) fake.worker().stop(0);
      BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
      const IntervalFrame frame = fake.worker().swap();
      BOOST_TEST(count(frame, Outcome::timeout) == (stopped ? 0u : 12u));
      BOOST_TEST(count(frame, Outcome::cancelled) == (stopped ? 4u : 0u));
      BOOST_TEST(frame.kinds.at(0).latency.count() == (stopped ? 0u : 12u));
      BOOST_TEST(frame.misbehaviour == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_completion_after_the_timeout_is_late_once) {
  FakeScenario fake;
  std::uint64_t first = 0;
  fake.on_issue = [&](const ordeal_op& op) { first = first == 0 ? op.id : first; };
  LoadSpec spec = closed_load(1, 1);
  spec.timeout_ns = 5 * ms;
  fake.begin(spec);
  BOOST_TEST_REQUIRE(fake.turn_until([&] { return !fake.cancelled.empty(); }));
  fake.complete(first);
  fake.complete(first);
  BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
  const IntervalFrame frame = fake.worker().swap();
  BOOST_TEST(frame.late == 1u);
  BOOST_TEST(frame.misbehaviour == 1u);
  BOOST_TEST(count(frame, Outcome::timeout) == 1u);
  BOOST_TEST(count(frame, Outcome::ok) == 0u);
}

BOOST_AUTO_TEST_CASE(operations_that_wait_too_long_time_out_unsent) {
  FakeScenario fake;
  fake.on_open = [](std::uint32_t) { return std::int32_t{ORDEAL_OK}; };  // never answered
  LoadSpec spec = open_load(1, 1'000, 50 * ms);
  spec.timeout_ns = 20 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.offered == 50u);
  BOOST_TEST(count(frame, Outcome::timeout) == 50u);
  BOOST_TEST(frame.wire.cancelled == 0u);
  BOOST_TEST(fake.issued.empty());
  BOOST_TEST(frame.kinds.at(0).latency.count() == 50u);
  BOOST_TEST(frame.kinds.at(0).latency.min() >= 20 * ms);
}

BOOST_AUTO_TEST_CASE(a_stuck_session_is_used_again_after_its_timeout) {
  FakeScenario fake;
  fake.on_issue = [](const ordeal_op&) {};
  LoadSpec spec = open_load(1, 1'000, 50 * ms);
  spec.timeout_ns = 30 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.offered == 50u);
  BOOST_TEST(count(frame, Outcome::timeout) == 50u);
  BOOST_TEST(frame.wire.cancelled == fake.issued.size());
  BOOST_TEST(fake.issued.size() > 1u);
}

// Seen against a server past its knee: every session was given up at its deadline, all were in
// back-off for a moment, and thousands of waiting operations were called dropped at once.
BOOST_AUTO_TEST_CASE(sessions_that_we_gave_up_drop_nothing_that_waits) {
  FakeScenario fake;
  fake.on_issue = [](const ordeal_op&) {};
  fake.on_cancel = [&](std::uint64_t id) {
    for (const auto& op : fake.issued)
      if (op.id == id) fake.lost(op.session, ORDEAL_OUTCOME_OK);
  };
  LoadSpec spec = open_load(2, 1'000, 60 * ms);
  spec.timeout_ns = 20 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.offered == 60u);
  BOOST_TEST(count(frame, Outcome::dropped) == 0u);
  BOOST_TEST(count(frame, Outcome::timeout) == 60u);
}

BOOST_AUTO_TEST_CASE(the_waiting_room_is_bounded) {
  FakeScenario fake;
  fake.on_issue = [](const ordeal_op&) {};
  fake.begin(open_load(1, 1e7, 120 * ms));  // 1.2 million arrivals, room for 1 million
  BOOST_TEST_REQUIRE(fake.turn_until([&] { return !fake.drained.empty(); }));
  fake.worker().stop(0);
  BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
  const IntervalFrame frame = fake.worker().swap();
  BOOST_TEST(frame.offered == 1'200'000u);
  BOOST_TEST(outcome_sum(frame) == 1'200'000u);
  BOOST_TEST(count(frame, Outcome::dropped) == 1'200'000u - 1'000'000u - fake.issued.size());
  BOOST_TEST(fake.issued.size() == 1u);
}

BOOST_AUTO_TEST_CASE(without_a_session_operations_are_dropped) {
  FakeScenario fake;
  fake.on_open = [&](std::uint32_t session) {
    fake.opened(session, ORDEAL_OUTCOME_REFUSED, 111);
    return ORDEAL_OK;
  };
  const IntervalFrame frame = fake.run(open_load(2, 1'000, 300 * ms));
  BOOST_TEST(frame.offered == 300u);
  BOOST_TEST(count(frame, Outcome::dropped) == 300u);
  BOOST_TEST(frame.kinds.at(0).latency.count() == 0u);
  BOOST_TEST(frame.sessions_opened == 0u);
  BOOST_TEST(frame.wire.measured == 0u);
  BOOST_TEST_REQUIRE(frame.kinds.at(0).codes.size() == 1u);
  BOOST_TEST(frame.kinds.at(0).codes[0].first == 111);
  // 0, 10, 30, 70, 150 ms, and the next after 310.
  BOOST_TEST(frame.sessions_failed == static_cast<std::uint64_t>(fake.opens));
  BOOST_TEST(fake.opens >= 4);
  BOOST_TEST(fake.opens <= 12);
  BOOST_TEST(fake.closed.empty());
}

BOOST_AUTO_TEST_CASE(closed_load_shows_failed_attempts_as_dropped) {
  FakeScenario fake;
  fake.on_open = [](std::uint32_t) -> std::int32_t { return ORDEAL_E_IO; };
  LoadSpec spec = closed_load(1, 0);
  spec.duration_ns = 100 * ms;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.sessions_failed >= 2u);
  BOOST_TEST(count(frame, Outcome::dropped) == frame.offered);
  BOOST_TEST(frame.offered >= 1u);
}

BOOST_AUTO_TEST_CASE(a_target_that_comes_back_is_loaded_again) {
  FakeScenario fake;
  const std::uint64_t start = FakeScenario::now();
  const auto up = [start] {
    const std::uint64_t t = FakeScenario::now() - start;
    return t < 50 * ms || t > 120 * ms;
  };
  fake.on_open = [&](std::uint32_t session) {
    fake.opened(session, up() ? ORDEAL_OUTCOME_OK : ORDEAL_OUTCOME_REFUSED);
    return ORDEAL_OK;
  };
  fake.on_issue = [&](const ordeal_op& op) {
    if (up()) {
      fake.complete(op.id);
      return;
    }
    const std::uint32_t session = op.session;
    fake.complete(op.id, FakeScenario::result(ORDEAL_OUTCOME_REFUSED, 104));
    fake.lost(session, ORDEAL_OUTCOME_REFUSED);
  };
  const IntervalFrame frame = fake.run(open_load(2, 1'000, 400 * ms));
  BOOST_TEST(frame.offered == 400u);
  BOOST_TEST(outcome_sum(frame) == 400u);
  BOOST_TEST(count(frame, Outcome::refused) == 2u);
  BOOST_TEST(count(frame, Outcome::dropped) >= 20u);
  BOOST_TEST(count(frame, Outcome::ok) >= 150u);
  BOOST_TEST(frame.misbehaviour == 0u);
}

BOOST_AUTO_TEST_CASE(an_orderly_end_reopens_at_once) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) {  // as with Connection: close
    const std::uint32_t session = op.session;
    fake.complete(op.id);
    fake.lost(session, ORDEAL_OUTCOME_OK);
  };
  const std::uint64_t start = FakeScenario::now();
  const IntervalFrame frame = fake.run(closed_load(1, 50));
  BOOST_TEST(count(frame, Outcome::ok) == 50u);
  BOOST_TEST(frame.sessions_opened == 50u);
  BOOST_TEST(FakeScenario::now() - start < 400 * ms);  // with back-offs it were 500 ms at least
  BOOST_TEST(fake.deepest == 1);
}

BOOST_AUTO_TEST_CASE(a_target_that_hangs_up_unasked_is_not_opened_in_a_tight_loop) {
  FakeScenario fake;
  fake.on_open = [&](std::uint32_t session) {
    fake.opened(session);
    fake.lost(session, ORDEAL_OUTCOME_OK);
    return ORDEAL_OK;
  };
  LoadSpec spec = closed_load(1, 0);
  spec.duration_ns = 100 * ms;
  fake.run(spec);
  BOOST_TEST(fake.opens <= 8);
  BOOST_TEST(fake.opens >= 2);
}

BOOST_AUTO_TEST_CASE(mixes_follow_their_weights_and_seed) {
  std::vector<std::uint32_t> first;
  for (int round = 0; round < 2; ++round) {
    FakeScenario fake;
    fake.kinds = {"get", "post", "unused"};
    fake.on_issue = [&](const ordeal_op& op) { fake.complete(op.id); };
    LoadSpec spec = closed_load(1, 10'000);
    spec.mix = {{"get", 8}, {"post", 2}};
    spec.seed = 7;
    const IntervalFrame frame = fake.run(spec);
    BOOST_TEST_REQUIRE(frame.kinds.size() == 2u);
    BOOST_TEST(frame.kinds[0].kind == 0u);
    BOOST_TEST(frame.kinds[1].kind == 1u);
    BOOST_TEST(frame.kinds[1].outcomes[0] > 1'800u);
    BOOST_TEST(frame.kinds[1].outcomes[0] < 2'200u);
    std::vector<std::uint32_t> kinds;
    for (const ordeal_op& op : fake.issued) kinds.push_back(op.kind);
    if (round == 0) first = kinds;
    BOOST_TEST(kinds == first);
  }
}

BOOST_AUTO_TEST_CASE(completion_inside_issue_does_not_recurse) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) { fake.complete(op.id); };
  const IntervalFrame frame = fake.run(closed_load(3, 100'000));
  BOOST_TEST(count(frame, Outcome::ok) == 100'000u);
  BOOST_TEST(fake.deepest == 1);

  FakeScenario endless;  // and it still ends with the duration
  endless.on_issue = [&](const ordeal_op& op) { endless.complete(op.id); };
  LoadSpec spec = closed_load(3, 0);
  spec.duration_ns = 50 * ms;
  BOOST_TEST(endless.run(spec).offered > 100u);
}

BOOST_AUTO_TEST_CASE(a_session_takes_as_many_as_it_says) {
  FakeScenario fake;
  fake.max_in_flight = 4;
  std::map<std::uint32_t, int> now;
  int most = 0;
  fake.on_issue = [&](const ordeal_op& op) {
    most = std::max(most, ++now[op.session]);
    fake.after(ms, [&fake, &now, id = op.id, session = op.session] {
      --now[session];
      fake.complete(id);
    });
  };
  const IntervalFrame frame = fake.run(closed_load(2, 200));
  BOOST_TEST(count(frame, Outcome::ok) == 200u);
  BOOST_TEST(most == 4);
}

BOOST_AUTO_TEST_CASE(open_load_spreads_over_the_sessions) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) { fake.complete(op.id); };
  fake.run(open_load(10, 2'000, 100 * ms));
  std::map<std::uint32_t, int> per_session;
  for (const ordeal_op& op : fake.issued) ++per_session[op.session];
  BOOST_TEST(per_session.size() == 10u);
}

BOOST_AUTO_TEST_CASE(marks_and_observations) {
  FakeScenario fake;
  fake.marks = {"connect", "first_byte"};
  fake.slow = 1;
  fake.on_open = [&](std::uint32_t session) {
    const ordeal_mark mark{0, 0, 5 * ms};
    fake.engine()->opened(fake.engine(), session, ORDEAL_OUTCOME_OK, 0, &mark, 1);
    fake.engine()->observe(fake.engine(), session, 1, 9 * ms);
    return ORDEAL_OK;
  };
  fake.on_issue = [&](const ordeal_op& op) {
    const ordeal_mark marks[2] = {{1, 0, 2 * ms}, {7, 0, 1}};  // the second was never declared
    auto r = FakeScenario::result(ORDEAL_OUTCOME_FAIL, 503);
    r.marks = marks;
    r.n_marks = 2;
    fake.complete(op.id, r);
  };
  const IntervalFrame frame = fake.run(closed_load(1, 3));
  const KindInterval& kind = frame.kinds.at(0);
  BOOST_TEST_REQUIRE(kind.marks.size() == 2u);
  BOOST_TEST(kind.marks[0].count() == 1u);
  BOOST_TEST(kind.marks[0].max() == 5 * ms);
  BOOST_TEST(kind.marks[1].count() == 4u);
  BOOST_TEST(kind.marks[1].max() == 9 * ms);
  BOOST_TEST(kind.latency.unit_ns() == 1000u);
  BOOST_TEST(frame.misbehaviour == 3u);
  BOOST_TEST((kind.codes == std::vector<std::pair<std::int64_t, std::uint64_t>>{{503, 3}}));
}

BOOST_AUTO_TEST_CASE(codes_are_bounded) {
  FakeScenario fake;
  int code = 400;
  fake.on_issue = [&](const ordeal_op& op) {
    fake.complete(op.id, FakeScenario::result(ORDEAL_OUTCOME_FAIL, code++));
  };
  const IntervalFrame frame = fake.run(closed_load(1, 40));
  const auto& codes = frame.kinds.at(0).codes;
  BOOST_TEST_REQUIRE(codes.size() == 16u);
  BOOST_TEST(codes.back().first == 0);
  std::uint64_t sum = 0;
  for (const auto& [c, n] : codes) sum += n;
  BOOST_TEST(sum == 40u);
}

BOOST_AUTO_TEST_CASE(completions_from_another_thread_by_post) {
  FakeScenario fake;
  std::vector<std::thread> threads;
  struct Job {
    FakeScenario* fake;
    std::uint64_t id;
  };
  fake.on_issue = [&](const ordeal_op& op) {
    threads.emplace_back([job = new Job{&fake, op.id}] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      job->fake->reactor().post(
          [](void* user) noexcept {
            const std::unique_ptr<Job> done(static_cast<Job*>(user));
            done->fake->complete(done->id);
          },
          job);
    });
  };
  const IntervalFrame frame = fake.run(closed_load(4, 40));
  for (auto& thread : threads) thread.join();
  BOOST_TEST(count(frame, Outcome::ok) == 40u);
}

BOOST_AUTO_TEST_SUITE_END()
