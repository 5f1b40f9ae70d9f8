// SPDX-License-Identifier: Apache-2.0
// The strict guardian aborts at the first allocation after arming; so does every init, which is its
// clone. Each run here ends as it should, so nothing on its way allocated.
#include <boost/test/data/test_case.hpp>

#include "guarded_run.h"
#include "places.h"

using namespace ordeal;
using namespace ordeal::testing;
namespace data = boost::unit_test::data;

// Not anonymous: Boost.Test's data cases are templates, whose lambdas would then warn.
namespace strict_runs {

struct StrictRun : GuardedRun {
  explicit StrictRun(std::uint32_t tier = 0) {
    options.program = ORDEAL_BUILD_DIR "/bin/ordeal-strict-guardian";
    options.tier = tier;
  }
  /// What the guardian or an init says before it aborts.
  void check_silent() const {
    BOOST_CHECK_EQUAL(log().find("allocation after arming"), std::string::npos);
  }
};

}  // namespace strict_runs
using namespace strict_runs;

BOOST_AUTO_TEST_SUITE(allocation)

BOOST_AUTO_TEST_CASE(trap_is_there) {
  StrictRun run;
  run.control({});
  ::setenv("ORDEAL_TEST_ALLOCATE", "1", 1);
  const auto started = start_guardian(run.options);
  ::unsetenv("ORDEAL_TEST_ALLOCATE");
  BOOST_REQUIRE(!started);
  BOOST_CHECK_NE(started.error().what.find("signal 6"), std::string::npos);
  BOOST_CHECK_NE(run.log().find("allocation after arming: operator new"), std::string::npos);
}

BOOST_DATA_TEST_CASE(run_with_containments_that_ends, data::make({0u, 2u, 4u}), tier) {
  StrictRun run(tier);
  run.control({"--load", run.hostile_tree(), "--service", "sleep " + run.mark, "--load",
               "setsid sleep " + run.mark, "--kill-after", "200", "--finish-after", "1000", "0"});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 0);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_NE(run.last("containment_ended").seq, 0);
  run.check_silent();
}

BOOST_DATA_TEST_CASE(orderly_and_forced_stop, data::make({SIGTERM, SIGQUIT}), signal) {
  for (const std::uint32_t tier : {0u, 2u, 4u}) {
    StrictRun run(tier);
    run.control({"--load", run.hostile_tree(), "--service", "sleep " + run.mark});
    run.start();
    run.wait_for_tree();
    run.signal(signal);
    BOOST_CHECK_EQUAL(run.wait(), 105);
    BOOST_CHECK(run.alive().empty());
    run.check_silent();
  }
}

BOOST_AUTO_TEST_CASE(limit) {
  StrictRun run;
  run.options.max_duration_ns = 300'000'000;
  run.control({"--load", run.hostile_tree()});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 111);
  run.check_silent();
}

BOOST_AUTO_TEST_CASE(levels_evidence_halt_and_supervisor) {
  const auto meminfo = [](const StrictRun& run, int available_percent) {
    std::filesystem::create_directories(run.dir + "/proc");
    std::ofstream out(run.dir + "/proc/meminfo", std::ios::app);
    std::filesystem::resize_file(run.dir + "/proc/meminfo", 0);
    out << "MemTotal: 10000000 kB\nMemAvailable: " << available_percent << "00000 kB\n"
        << std::flush;
  };
  for (const bool halt : {true, false}) {
    StrictRun run;
    meminfo(run, 50);
    run.options.memory_percent = 94;
    run.options.proc_root = run.dir + "/proc";
    run.options.halt_files = {run.dir + "/HALT"};
    run.control({"--load", run.hostile_tree()});
    ::setenv("NOTIFY_SOCKET", ("@" + run.id).c_str(), 1);
    ::setenv("WATCHDOG_USEC", "100000", 1);
    run.start();
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    run.wait_for_tree();
    if (halt) {
      std::ofstream(run.dir + "/HALT") << "for the test";
      BOOST_CHECK_EQUAL(run.wait(), 105);
    } else {
      meminfo(run, 8);
      BOOST_CHECK(eventually([&] { return run.last("pressure").seq != 0; }));
      meminfo(run, 1);
      BOOST_CHECK_EQUAL(run.wait(), 111);
      BOOST_CHECK_NE(run.last("sensors").seq, 0);
      BOOST_CHECK_NE(run.last("process").seq, 0);
    }
    run.check_silent();
  }
}

BOOST_AUTO_TEST_CASE(silent_controller) {
  StrictRun run;
  run.control({"--load", run.hostile_tree(), "--freeze-after", "100"});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 116);
  run.check_silent();
}

BOOST_AUTO_TEST_CASE(dead_controller) {
  StrictRun run;
  run.control({"--load", run.hostile_tree(), "--die-after", "200"});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 116);
  run.check_silent();
}

BOOST_AUTO_TEST_CASE(controller_that_cannot_be_executed) {
  StrictRun run;
  run.options.controller = {"/nowhere/at/all"};
  const auto started = start_guardian(run.options);
  BOOST_REQUIRE(!started);
  BOOST_CHECK_NE(started.error().what.find("/nowhere/at/all"), std::string::npos);
  run.check_silent();
}

BOOST_AUTO_TEST_CASE(guarded_command) {
  StrictRun run;
  run.options.command = {"sh", "-c", "(setsid sleep " + run.mark + " &) ; exit 7"};
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 7);
  run.check_silent();
}

BOOST_AUTO_TEST_SUITE_END()
