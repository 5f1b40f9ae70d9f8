// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "bus/bus.h"

using namespace ordeal;

namespace {

bool readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stop_flag)

BOOST_AUTO_TEST_CASE(the_level_only_rises) {
  StopFlag flag;
  BOOST_TEST((flag.level() == StopFlag::Level::run));
  BOOST_TEST(!readable(flag.fd()));
  flag.order(StopFlag::Level::run);
  BOOST_TEST(!readable(flag.fd()));
  flag.order(StopFlag::Level::stop);
  BOOST_TEST((flag.level() == StopFlag::Level::stop));
  BOOST_TEST(readable(flag.fd()));
  flag.order(StopFlag::Level::abort);
  flag.order(StopFlag::Level::stop);
  BOOST_TEST((flag.level() == StopFlag::Level::abort));
  BOOST_TEST(readable(flag.fd()));
}

BOOST_AUTO_TEST_CASE(it_overtakes_a_bus_that_is_stuck) {
  const SystemClock clock;
  const auto bus =
      Bus::make({{"control/1", Overflow::control, 1}}, clock, 4, std::chrono::milliseconds(10));
  const auto subscribed = bus->subscribe("stuck", {"control/1"}, 2);
  BOOST_TEST_REQUIRE(!!subscribed);
  bus->start();
  while (bus->publish(0, {})) continue;
  // The ring is full and the bus has failed: an order still gets through, to a waiting thread too.
  BOOST_TEST(bus->failed());
  StopFlag flag;
  std::atomic<bool> seen{false};
  std::thread waits([&] {
    pollfd p{flag.fd(), POLLIN, 0};
    seen = ::poll(&p, 1, 60'000) == 1 && flag.level() == StopFlag::Level::stop;
  });
  flag.order(StopFlag::Level::stop);
  waits.join();
  BOOST_TEST(seen);
}

BOOST_AUTO_TEST_CASE(orders_of_many_threads_end_at_the_highest) {
  for (int round = 0; round < 50; ++round) {
    StopFlag flag;
    std::vector<std::thread> threads;
    for (const auto level : {StopFlag::Level::stop, StopFlag::Level::abort, StopFlag::Level::run})
      threads.emplace_back([&flag, level] { flag.order(level); });
    for (auto& thread : threads) thread.join();
    BOOST_TEST_REQUIRE((flag.level() == StopFlag::Level::abort));
  }
}

BOOST_AUTO_TEST_SUITE_END()
