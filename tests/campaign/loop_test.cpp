// SPDX-License-Identifier: Apache-2.0
#include "campaign/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "base/unique_fd.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t long_enough = 20'000 * ms;

/// Goes on by `step` whenever it is read, and by as much as a test says.
class SteppedClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return now += 100'000; }
  [[nodiscard]] std::uint64_t wall_ns() const override { return now; }
  mutable std::uint64_t now = 1'000 * ms;
};

struct Pipe {
  Pipe() {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    out = UniqueFd(ends[0]);
    in = UniqueFd(ends[1]);
  }
  void fill() const { BOOST_REQUIRE(::write(in.get(), "x", 1) == 1); }
  UniqueFd out;
  UniqueFd in;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(loop)

BOOST_AUTO_TEST_CASE(a_readable_descriptor_calls_its_handler) {
  const SystemClock clock;
  Loop loop(clock);
  const Pipe pipe;
  pipe.fill();
  short seen = 0;
  loop.watch(pipe.out.get(), POLLIN, [&](short events) { seen = events; });
  BOOST_TEST(loop.run_until([&] { return seen != 0; }, loop.now() + long_enough));
  BOOST_TEST((seen & POLLIN) != 0);
}

BOOST_AUTO_TEST_CASE(handlers_may_remove_themselves_and_others) {
  const SystemClock clock;
  Loop loop(clock);
  const Pipe first;
  const Pipe second;
  first.fill();
  second.fill();
  int calls = 0;
  Loop::Id ids[2] = {};
  const auto remove_both = [&](short) {
    ++calls;
    loop.remove(ids[0]);
    loop.remove(ids[1]);
  };
  ids[0] = loop.watch(first.out.get(), POLLIN, remove_both);
  ids[1] = loop.watch(second.out.get(), POLLIN, remove_both);
  int rounds = 0;
  loop.every(ms, [&] { ++rounds; });
  loop.run_until([&] { return rounds > 3; }, loop.now() + long_enough);
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_handler_may_add_handlers_and_tasks) {
  const SystemClock clock;
  Loop loop(clock);
  const Pipe pipe;
  pipe.fill();
  bool inner = false;
  bool task = false;
  Loop::Id outer = 0;
  outer = loop.watch(pipe.out.get(), POLLIN, [&](short) {
    loop.remove(outer);
    for (int i = 0; i < 100; ++i) loop.remove(loop.watch(pipe.out.get(), POLLIN, [](short) {}));
    loop.watch(pipe.out.get(), POLLIN, [&](short) { inner = true; });
    loop.every(ms, [&] { task = true; });
  });
  BOOST_TEST(loop.run_until([&] { return inner && task; }, loop.now() + long_enough));
}

BOOST_AUTO_TEST_CASE(what_is_watched_for_can_change) {
  const SystemClock clock;
  Loop loop(clock);
  const Pipe pipe;
  int calls = 0;
  const auto id = loop.watch(pipe.in.get(), 0, [&](short) { ++calls; });
  BOOST_TEST(!loop.run_until([&] { return calls > 0; }, loop.now() + 5 * ms));
  loop.change(id, POLLOUT);
  BOOST_TEST(loop.run_until([&] { return calls > 0; }, loop.now() + long_enough));
  loop.change(id + 1000, POLLOUT);  // nobody's: no harm
}

BOOST_AUTO_TEST_CASE(tasks_come_once_a_period_from_one_period_on) {
  const SteppedClock clock;
  Loop loop(clock);
  const std::uint64_t start = clock.now;
  std::vector<std::uint64_t> calls;
  loop.every(ms, [&] { calls.push_back(clock.now); });
  BOOST_TEST(loop.run_until([&] { return calls.size() == 5; }, start + 1'000 * ms));
  BOOST_TEST(calls.front() >= start + ms);
  BOOST_TEST(calls.back() < start + 10 * ms);
}

BOOST_AUTO_TEST_CASE(late_calls_are_not_made_up_for) {
  const SteppedClock clock;
  Loop loop(clock);
  std::vector<std::uint64_t> calls;
  loop.every(2 * ms, [&] {
    calls.push_back(clock.now);
    if (calls.size() == 1) clock.now += 50 * ms;  // something else took long
  });
  BOOST_REQUIRE(loop.run_until([&] { return calls.size() == 4; }, clock.now + 1'000 * ms));
  for (std::size_t i = 1; i < calls.size(); ++i) BOOST_TEST(calls[i] - calls[i - 1] >= ms);
}

BOOST_AUTO_TEST_CASE(tasks_may_remove_themselves_and_others) {
  const SteppedClock clock;
  Loop loop(clock);
  int calls = 0;
  Loop::Id ids[2] = {};
  const auto remove_both = [&] {
    ++calls;
    loop.remove(ids[0]);
    loop.remove(ids[1]);
  };
  ids[0] = loop.every(ms, remove_both);
  ids[1] = loop.every(ms, remove_both);
  BOOST_TEST(!loop.run_until([] { return false; }, clock.now + 10 * ms));
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(the_deadline_ends_it) {
  const SystemClock clock;
  Loop loop(clock);
  const std::uint64_t deadline = loop.now() + 20 * ms;
  BOOST_TEST(!loop.run_until([] { return false; }, deadline));
  BOOST_TEST(loop.now() >= deadline);
}

BOOST_AUTO_TEST_CASE(what_is_done_already_serves_nothing) {
  const SystemClock clock;
  Loop loop(clock);
  const Pipe pipe;
  pipe.fill();
  bool called = false;
  loop.watch(pipe.out.get(), POLLIN, [&](short) { called = true; });
  BOOST_TEST(loop.run_until([] { return true; }, 0));
  BOOST_TEST(!loop.run_until([] { return false; }, 0));
  BOOST_TEST(!called);
}

BOOST_AUTO_TEST_SUITE_END()
