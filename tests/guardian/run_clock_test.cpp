// SPDX-License-Identifier: Apache-2.0
// Clocks that step under a running guardian: only the injected ones do.
#include <fcntl.h>
#include <sys/mman.h>

#include <new>

#include "guarded_run.h"
#include "guardian/run_clock.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

constexpr std::int64_t hour = 3'600'000'000'000;

struct ShiftedRun : GuardedRun {
  ShiftedRun() {
    options.clock_shift = dir + "/shift";
    const UniqueFd fd(::open(options.clock_shift.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    BOOST_REQUIRE_EQUAL(::ftruncate(fd.get(), sizeof(ClockShift)), 0);
    void* map =
        ::mmap(nullptr, sizeof(ClockShift), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    BOOST_REQUIRE(map != MAP_FAILED);
    shift = new (map) ClockShift;
  }
  ~ShiftedRun() { ::munmap(shift, sizeof(ClockShift)); }
  [[nodiscard]] std::size_t blind() const {
    std::size_t count = 0;
    for (const auto& record : evidence()) count += record.type == "blind" ? 1 : 0;
    return count;
  }
  ClockShift* shift = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(run_clock)

BOOST_AUTO_TEST_CASE(waking_up_kills_no_healthy_run) {
  ShiftedRun run;
  run.control({"--load", run.hostile_tree(), "--finish-after", "2500", "0"});
  run.start();
  run.wait_for_tree();
  for (int i = 1; i <= 3; ++i) {
    run.shift->boot_ns = i * hour;  // slept for an hour
    BOOST_CHECK(eventually([&] { return run.blind() == static_cast<std::size_t>(i); }, 2000));
  }
  BOOST_CHECK_EQUAL(run.wait(), 0);
  BOOST_CHECK_EQUAL(run.last("limit").seq, 0);
  BOOST_CHECK_EQUAL(run.last("controller_silent").seq, 0);
}

BOOST_AUTO_TEST_CASE(sleep_gives_back_the_time_for_reports_but_counts_for_the_duration) {
  ShiftedRun run;
  run.options.max_duration_ns = static_cast<std::uint64_t>(2 * hour);
  run.control({"--load", run.hostile_tree(), "--ignore-stop"});
  run.start();
  run.wait_for_tree();
  run.shift->boot_ns = hour;
  BOOST_CHECK(eventually([&] { return run.blind() == 1; }, 2000));
  BOOST_CHECK_EQUAL(run.last("limit").seq, 0);
  run.shift->boot_ns = 3 * hour;
  BOOST_CHECK_EQUAL(run.wait(8000), 111);
  BOOST_CHECK_NE(run.last("limit").text.find("duration: 108"), std::string::npos);

  ShiftedRun stopped;
  stopped.control({"--load", stopped.hostile_tree(), "--ignore-stop"});
  stopped.start();
  stopped.wait_for_tree();
  stopped.signal(SIGTERM);
  BOOST_CHECK(eventually([&] { return stopped.last("stop_requested").seq != 0; }));
  stopped.shift->boot_ns = hour;
  BOOST_CHECK(eventually([&] { return stopped.blind() == 1; }, 2000));
  // 12 s for the reports are left of it, not none.
  BOOST_CHECK(eventually([&] { return stopped.marked() == 0; }, 5000));
  BOOST_CHECK(!pidfd_ended(stopped.guardian.pidfd.get()));
}

BOOST_AUTO_TEST_CASE(steps_backwards_stop_no_check) {
  ShiftedRun run;
  run.control({"--load", run.hostile_tree(), "--freeze-after", "800"});
  run.start();
  run.wait_for_tree();
  run.shift->boot_ns = -1'000'000'000;
  BOOST_CHECK(eventually([&] { return run.blind() == 1; }, 2000));
  BOOST_CHECK_EQUAL(run.wait(), 116);  // the silent controller is seen
}

BOOST_AUTO_TEST_CASE(the_wall_clock_judges_nothing) {
  ShiftedRun run;
  run.options.max_duration_ns = 30'000'000'000;
  run.control({"--load", run.hostile_tree(), "--finish-after", "1500", "0"});
  run.start();
  run.wait_for_tree();
  for (const std::int64_t step : {hour, -hour, 24 * 365 * hour}) {
    run.shift->wall_ns = step;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
  BOOST_CHECK_EQUAL(run.wait(), 0);
  BOOST_CHECK_EQUAL(run.blind(), 0);
  BOOST_CHECK_EQUAL(run.last("limit").seq, 0);
  // The records are dated by it, so the steps did arrive.
  const auto end = run.last("end");
  BOOST_CHECK_GT(end.wall_ns, run.last("started").wall_ns + 8000ull * 3'600'000'000'000ull);
  BOOST_CHECK_LT(end.mono_ns, run.last("started").mono_ns + 60'000'000'000ull);
}

BOOST_AUTO_TEST_CASE(a_stopped_guardian_comes_back_blind) {
  GuardedRun run;
  run.control({"--load", run.hostile_tree(), "--finish-after", "2200", "0"});
  run.start();
  run.wait_for_tree();
  run.signal(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(900));
  run.signal(SIGCONT);
  BOOST_CHECK_EQUAL(run.wait(), 0);
  BOOST_CHECK_GT(run.last("blind").a, 500'000'000);
}

BOOST_AUTO_TEST_SUITE_END()
