// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "engine/poller.h"
#include "engine/timer_heap.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;
std::uint64_t now() { return SystemClock().monotonic_ns(); }

std::unique_ptr<Reactor> make() { return std::move(Reactor::make()).value(); }

struct Pair {
  UniqueFd a, b;
  Pair() {
    int fds[2];
    BOOST_TEST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    a.reset(fds[0]);
    b.reset(fds[1]);
  }
};

// A callback with a closure. Kept alive by the test.
struct Call {
  std::function<void(std::uint32_t)> fn;
  static void io(void* user, std::uint32_t events) noexcept {
    static_cast<Call*>(user)->fn(events);
  }
  static void task(void* user) noexcept { static_cast<Call*>(user)->fn(0); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reactor)

BOOST_AUTO_TEST_CASE(readiness_and_unwatch) {
  auto r = make();
  Pair pair;
  int calls = 0;
  std::uint32_t seen = 0;
  Call call{[&](std::uint32_t events) {
    ++calls;
    seen = events;
  }};
  std::uint64_t id = 0;
  BOOST_TEST(r->watch(pair.a.get(), ORDEAL_IO_READ, Call::io, &call, &id) == ORDEAL_OK);
  BOOST_TEST(id != 0);
  std::uint64_t second = 0;
  BOOST_TEST(r->watch(pair.a.get(), ORDEAL_IO_READ, Call::io, &call, &second) == ORDEAL_E_INVALID);
  r->run_once(0);
  BOOST_TEST(calls == 0);
  BOOST_TEST_REQUIRE(::write(pair.b.get(), "x", 1) == 1);
  r->run_once(1000 * ms);
  BOOST_TEST(calls == 1);
  BOOST_TEST(seen == ORDEAL_IO_READ);
  BOOST_TEST(r->rewatch(id, ORDEAL_IO_WRITE) == ORDEAL_OK);
  r->run_once(1000 * ms);
  BOOST_TEST(seen == ORDEAL_IO_WRITE);
  BOOST_TEST(r->unwatch(id) == ORDEAL_OK);
  BOOST_TEST(r->unwatch(id) == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(r->rewatch(id, ORDEAL_IO_READ) == ORDEAL_E_NOT_FOUND);
  r->run_once(0);
  BOOST_TEST(calls == 2);
  BOOST_TEST(r->watch(-1, ORDEAL_IO_READ, Call::io, &call, &id) == ORDEAL_E_NOT_FOUND);
}

BOOST_AUTO_TEST_CASE(a_closed_peer_is_reported) {
  auto r = make();
  Pair pair;
  std::uint32_t seen = 0;
  Call call{[&](std::uint32_t events) { seen = events; }};
  std::uint64_t id = 0;
  BOOST_TEST(r->watch(pair.a.get(), ORDEAL_IO_READ, Call::io, &call, &id) == ORDEAL_OK);
  pair.b.reset();
  r->run_once(1000 * ms);
  BOOST_TEST((seen & ORDEAL_IO_HANGUP) != 0u);
}

BOOST_AUTO_TEST_CASE(unwatching_another_in_the_same_batch_silences_it) {
  auto r = make();
  Pair one;
  Pair two;
  std::uint64_t ids[2] = {};
  int calls = 0;
  Call calls_both[2];
  for (int i = 0; i < 2; ++i) {
    calls_both[i].fn = [&, i](std::uint32_t) {
      ++calls;
      r->unwatch(ids[1 - i]);
    };
    r->watch((i == 0 ? one : two).a.get(), ORDEAL_IO_WRITE, Call::io, &calls_both[i], &ids[i]);
  }
  r->run_once(1000 * ms);
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(timers_in_order_never_early_and_cancellable) {
  auto r = make();
  std::vector<int> order;
  std::vector<Call> calls(4);
  const std::uint64_t start = now();
  std::uint64_t early = 0;
  std::uint64_t ids[4];
  const std::uint64_t delays[4] = {6 * ms, 2 * ms, 4 * ms, 2 * ms};
  for (int i = 0; i < 4; ++i) {
    calls[static_cast<std::size_t>(i)].fn = [&, i](std::uint32_t) {
      if (now() < start + delays[i]) ++early;
      order.push_back(i);
    };
    BOOST_TEST(r->timer(start + delays[i], Call::task, &calls[static_cast<std::size_t>(i)],
                        &ids[i]) == ORDEAL_OK);
  }
  BOOST_TEST(r->cancel_timer(ids[2]) == ORDEAL_OK);
  BOOST_TEST(r->cancel_timer(ids[2]) == ORDEAL_E_NOT_FOUND);
  while (order.size() < 3 && now() < start + 5'000 * ms) r->run_once(100 * ms);
  BOOST_TEST(order == (std::vector<int>{1, 3, 0}), boost::test_tools::per_element());
  BOOST_TEST(early == 0u);
  BOOST_TEST(r->cancel_timer(ids[0]) == ORDEAL_E_NOT_FOUND);
}

BOOST_AUTO_TEST_CASE(cancelled_timers_do_not_pile_up) {
  TimerHeap heap;
  const std::uint64_t keep = heap.add(1, Call::task, nullptr);
  for (std::uint64_t i = 0; i < 100'000; ++i) heap.cancel(heap.add(i, Call::task, nullptr));
  BOOST_TEST(heap.waiting() == 1u);
  BOOST_TEST(heap.stored() < 1000u);
  BOOST_TEST(heap.next_ns() == 1u);
  BOOST_TEST(heap.take(0).fn == nullptr);
  BOOST_TEST(heap.take(1).fn == Call::task);
  BOOST_TEST(!heap.cancel(keep));
  BOOST_TEST(heap.next_ns() == UINT64_MAX);
}

BOOST_AUTO_TEST_CASE(a_timer_that_sets_itself_does_not_starve_descriptors) {
  auto r = make();
  Pair pair;
  bool readable = false;
  Call io{[&](std::uint32_t) { readable = true; }};
  std::uint64_t id = 0;
  r->watch(pair.a.get(), ORDEAL_IO_READ, Call::io, &io, &id);
  Call again;
  std::uint64_t timer = 0;
  again.fn = [&](std::uint32_t) { r->timer(0, Call::task, &again, &timer); };
  r->timer(0, Call::task, &again, &timer);
  BOOST_TEST_REQUIRE(::write(pair.b.get(), "x", 1) == 1);
  for (int i = 0; i < 3 && !readable; ++i) r->run_once(100 * ms);
  BOOST_TEST(readable);
  r->cancel_timer(timer);
}

BOOST_AUTO_TEST_CASE(posts_from_other_threads_arrive_in_order) {
  auto r = make();
  constexpr int threads = 4;
  constexpr int each = 2'000;
  struct Task {
    std::vector<int>* seen;
    int number;
  };
  std::vector<int> seen[threads];
  std::vector<std::vector<Task>> tasks(threads);
  for (int t = 0; t < threads; ++t)
    for (int i = 0; i < each; ++i) tasks[static_cast<std::size_t>(t)].push_back({&seen[t], i});
  std::vector<std::thread> posters;
  for (auto& mine : tasks)
    posters.emplace_back([&r, &mine] {
      for (Task& task : mine)
        while (r->post(
                   [](void* user) noexcept {
                     auto& done = *static_cast<Task*>(user);
                     done.seen->push_back(done.number);
                   },
                   &task) == ORDEAL_E_LIMIT)
          std::this_thread::yield();
    });
  const std::uint64_t limit = now() + 20'000 * ms;
  const auto total = [&] {
    std::size_t n = 0;
    for (const auto& s : seen) n += s.size();
    return n;
  };
  while (total() < threads * each && now() < limit) r->run_once(10 * ms);
  for (auto& poster : posters) poster.join();
  for (const auto& s : seen) {
    BOOST_TEST_REQUIRE(s.size() == each);
    for (int i = 0; i < each; ++i) BOOST_TEST_REQUIRE(s[static_cast<std::size_t>(i)] == i);
  }
}

BOOST_AUTO_TEST_CASE(posts_are_bounded) {
  auto r = make();
  Call nothing{[](std::uint32_t) {}};
  std::int32_t status = ORDEAL_OK;
  int posted = 0;
  while (posted < 100'000 && (status = r->post(Call::task, &nothing)) == ORDEAL_OK) ++posted;
  BOOST_TEST(posted == 65'536);
  BOOST_TEST(status == ORDEAL_E_LIMIT);
  r->run_once(0);
  BOOST_TEST(r->post(Call::task, &nothing) == ORDEAL_OK);
}

BOOST_AUTO_TEST_CASE(stop_from_another_thread_ends_run) {
  auto r = make();
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    r->stop();
  });
  r->run();
  other.join();
  r->stop();  // and a stop before run ends that run at once
  r->run();
}

BOOST_AUTO_TEST_CASE(deferred_tasks_run_before_the_next_callback) {
  auto r = make();
  Pair one;
  Pair two;
  std::vector<std::string> order;
  Call deferred{[&](std::uint32_t) { order.emplace_back("deferred"); }};
  Call forgotten{[&](std::uint32_t) { order.emplace_back("forgotten"); }};
  Call io{[&](std::uint32_t) {
    order.emplace_back("io");
    r->defer(Call::task, &deferred);
    r->defer(Call::task, &forgotten);
    r->cancel_deferred(&forgotten);
  }};
  std::uint64_t ids[2];
  r->watch(one.a.get(), ORDEAL_IO_WRITE, Call::io, &io, &ids[0]);
  r->watch(two.a.get(), ORDEAL_IO_WRITE, Call::io, &io, &ids[1]);
  r->run_once(1000 * ms);
  BOOST_TEST(order == (std::vector<std::string>{"io", "deferred", "io", "deferred"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_task_that_defers_itself_does_not_starve_the_rest) {
  auto r = make();
  int turns = 0;
  bool timer_fired = false;
  Call again;
  again.fn = [&](std::uint32_t) {
    ++turns;
    r->defer(Call::task, &again);
  };
  r->defer(Call::task, &again);
  Call timer{[&](std::uint32_t) { timer_fired = true; }};
  std::uint64_t id = 0;
  r->timer(now() + ms, Call::task, &timer, &id);
  const std::uint64_t limit = now() + 5'000 * ms;
  while (!timer_fired && now() < limit) r->run_once(1000 * ms);
  BOOST_TEST(timer_fired);
  BOOST_TEST(turns > 0);
  r->cancel_deferred(&again);
}

BOOST_AUTO_TEST_CASE(slow_callbacks_are_counted) {
  auto r = make();
  Call slow{[](std::uint32_t) { std::this_thread::sleep_for(std::chrono::milliseconds(150)); }};
  Call quick{[](std::uint32_t) {}};
  std::uint64_t id = 0;
  r->timer(0, Call::task, &slow, &id);
  r->timer(0, Call::task, &quick, &id);
  r->run_once(0);
  BOOST_TEST(r->take_overruns() == 1u);
  BOOST_TEST(r->take_overruns() == 0u);
}

BOOST_AUTO_TEST_CASE(both_ways_of_waiting_keep_the_time) {
  for (const bool pwait2 : {true, false}) {
    auto poller = Poller::make(pwait2);
    BOOST_TEST_REQUIRE(static_cast<bool>(poller));
    Pair pair;
    BOOST_TEST(poller->add(pair.a.get(), EPOLLIN, 7) == 0);
    const std::uint64_t start = now();
    BOOST_TEST(poller->wait(2 * ms).empty());
    BOOST_TEST(now() - start >= 2 * ms);
    BOOST_TEST(now() - start < 1'000 * ms);
    BOOST_TEST_REQUIRE(::write(pair.b.get(), "x", 1) == 1);
    const auto events = poller->wait(UINT64_MAX);
    BOOST_TEST_REQUIRE(events.size() == 1u);
    const std::uint64_t data = events[0].data.u64;  // a copy: the struct is packed
    BOOST_TEST(data == 7u);
    BOOST_TEST(poller->wait(0).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_slow_callback_shows_as_loop_use) {
  auto r = make();
  Pair pair;
  Call call{[&](std::uint32_t) {
    for (const std::uint64_t end = now() + 80 * ms; now() < end;) {
    }
    char byte = 0;
    BOOST_TEST(::read(pair.a.get(), &byte, 1) == 1);
  }};
  std::uint64_t id = 0;
  BOOST_TEST(r->watch(pair.a.get(), ORDEAL_IO_READ, Call::io, &call, &id) == ORDEAL_OK);
  r->run_once(1 * ms);
  static_cast<void>(r->take_loop_use());
  BOOST_TEST(::write(pair.b.get(), "x", 1) == 1);
  r->run_once(100 * ms);
  const Reactor::LoopUse slow = r->take_loop_use();
  BOOST_TEST(slow.longest_ns >= 70 * ms);  // the coarse clock: 10 ms at 100 Hz
  BOOST_TEST(slow.late_ns == slow.longest_ns);
  r->run_once(1 * ms);
  BOOST_TEST(r->take_loop_use().late_ns == 0u);
}

BOOST_AUTO_TEST_CASE(full_batches_in_a_row_are_one_stretch) {
  auto r = make();
  std::vector<Pair> pairs(Poller::batch + 40);
  int calls = 0;
  Call call{[&](std::uint32_t) {
    ++calls;
    for (const std::uint64_t end = now() + ms / 4; now() < end;) {
    }
  }};
  for (const Pair& pair : pairs) {
    std::uint64_t id = 0;
    BOOST_TEST(r->watch(pair.a.get(), ORDEAL_IO_READ, Call::io, &call, &id) == ORDEAL_OK);
    BOOST_TEST(::write(pair.b.get(), "x", 1) == 1);
  }
  // Never read: all stay ready, and each turn takes as many as it can.
  while (calls < 2 * Poller::batch) r->run_once(1 * ms);
  const Reactor::LoopUse use = r->take_loop_use();
  BOOST_TEST(use.longest_ns >= 2 * Poller::batch * (ms / 4) - 20 * ms);
  BOOST_TEST(use.late_ns >= use.longest_ns);
}

BOOST_AUTO_TEST_SUITE_END()
