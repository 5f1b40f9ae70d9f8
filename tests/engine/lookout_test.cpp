// SPDX-License-Identifier: Apache-2.0
// The last moment before a timer: the reactor looks out for it instead of sleeping, and the worker
// does not count that as work.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <ctime>
#include <functional>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "engine/reactor.h"
#include "engine/wake_lead.h"
#include "engine/worker.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;
std::uint64_t now() { return SystemClock().monotonic_ns(); }

std::uint64_t cpu_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000 * ms + static_cast<std::uint64_t>(t.tv_nsec);
}

struct Call {
  std::function<void()> fn;
  static void task(void* user) noexcept { static_cast<Call*>(user)->fn(); }
  static void io(void* user, std::uint32_t) noexcept { static_cast<Call*>(user)->fn(); }
};

// Does nothing, and says how long it has looked out.
class IdleReactor final : public Reactor {
 public:
  std::uint64_t lookout_ns = 0;

  std::int32_t watch(int, std::uint32_t, ordeal_io_fn, void*, std::uint64_t*) override {
    return ORDEAL_E_LIMIT;
  }
  std::int32_t rewatch(std::uint64_t, std::uint32_t) override { return ORDEAL_E_NOT_FOUND; }
  std::int32_t unwatch(std::uint64_t) override { return ORDEAL_E_NOT_FOUND; }
  std::int32_t timer(std::uint64_t, ordeal_task_fn, void*, std::uint64_t*) override {
    return ORDEAL_E_LIMIT;
  }
  std::int32_t cancel_timer(std::uint64_t) override { return ORDEAL_E_NOT_FOUND; }
  std::int32_t post(ordeal_task_fn, void*) override { return ORDEAL_E_LIMIT; }
  void defer(ordeal_task_fn, void*) override {}
  void cancel_deferred(void*) override {}
  void run() override {}
  void run_once(std::uint64_t) override {}
  void stop() override {}
  std::uint64_t take_overruns() override { return 0; }
  LoopUse take_loop_use() override { return {0, 0, lookout_ns}; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lookout)

BOOST_AUTO_TEST_CASE(a_timer_is_looked_out_for_and_never_early) {
  auto r = std::move(Reactor::make()).value();
  std::uint64_t fired = 0;
  std::uint64_t early = 0;
  std::uint64_t due = 0;
  Call call{[&] {
    ++fired;
    if (now() < due) ++early;
  }};
  std::uint64_t id = 0;
  std::uint64_t looked = 0;
  const std::uint64_t limit = now() + 10'000 * ms;
  while (looked == 0 && now() < limit) {
    due = now() + ms / 5;
    const std::uint64_t before = fired;
    BOOST_TEST_REQUIRE(r->timer(due, Call::task, &call, &id) == ORDEAL_OK);
    while (fired == before && now() < limit) r->run_once(100 * ms);
    looked = r->take_loop_use().lookout_ns;
  }
  BOOST_TEST(looked > 0u);
  BOOST_TEST(looked <= WakeLead::most_ns);
  BOOST_TEST(early == 0u);
  r->run_once(ms);  // no timer, nothing to look out for
  BOOST_TEST(r->take_loop_use().lookout_ns == 0u);
}

BOOST_AUTO_TEST_CASE(it_ends_when_something_else_comes) {
  auto r = std::move(Reactor::make()).value();
  int fds[2];
  BOOST_TEST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
  const UniqueFd ours(fds[0]);
  const UniqueFd theirs(fds[1]);
  std::uint64_t seen = 0;
  Call io{[&] {
    char byte = 0;
    BOOST_TEST(::read(ours.get(), &byte, 1) == 1);
    ++seen;
  }};
  std::uint64_t watch = 0;
  BOOST_TEST(r->watch(ours.get(), ORDEAL_IO_READ, Call::io, &io, &watch) == ORDEAL_OK);
  std::uint64_t fired = 0;
  Call task{[&] { ++fired; }};
  std::uint64_t id = 0;
  const auto turn_until = [&](std::uint64_t count) {
    while (fired < count) r->run_once(100 * ms);
  };
  for (std::uint64_t i = 1; i <= 100; ++i) {  // it learns
    r->timer(now() + ms / 10, Call::task, &task, &id);
    turn_until(i);
  }
  for (std::uint64_t i = 1; i <= 100; ++i) {
    BOOST_TEST_REQUIRE(::write(theirs.get(), "x", 1) == 1);
    r->timer(now() + 3'000, Call::task, &task, &id);
    turn_until(100 + i);
    BOOST_TEST(seen == i);
  }
}

BOOST_AUTO_TEST_CASE(it_is_not_counted_as_the_generators_work) {
  IdleReactor reactor;
  const SystemClock clock;
  Worker worker(reactor, clock);
  reactor.lookout_ns = 5 * ms;
  const std::uint64_t before = cpu_ns();
  static_cast<void>(worker.swap());
  const std::uint64_t begin = cpu_ns();
  while (cpu_ns() - begin < 20 * ms) {
  }
  const std::uint64_t end = cpu_ns();
  const std::uint64_t counted = worker.swap().generator.cpu_ns;
  const std::uint64_t after = cpu_ns();
  BOOST_TEST(counted + 5 * ms >= end - begin);
  BOOST_TEST(counted + 5 * ms <= after - before);
  reactor.lookout_ns = 1'000 * ms;  // the clocks differ: never below nothing
  BOOST_TEST(worker.swap().generator.cpu_ns == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
