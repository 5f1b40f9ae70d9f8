// SPDX-License-Identifier: Apache-2.0
// ordeal::Host over the fake host, and the fake host's own services.
#include "ordeal/host.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "ordeal/testing/fake_host.hpp"

using ordeal::Host;
using ordeal::testing::FakeHost;

namespace {

struct Watcher {
  void on_io(std::uint32_t events) noexcept {
    ready |= events;
    ++calls;
  }
  void on_time() noexcept { ++fired; }
  void on_event(const ordeal_event& event) noexcept {
    body = std::string(ordeal::abi::view(event.body));
  }
  std::uint32_t ready = 0;
  int calls = 0;
  int fired = 0;
  std::string body;
};

struct Pair {
  Pair() {
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd.data()) ==
                  0);
  }
  ~Pair() {
    for (const int one : fd) {
      if (one >= 0) ::close(one);
    }
  }
  std::array<int, 2> fd{-1, -1};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(host)

BOOST_AUTO_TEST_CASE(log_and_error_reach_the_host) {
  FakeHost fake;
  const Host host(fake.handle());
  host.debug("one");
  host.error("two");
  host.set_error("because");
  BOOST_REQUIRE(fake.log().size() == 2U);
  BOOST_TEST(fake.log()[0].severity == static_cast<std::uint32_t>(ORDEAL_LOG_DEBUG));
  BOOST_TEST(fake.logged("two", ORDEAL_LOG_ERROR));
  BOOST_TEST(!fake.logged("one", ORDEAL_LOG_ERROR));
  BOOST_TEST(fake.take_error() == "because");
  BOOST_TEST(fake.error().empty());
}

BOOST_AUTO_TEST_CASE(a_host_without_services) {
  FakeHost fake;
  for (const char* id : {ORDEAL_HOST_LOG, ORDEAL_HOST_CLOCK, ORDEAL_HOST_REACTOR,
                         ORDEAL_HOST_METRICS, ORDEAL_HOST_BUS, ORDEAL_HOST_PROCESS}) {
    fake.withhold(id);
  }
  const Host host(fake.handle());
  Watcher watcher;
  std::uint64_t id = 0;
  std::uint32_t index = 0;
  host.info("lost");
  BOOST_TEST(host.now_ns() > 0U);
  BOOST_TEST(host.wall_ns() > 1'500'000'000'000'000'000U);
  BOOST_TEST(host.watch<&Watcher::on_io>(0, ORDEAL_IO_READ, &watcher, &id) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.timer<&Watcher::on_time>(1, &watcher, &id) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.post<&Watcher::on_time>(&watcher) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.rewatch(1, 1) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.unwatch(1) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.cancel_timer(1) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.declare({}, &index) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.record(0, "", 1) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.publish("x", nullptr, 0) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.subscribe<&Watcher::on_event>("x", &watcher) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(host.signal_process(1, 15) == ORDEAL_E_UNSUPPORTED);
  BOOST_TEST(fake.log().empty());
}

BOOST_AUTO_TEST_CASE(extension_ids_are_compared_exactly) {
  FakeHost fake;
  const Host host(fake.handle());
  BOOST_TEST(host.extension(ORDEAL_HOST_LOG) != nullptr);
  BOOST_TEST(host.extension("ordeal.host.log/1x") == nullptr);
  BOOST_TEST(host.extension("ordeal.host.log/2") == nullptr);
  BOOST_TEST(host.extension("") == nullptr);
}

BOOST_AUTO_TEST_CASE(descriptors_wake_the_watcher) {
  FakeHost fake;
  const Host host(fake.handle());
  Watcher watcher;
  Pair pair;
  std::uint64_t id = 0;
  BOOST_REQUIRE(host.watch<&Watcher::on_io>(pair.fd[0], ORDEAL_IO_READ, &watcher, &id) ==
                ORDEAL_OK);
  BOOST_TEST(id != 0U);
  std::uint64_t again = 0;
  BOOST_TEST(host.watch<&Watcher::on_io>(pair.fd[0], ORDEAL_IO_READ, &watcher, &again) ==
             ORDEAL_E_STATE);
  fake.run_ready();
  BOOST_TEST(watcher.calls == 0);
  BOOST_REQUIRE(::write(pair.fd[1], "x", 1) == 1);
  BOOST_TEST(fake.run_until([&] { return watcher.calls > 0; }));
  BOOST_TEST((watcher.ready & ORDEAL_IO_READ) != 0U);
  BOOST_TEST((watcher.ready & ORDEAL_IO_WRITE) == 0U);
  BOOST_TEST(host.rewatch(id, ORDEAL_IO_WRITE) == ORDEAL_OK);
  watcher.ready = 0;
  fake.reactor().run_once(1000);
  BOOST_TEST((watcher.ready & ORDEAL_IO_WRITE) != 0U);
  BOOST_TEST(host.unwatch(id) == ORDEAL_OK);
  BOOST_TEST(host.unwatch(id) == ORDEAL_E_NOT_FOUND);
  const int before = watcher.calls;
  fake.run_ready();
  BOOST_TEST(watcher.calls == before);
}

BOOST_AUTO_TEST_CASE(timers_follow_a_frozen_clock) {
  FakeHost fake;
  fake.clock().freeze(1000);
  const Host host(fake.handle());
  BOOST_TEST(host.now_ns() == 1000U);
  Watcher watcher;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  BOOST_REQUIRE(host.timer<&Watcher::on_time>(1500, &watcher, &first) == ORDEAL_OK);
  BOOST_REQUIRE(host.timer<&Watcher::on_time>(2500, &watcher, &second) == ORDEAL_OK);
  fake.run_ready();
  BOOST_TEST(watcher.fired == 0);
  fake.clock().advance(500);
  fake.run_ready();
  BOOST_TEST(watcher.fired == 1);
  BOOST_TEST(host.cancel_timer(first) == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(host.cancel_timer(second) == ORDEAL_OK);
  fake.clock().advance(5000);
  fake.run_ready();
  BOOST_TEST(watcher.fired == 1);
}

BOOST_AUTO_TEST_CASE(real_timers_fire) {
  FakeHost fake;
  const Host host(fake.handle());
  Watcher watcher;
  std::uint64_t id = 0;
  const std::uint64_t at = host.now_ns() + 5'000'000;
  BOOST_REQUIRE(host.timer<&Watcher::on_time>(at, &watcher, &id) == ORDEAL_OK);
  BOOST_TEST(fake.run_until([&] { return watcher.fired == 1; }));
  BOOST_TEST(host.now_ns() >= at);
}

BOOST_AUTO_TEST_CASE(posts_from_other_threads_arrive_on_this_one) {
  FakeHost fake;
  const Host host(fake.handle());
  Watcher watcher;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      if (host.post<&Watcher::on_time>(&watcher) != ORDEAL_OK) return;
    }
  });
  BOOST_TEST(fake.run_until([&] { return watcher.fired == 100; }));
  other.join();
  fake.reactor().close();
  BOOST_TEST(host.post<&Watcher::on_time>(&watcher) == ORDEAL_E_STATE);
}

BOOST_AUTO_TEST_CASE(metrics_and_bus) {
  FakeHost fake;
  const Host host(fake.handle());
  ordeal_metric_info info{};
  info.struct_size = sizeof info;
  info.name = ordeal::abi::str("sample_depth");
  info.labels = ordeal::abi::str("queue");
  std::uint32_t index = 0;
  BOOST_REQUIRE(host.declare(info, &index) == ORDEAL_OK);
  BOOST_TEST(host.record(index, "in", 3) == ORDEAL_OK);
  BOOST_TEST(host.record(index, "in", 4) == ORDEAL_OK);
  BOOST_TEST(host.record(index + 1, "in", 4) == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(fake.recorded().at("sample_depth{in}") == 4);

  Watcher watcher;
  BOOST_REQUIRE(host.subscribe<&Watcher::on_event>("phase/1", &watcher) == ORDEAL_OK);
  BOOST_TEST(fake.deliver("phase/1", "", "warm-up") == 1U);
  BOOST_TEST(watcher.body == "warm-up");
  BOOST_TEST(host.publish("mine/1", "abc", 3, "{}") == ORDEAL_OK);
  BOOST_REQUIRE(fake.published().size() == 1U);
  BOOST_TEST(fake.published()[0].payload == "abc");
  const std::array<char, 300> large{};
  BOOST_TEST(host.publish("mine/1", large.data(), large.size()) == ORDEAL_E_LIMIT);
}

BOOST_AUTO_TEST_CASE(topics_as_the_manifest_declares_them) {
  FakeHost fake;
  fake.declare_topics({"com.acme/out"}, {"com.acme/other", "com.acme/in"});
  const Host host(fake.handle());
  struct Point {
    int x, y;
  };
  struct Reader {
    void on_event(const ordeal_event& event) noexcept {
      topic = event.topic;
      ok = ordeal::abi::payload_as(event, point);
      int other = 0;
      BOOST_TEST(!ordeal::abi::payload_as(event, other));
    }
    std::uint32_t topic = 9;
    bool ok = false;
    Point point{};
  } reader;
  BOOST_TEST(host.publish("com.acme/in", nullptr, 0) == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(host.publish("com.acme/out", nullptr, 1) == ORDEAL_E_INVALID);
  BOOST_TEST(host.subscribe<&Reader::on_event>("com.acme/out", &reader) == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(host.subscribe<&Reader::on_event>("com.acme/in", &reader) == ORDEAL_OK);
  BOOST_TEST(host.subscribe<&Reader::on_event>("com.acme/in", &reader) == ORDEAL_E_STATE);
  BOOST_TEST(host.publish_value("com.acme/out", Point{3, 4}) == ORDEAL_OK);
  BOOST_REQUIRE(fake.published().size() == 1U);
  BOOST_TEST(fake.deliver("com.acme/in", fake.published()[0].payload) == 1U);
  BOOST_TEST(reader.topic == 1U);
  BOOST_TEST(reader.ok);
  BOOST_TEST(reader.point.y == 4);
  for (std::size_t i = 1; i < ORDEAL_EVENTS_PER_SECOND; ++i)
    BOOST_TEST_REQUIRE(host.publish("com.acme/out", nullptr, 0) == ORDEAL_OK);
  BOOST_TEST(host.publish("com.acme/out", nullptr, 0) == ORDEAL_E_LIMIT);
  fake.forget_subscriptions();
  BOOST_TEST(fake.deliver("com.acme/in", "") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
