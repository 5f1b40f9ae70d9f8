// SPDX-License-Identifier: Apache-2.0
// Load models: thinking, renewed sessions, recorded arrivals, timeouts per kind, further attempts.
#include <cmath>
#include <fstream>
#include <map>

#include "engine/fake_scenario.h"
#include "engine/random.h"
#include "temporary_folder.h"

using namespace ordeal;
using ordeal::testing::TemporaryFolder;

namespace {

constexpr std::uint64_t ms = FakeScenario::ms;

std::string file_with(const TemporaryFolder& folder, const std::string& text) {
  const std::string path = folder.file("arrivals.csv");
  std::ofstream(path) << text;
  return path;
}

LoadSpec recorded_load(const std::string& path, std::uint64_t duration_ns) {
  LoadSpec spec = open_load(8, 100, duration_ns);
  spec.arrivals = LoadSpec::Arrivals::recorded;
  spec.arrivals_file = path;
  return spec;
}

/// After which outcomes there are how many attempts.
RetryPolicy again(std::uint32_t attempts, Outcome outcome, std::uint64_t backoff_ns) {
  return {attempts, 1u << static_cast<std::uint32_t>(outcome), backoff_ns};
}

using Sequence = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

/// Kind and time after the start, of every operation issued.
Sequence sequence_of(const FakeScenario& fake, const LoadSpec& spec) {
  Sequence sequence;
  for (const ordeal_op& op : fake.issued)
    sequence.emplace_back(op.kind,
                          spec.model == LoadSpec::Model::open ? op.intended_ns - spec.start_ns : 0);
  return sequence;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load_models)

BOOST_AUTO_TEST_CASE(every_model_follows_its_mix_and_its_seed) {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 2'000; ++i) lines += std::to_string(i * 50e-6) + "\n";
  std::vector<LoadSpec> models;
  models.push_back(open_load(8, 20'000, 100 * ms));
  models.push_back(open_load(8, 0, 100 * ms));
  models.back().rates = {{10'000, 30'000, 100 * ms}};
  models.push_back(open_load(8, 20'000, 100 * ms));
  models.back().arrivals = LoadSpec::Arrivals::poisson;
  models.push_back(recorded_load(file_with(folder, lines), 200 * ms));
  models.push_back(closed_load(4, 2'000));
  models.push_back(closed_load(4, 2'000));
  models.back().operations_per_session = 7;
  models.push_back(closed_load(64, 2'000));
  models.back().think = {ThinkTime::Shape::uniform, 0, 2 * ms};
  for (std::size_t i = 0; i < models.size(); ++i) {
    BOOST_TEST_CONTEXT("model " << i) {
      std::vector<Sequence> runs;
      for (const std::uint64_t seed : {7u, 7u, 8u}) {
        FakeScenario fake;
        fake.kinds = {"get", "post"};
        fake.on_issue = [&](const ordeal_op& op) { fake.complete(op.id); };
        LoadSpec spec = models[i];
        spec.mix = {{"get", 7}, {"post", 3}};
        spec.seed = seed;
        spec.start_ns = FakeScenario::now() + ms;
        const IntervalFrame frame = fake.run(spec);
        const auto all = static_cast<double>(outcome_sum(frame));
        BOOST_TEST(all > 1'700);
        BOOST_TEST_REQUIRE(frame.kinds.size() == 2u);
        BOOST_TEST(std::abs(static_cast<double>(frame.kinds[1].outcomes[0]) - 0.3 * all) <
                   5 * std::sqrt(all * 0.3 * 0.7));
        runs.push_back(sequence_of(fake, spec));
      }
      BOOST_TEST((runs[0] == runs[1]));
      BOOST_TEST((runs[0] != runs[2]));
    }
  }
}

BOOST_AUTO_TEST_CASE(sessions_think_as_long_as_their_seed_says) {
  FakeScenario fake;
  std::vector<std::uint64_t> ended;
  fake.on_issue = [&](const ordeal_op& op) {
    ended.push_back(FakeScenario::now());
    fake.complete(op.id);
  };
  LoadSpec spec = closed_load(1, 40);
  spec.seed = 3;
  spec.think = {ThinkTime::Shape::uniform, 2 * ms, 8 * ms};
  fake.run(spec);
  BOOST_TEST_REQUIRE(fake.issued.size() == 40u);
  Random random(3, Random::Stream::think);
  std::vector<std::uint64_t> beyond;
  for (std::size_t i = 0; i + 1 < 40; ++i) {
    const std::uint64_t rest = fake.issued[i + 1].intended_ns - ended[i];
    const auto meant = static_cast<std::uint64_t>(2e6 + random.unit() * 6e6);
    BOOST_TEST_REQUIRE(rest >= meant);
    beyond.push_back(rest - meant);
  }
  std::sort(beyond.begin(), beyond.end());
  BOOST_TEST(beyond[beyond.size() / 4] < 2 * ms);
}

BOOST_AUTO_TEST_CASE(sessions_are_renewed_after_their_share) {
  FakeScenario fake;
  std::map<std::uint32_t, int> since_open;
  int most = 0;
  fake.on_open = [&](std::uint32_t session) {
    since_open[session] = 0;
    fake.opened(session);
    return ORDEAL_OK;
  };
  fake.on_issue = [&](const ordeal_op& op) {
    most = std::max(most, ++since_open[op.session]);
    fake.complete(op.id);
  };
  LoadSpec spec = closed_load(2, 50);
  spec.operations_per_session = 5;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(count(frame, Outcome::ok) == 50u);
  BOOST_TEST(most == 5);
  BOOST_TEST(frame.sessions_opened >= 10u);
  BOOST_TEST(frame.sessions_opened <= 13u);
  BOOST_TEST(fake.closed.size() == frame.sessions_opened);
  // 5 operations before each; the last connection of each session may end with the phase.
  BOOST_TEST(frame.sessions_renewed >= 8u);
  BOOST_TEST(frame.sessions_renewed <= 10u);
  BOOST_TEST(frame.misbehaviour == 0u);
}

BOOST_AUTO_TEST_CASE(recorded_arrivals_come_when_and_what_the_file_says) {
  const TemporaryFolder folder;
  FakeScenario fake;
  fake.kinds = {"get", "post"};
  LoadSpec spec = recorded_load(
      file_with(folder, "# a comment\n0\n\n0.02, post\r\n0.02,get\n0.05,post\n9,post"), 100 * ms);
  spec.mix = {{"get", 1}};
  spec.start_ns = FakeScenario::now() + 5 * ms;
  spec.speed = 2;
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(frame.offered == 4u);
  const Sequence expected{{0, 0}, {1, 10 * ms}, {0, 10 * ms}, {1, 25 * ms}};
  BOOST_TEST((sequence_of(fake, spec) == expected));
}

BOOST_AUTO_TEST_CASE(open_load_ends_with_its_last_operation) {
  FakeScenario fake;
  LoadSpec spec = open_load(8, 10'000, 10'000 * ms);
  spec.max_operations = 123;
  const std::uint64_t start = FakeScenario::now();
  BOOST_TEST(count(fake.run(spec), Outcome::ok) == 123u);
  BOOST_TEST(FakeScenario::now() - start < 5'000 * ms);
}

BOOST_AUTO_TEST_CASE(kinds_have_timeouts_of_their_own) {
  FakeScenario fake;
  fake.kinds = {"get", "post"};
  fake.on_issue = [](const ordeal_op&) {};
  LoadSpec spec = open_load(64, 1'000, 60 * ms);
  spec.timeout_ns = 80 * ms;
  spec.timeouts = {{"post", 15 * ms}};
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(count(frame, Outcome::timeout) == 60u);
  BOOST_TEST_REQUIRE(frame.kinds.size() == 2u);
  BOOST_TEST(frame.kinds[0].latency.min() >= 79 * ms);
  BOOST_TEST(frame.kinds[1].latency.min() >= 14 * ms);
  BOOST_TEST(frame.kinds[1].latency.min() < 79 * ms);
  for (const ordeal_op& op : fake.issued)
    BOOST_TEST_REQUIRE(op.deadline_ns - op.intended_ns == (op.kind == 0 ? 80 : 15) * ms);
}

BOOST_AUTO_TEST_CASE(a_timeout_of_no_kind_is_named) {
  FakeScenario fake;
  fake.kinds = {"get", "post"};
  fake.attach();
  LoadSpec spec = closed_load(1, 1);
  spec.timeouts = {{"put", ms}};
  BOOST_TEST(FakeScenario::why(fake.worker().begin(spec)) ==
             "timeouts: the scenario has no operation kind 'put'; expected one of get, post");
}

BOOST_AUTO_TEST_CASE(an_operation_is_what_its_last_attempt_was) {
  for (const bool open : {false, true}) {
    BOOST_TEST_CONTEXT((open ? "open" : "closed")) {
      FakeScenario fake;
      std::map<std::uint64_t, int> attempts;  // by the first intended start
      fake.on_issue = [&](const ordeal_op& op) {
        const bool first = ++attempts[op.intended_ns] == 1;
        fake.complete(op.id,
                      FakeScenario::result(first ? ORDEAL_OUTCOME_REFUSED : ORDEAL_OUTCOME_OK));
      };
      LoadSpec spec = open ? open_load(4, 1'000, 2'000 * ms) : closed_load(1, 0);
      spec.max_operations = 50;
      spec.retry = again(3, Outcome::refused, 5 * ms);
      const IntervalFrame frame = fake.run(spec);
      BOOST_TEST(frame.offered == 50u);
      BOOST_TEST(outcome_sum(frame) == 50u);
      BOOST_TEST(count(frame, Outcome::ok) == 50u);
      BOOST_TEST(frame.wire.measured == 50u);
      BOOST_TEST(frame.wire.retried == 50u);
      BOOST_TEST(fake.issued.size() == 100u);
      BOOST_TEST(attempts.size() == 50u);
      BOOST_TEST(frame.kinds.at(0).latency.count() == 50u);
      BOOST_TEST(frame.kinds.at(0).latency.min() >= 5 * ms * 99 / 100);
    }
  }
}

BOOST_AUTO_TEST_CASE(attempts_are_bounded_and_their_waits_double) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) {
    fake.complete(op.id, FakeScenario::result(ORDEAL_OUTCOME_REFUSED, 111));
  };
  LoadSpec spec = closed_load(4, 20);
  spec.retry = again(3, Outcome::refused, 5 * ms);
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(count(frame, Outcome::refused) == 20u);
  BOOST_TEST(outcome_sum(frame) == 20u);
  BOOST_TEST(frame.wire.measured == 20u);
  BOOST_TEST(frame.wire.retried == 40u);
  BOOST_TEST(frame.kinds.at(0).latency.min() >= 15 * ms * 99 / 100);
  BOOST_TEST(
      (frame.kinds.at(0).codes == std::vector<std::pair<std::int64_t, std::uint64_t>>{{111, 20}}));
}

BOOST_AUTO_TEST_CASE(only_the_named_outcomes_are_tried_again) {
  FakeScenario fake;
  fake.on_issue = [&](const ordeal_op& op) {
    fake.complete(op.id, FakeScenario::result(ORDEAL_OUTCOME_FAIL, 500));
  };
  LoadSpec spec = closed_load(2, 20);
  spec.retry = again(3, Outcome::refused, ms);
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(count(frame, Outcome::fail) == 20u);
  BOOST_TEST(frame.wire.retried == 0u);
  BOOST_TEST(fake.issued.size() == 20u);
}

BOOST_AUTO_TEST_CASE(what_timed_out_is_tried_again_with_a_timeout_of_its_own) {
  FakeScenario fake;
  std::map<std::uint64_t, int> attempts;
  fake.on_issue = [&](const ordeal_op& op) {
    if (++attempts[op.intended_ns] == 2) fake.complete(op.id);
  };
  LoadSpec spec = closed_load(1, 10);
  spec.timeout_ns = 10 * ms;
  spec.retry = again(2, Outcome::timeout, ms);
  const IntervalFrame frame = fake.run(spec);
  BOOST_TEST(outcome_sum(frame) == 10u);
  BOOST_TEST(count(frame, Outcome::ok) == 10u);
  // Given up were the first attempts, and answered the second ones.
  BOOST_TEST(frame.wire.cancelled == 10u);
  BOOST_TEST(frame.wire.measured == 0u);
  BOOST_TEST(frame.wire.retried == 10u);
  BOOST_TEST(frame.kinds.at(0).latency.min() >= 11 * ms * 99 / 100);
}

BOOST_AUTO_TEST_SUITE_END()
