// SPDX-License-Identifier: Apache-2.0
#include "demo/flaws.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal::demo;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

Options with(Flaw flaw) {
  Options options;
  options.flaw = flaw;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flaws)

BOOST_AUTO_TEST_CASE(none_does_nothing_wrong) {
  Flaws none(with(Flaw::none), 0);
  none.request_served();
  BOOST_TEST(none.leaked_bytes() == 0u);
  BOOST_TEST(none.may_serve(100'000));
  BOOST_TEST(!none.next_stall_ns().has_value());
  BOOST_TEST(none.take_stall(1000 * second) == 0u);
}

BOOST_AUTO_TEST_CASE(leak_loses_memory) {
  Options options = with(Flaw::leak);
  options.leak_per_request = 64u * 1024 * 1024;
  Flaws leak(options, 0);
  leak.request_served();
  BOOST_TEST(leak.leaked_bytes() == options.leak_per_request);
}

BOOST_AUTO_TEST_CASE(knee_limits_what_is_served_at_a_time) {
  Options options = with(Flaw::knee);
  options.concurrency = 4;
  const Flaws knee(options, 0);
  BOOST_TEST(knee.may_serve(3));
  BOOST_TEST(!knee.may_serve(4));
}

BOOST_AUTO_TEST_CASE(stalls_come_at_their_times) {
  Options options = with(Flaw::stall);
  options.stall_every = std::chrono::seconds(10);
  options.stall_for = std::chrono::seconds(1);
  Flaws stall(options, 5 * second);
  BOOST_TEST(stall.next_stall_ns().value() == 15 * second);
  BOOST_TEST(stall.take_stall(14 * second) == 0u);
  BOOST_TEST(stall.take_stall(15 * second) == second);
  BOOST_TEST(stall.next_stall_ns().value() == 25 * second);
  // Woken late, it stalls once and goes on with its beat.
  BOOST_TEST(stall.take_stall(47 * second) == second);
  BOOST_TEST(stall.next_stall_ns().value() == 55 * second);
  BOOST_TEST(stall.stalls() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
