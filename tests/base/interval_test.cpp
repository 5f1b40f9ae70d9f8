// SPDX-License-Identifier: Apache-2.0
#include "base/interval.h"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace ordeal;

namespace {

IntervalFrame sample() {
  IntervalFrame f;
  f.load = 1, f.worker = 2, f.generation = 3, f.seq = 4, f.start_ns = 5, f.end_ns = 6;
  f.offered = 7, f.in_flight = 8, f.sessions_open = 9, f.sessions_opened = 10;
  f.sessions_failed = 11, f.sessions_renewed = 36, f.schedule_broken = 37;
  f.misbehaviour = 12, f.late = 13, f.generator = {14, 15, 30, 31, 32, 33, 34, 35};
  f.wire = {16, 17, 18, 19, 20};
  f.send_lag.record(21);
  for (std::uint32_t k = 0; k < 3; ++k) {
    KindInterval kind;
    kind.kind = k;
    for (std::size_t i = 0; i < outcome_count; ++i) kind.outcomes[i] = 100 * k + i;
    kind.bytes_out = 22 + k;
    kind.bytes_in = 23 + k;
    kind.latency = Histogram(1000);
    kind.service = Histogram(1000);
    for (std::uint64_t v = 0; v < 1000; ++v) kind.latency.record(v * v * 100 + k);
    kind.marks.assign(2, Histogram());
    kind.marks[1].record(77, 5);
    kind.codes = {{503, 4}, {-111, 2}};
    f.kinds.push_back(std::move(kind));
  }
  return f;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(interval)

BOOST_AUTO_TEST_CASE(round_trip) {
  const IntervalFrame f = sample();
  const auto result = decode_interval(encode(f));
  BOOST_TEST_REQUIRE(static_cast<bool>(result));
  const IntervalFrame& g = result.value();
  BOOST_TEST(g.load == 1);
  BOOST_TEST(g.worker == 2);
  BOOST_TEST(g.generation == 3);
  BOOST_TEST(g.seq == 4);
  BOOST_TEST(g.start_ns == 5);
  BOOST_TEST(g.end_ns == 6);
  BOOST_TEST(g.offered == 7);
  BOOST_TEST(g.in_flight == 8);
  BOOST_TEST(g.sessions_open == 9);
  BOOST_TEST(g.sessions_opened == 10);
  BOOST_TEST(g.sessions_failed == 11);
  BOOST_TEST(g.sessions_renewed == 36);
  BOOST_TEST(g.schedule_broken == 37);
  BOOST_TEST(g.misbehaviour == 12);
  BOOST_TEST(g.late == 13);
  BOOST_TEST(g.generator.cpu_ns == 14);
  BOOST_TEST(g.generator.run_delay_ns == 15);
  BOOST_TEST(g.generator.late_loop_ns == 30);
  BOOST_TEST(g.generator.longest_loop_ns == 31);
  BOOST_TEST(g.generator.descriptors == 32);
  BOOST_TEST(g.generator.descriptors_limit == 33);
  BOOST_TEST(g.generator.no_descriptor == 34);
  BOOST_TEST(g.generator.no_port == 35);
  BOOST_TEST(g.wire.probe == 16);
  BOOST_TEST(g.wire.warm_up == 17);
  BOOST_TEST(g.wire.measured == 18);
  BOOST_TEST(g.wire.retried == 19);
  BOOST_TEST(g.wire.cancelled == 20);
  BOOST_TEST(g.send_lag.max() == 21);
  BOOST_TEST_REQUIRE(g.kinds.size() == 3);
  for (std::uint32_t k = 0; k < 3; ++k) {
    const KindInterval& a = f.kinds[k];
    const KindInterval& b = g.kinds[k];
    BOOST_TEST(b.kind == k);
    BOOST_TEST(b.outcomes == a.outcomes, boost::test_tools::per_element());
    BOOST_TEST(b.bytes_out == a.bytes_out);
    BOOST_TEST(b.bytes_in == a.bytes_in);
    BOOST_TEST(b.latency.count() == 1000);
    BOOST_TEST(b.latency.value_at(99) == a.latency.value_at(99));
    BOOST_TEST(b.service.count() == 0);
    BOOST_TEST(b.service.unit_ns() == 1000);
    BOOST_TEST_REQUIRE(b.marks.size() == 2);
    BOOST_TEST(b.marks[0].count() == 0);
    BOOST_TEST(b.marks[1].count() == 5);
    BOOST_TEST((b.codes == a.codes));
  }
}

BOOST_AUTO_TEST_CASE(an_idle_frame_is_small) { BOOST_TEST(encode(IntervalFrame{}).size() < 256); }

BOOST_AUTO_TEST_CASE(damaged_bytes_are_errors) {
  const auto bytes = encode(sample());
  for (std::size_t n = 0; n < bytes.size(); n += 7)
    BOOST_TEST_REQUIRE(!decode_interval(std::span(bytes).first(n)));
  auto longer = bytes;
  longer.push_back(std::byte{0});
  BOOST_TEST(!decode_interval(longer));
  auto other_version = bytes;
  other_version[0] = std::byte{99};
  BOOST_TEST(!decode_interval(other_version));
  std::mt19937_64 random(1);
  for (int i = 0; i < 3'000; ++i) {  // must not crash; may or may not be an error
    auto damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    static_cast<void>(decode_interval(damaged));
  }
}

BOOST_AUTO_TEST_CASE(intervals_of_two_workers_add_up) {
  const IntervalFrame one = sample();
  IntervalFrame sum = sample();
  add(sum, one);
  BOOST_TEST(sum.load == one.load);
  BOOST_TEST(sum.worker == one.worker);
  BOOST_TEST(sum.seq == one.seq);
  BOOST_TEST(sum.start_ns == one.start_ns);
  BOOST_TEST(sum.offered == 2 * one.offered);
  BOOST_TEST(sum.in_flight == 2 * one.in_flight);
  BOOST_TEST(sum.sessions_open == 2 * one.sessions_open);
  BOOST_TEST(sum.sessions_opened == 2 * one.sessions_opened);
  BOOST_TEST(sum.sessions_failed == 2 * one.sessions_failed);
  BOOST_TEST(sum.sessions_renewed == 2 * one.sessions_renewed);
  BOOST_TEST(sum.schedule_broken == 2 * one.schedule_broken);
  BOOST_TEST(sum.misbehaviour == 2 * one.misbehaviour);
  BOOST_TEST(sum.late == 2 * one.late);
  BOOST_TEST(sum.generator.cpu_ns == 2 * one.generator.cpu_ns);
  BOOST_TEST(sum.generator.run_delay_ns == 2 * one.generator.run_delay_ns);
  BOOST_TEST(sum.generator.late_loop_ns == 2 * one.generator.late_loop_ns);
  BOOST_TEST(sum.generator.longest_loop_ns == one.generator.longest_loop_ns);
  BOOST_TEST(sum.generator.no_descriptor == 2 * one.generator.no_descriptor);
  BOOST_TEST(sum.generator.no_port == 2 * one.generator.no_port);
  BOOST_TEST(sum.wire.probe == 2 * one.wire.probe);
  BOOST_TEST(sum.wire.warm_up == 2 * one.wire.warm_up);
  BOOST_TEST(sum.wire.measured == 2 * one.wire.measured);
  BOOST_TEST(sum.wire.retried == 2 * one.wire.retried);
  BOOST_TEST(sum.wire.cancelled == 2 * one.wire.cancelled);
  BOOST_TEST(sum.send_lag.count() == 2u);
  BOOST_TEST_REQUIRE(sum.kinds.size() == one.kinds.size());
  for (std::size_t k = 0; k < one.kinds.size(); ++k) {
    BOOST_TEST(sum.kinds[k].kind == one.kinds[k].kind);
    for (std::size_t i = 0; i < outcome_count; ++i)
      BOOST_TEST(sum.kinds[k].outcomes[i] == 2 * one.kinds[k].outcomes[i]);
    BOOST_TEST(sum.kinds[k].bytes_in == 2 * one.kinds[k].bytes_in);
    BOOST_TEST(sum.kinds[k].bytes_out == 2 * one.kinds[k].bytes_out);
    BOOST_TEST(sum.kinds[k].latency.count() == 2000u);
    BOOST_TEST(sum.kinds[k].latency.value_at(99) == one.kinds[k].latency.value_at(99));
    BOOST_TEST(sum.kinds[k].marks[1].count() == 10u);
    BOOST_TEST((sum.kinds[k].codes ==
                std::vector<std::pair<std::int64_t, std::uint64_t>>{{503, 8}, {-111, 4}}));
  }
}

BOOST_AUTO_TEST_CASE(kinds_of_only_one_worker_are_kept_and_codes_stay_bounded) {
  IntervalFrame sum;
  for (std::int64_t worker = 0; worker < 4; ++worker) {
    IntervalFrame one;
    KindInterval kind;
    kind.kind = worker == 3 ? 1 : 0;
    for (std::int64_t code = 1; code <= 10; ++code) kind.codes.emplace_back(100 * worker + code, 2);
    one.kinds.push_back(std::move(kind));
    add(sum, one);
  }
  BOOST_TEST_REQUIRE(sum.kinds.size() == 2u);
  BOOST_TEST(sum.kinds[1].kind == 1u);
  BOOST_TEST(sum.kinds[0].codes.size() == 16u);
  BOOST_TEST(sum.kinds[0].codes.back().first == 0);  // the others
  BOOST_TEST(sum.kinds[0].codes.back().second == 30u);
  BOOST_TEST(!!decode_interval(encode(sum)));
}

BOOST_AUTO_TEST_SUITE_END()
