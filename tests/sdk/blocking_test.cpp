// SPDX-License-Identifier: Apache-2.0
#include "ordeal/blocking.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "ordeal/testing/fake_host.hpp"

using ordeal::BlockingPool;
using ordeal::Host;
using ordeal::testing::FakeHost;

BOOST_AUTO_TEST_SUITE(blocking)

BOOST_AUTO_TEST_CASE(work_runs_elsewhere_and_done_here) {
  FakeHost fake;
  const Host host(fake.handle());
  const auto here = std::this_thread::get_id();
  int results = 0;
  int sum = 0;
  bool all_here = true;
  std::set<std::thread::id> workers;
  BlockingPool pool(host, 3);
  for (int i = 1; i <= 200; ++i) {
    pool.run([i] { return std::make_pair(i, std::this_thread::get_id()); },
             [&](const std::exception_ptr& error, std::pair<int, std::thread::id> result) {
               ++results;
               if (error == nullptr) sum += result.first;
               workers.insert(result.second);
               all_here = all_here && std::this_thread::get_id() == here;
             });
  }
  BOOST_REQUIRE(fake.run_until([&] { return results == 200; }));
  BOOST_TEST(sum == 20100);
  BOOST_TEST(all_here);
  BOOST_TEST(workers.count(here) == 0U);
  BOOST_TEST(workers.size() <= 3U);
  BOOST_TEST(pool.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(one_thread_keeps_the_order) {
  FakeHost fake;
  const Host host(fake.handle());
  std::string order;
  BlockingPool pool(host, 1);
  for (const char letter : std::string("abcdef")) {
    pool.run([letter] { return letter; },
             [&](const std::exception_ptr&, char result) { order += result; });
  }
  BOOST_REQUIRE(fake.run_until([&] { return order.size() == 6; }));
  BOOST_TEST(order == "abcdef");
}

BOOST_AUTO_TEST_CASE(what_work_throws_reaches_done) {
  FakeHost fake;
  const Host host(fake.handle());
  std::string message;
  bool finished = false;
  BlockingPool pool(host, 2);
  pool.run([]() -> int { throw std::runtime_error("refused by the library"); },
           [&](const std::exception_ptr& error, int result) {
             try {
               if (error != nullptr) std::rethrow_exception(error);
             } catch (const std::exception& caught) {
               message = caught.what() + std::to_string(result);
             }
           });
  pool.run([] {}, [&](const std::exception_ptr& error) { finished = error == nullptr; });
  BOOST_REQUIRE(fake.run_until([&] { return finished && !message.empty(); }));
  BOOST_TEST(message == "refused by the library0");
}

BOOST_AUTO_TEST_CASE(destruction_waits_for_work_and_drops_the_rest) {
  FakeHost fake;
  const Host host(fake.handle());
  std::atomic<bool> begun{false};
  std::atomic<bool> release{false};
  std::atomic<bool> ended{false};
  std::atomic<int> more{0};
  int done = 0;
  std::thread releaser;
  {
    BlockingPool pool(host, 1);
    pool.run(
        [&] {
          begun = true;
          while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
          ended = true;
        },
        [&](const std::exception_ptr&) { ++done; });
    for (int i = 0; i < 10; ++i) {
      pool.run([&] { ++more; }, [&](const std::exception_ptr&) { ++done; });
    }
    BOOST_REQUIRE(fake.run_until([&] { return begun.load(); }));
    BOOST_TEST(pool.waiting() == 10U);
    fake.reactor().close();  // as a host does when it destroys an instance
    releaser = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      release = true;
    });
  }
  BOOST_TEST(ended);
  BOOST_TEST(more == 0);
  BOOST_TEST(done == 0);
  releaser.join();
}

BOOST_AUTO_TEST_CASE(a_full_post_queue_only_delays) {
  FakeHost fake;
  const Host host(fake.handle());
  struct Nothing {
    void run() noexcept {}
  } nothing;
  while (host.post<&Nothing::run>(&nothing) == ORDEAL_OK) {
  }
  std::atomic<bool> worked{false};
  bool done = false;
  BlockingPool pool(host, 1);
  pool.run([&] { worked = true; }, [&](const std::exception_ptr&) { done = true; });
  while (!worked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  BOOST_TEST(!done);
  BOOST_TEST(fake.run_until([&] { return done; }));
}

BOOST_AUTO_TEST_SUITE_END()
