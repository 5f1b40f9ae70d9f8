// SPDX-License-Identifier: Apache-2.0
#include "guarded_run.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

/// A meminfo of our own, in <run dir>/proc.
void write_meminfo(GuardedRun& run, int available_percent) {
  const std::string folder = run.dir + "/proc";
  std::filesystem::create_directories(folder);
  const std::string text =
      "MemTotal:       10000000 kB\nMemFree:         1000000 kB\n"
      "MemAvailable:   " +
      std::to_string(available_percent) + "00000 kB\n";
  // In place: the guardian keeps the file open.
  std::ofstream out(folder + "/meminfo", std::ios::in | std::ios::out);
  if (!out) out.open(folder + "/meminfo", std::ios::out);
  out << text << std::flush;
  run.options.proc_root = folder;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(memory_beyond_the_limit_refuses_the_start) {
  GuardedRun run;
  run.options.memory_percent = 0.01;
  run.control({});
  const auto started = start_guardian(run.options);
  BOOST_REQUIRE(!started);
  BOOST_CHECK(started.error().code == ExitCode::preflight);
  BOOST_CHECK_NE(started.error().what.find("memory"), std::string::npos);
  BOOST_CHECK_EQUAL(run.last("end").a, 112);
  BOOST_CHECK(run.alive().empty());
}

BOOST_AUTO_TEST_CASE(disk_beyond_the_limit_refuses_the_start) {
  GuardedRun run;
  run.options.disk_percent = 0;
  run.control({});
  const auto started = start_guardian(run.options);
  BOOST_REQUIRE(!started);
  BOOST_CHECK(started.error().code == ExitCode::preflight);
  BOOST_CHECK_NE(started.error().what.find("disk"), std::string::npos);
}

BOOST_AUTO_TEST_CASE(memory_limit_stops_the_run) {
  GuardedRun run;
  run.options.memory_percent = 80;
  write_meminfo(run, 50);
  run.control({"--load", run.hostile_tree()});
  run.start();
  run.wait_for_tree();
  write_meminfo(run, 10);
  BOOST_CHECK_EQUAL(run.wait(), 111);
  BOOST_CHECK(run.alive().empty());
  const auto record = run.last("limit");
  BOOST_CHECK_EQUAL(record.a, static_cast<int>(StopReason::memory_limit));
  BOOST_CHECK_NE(record.text.find("90.0 % used"), std::string::npos);
  BOOST_CHECK_NE(record.text.find("limit 80.0 %"), std::string::npos);
  BOOST_CHECK_NE(run.heard().find("stop 2 2"), std::string::npos);
}

BOOST_AUTO_TEST_CASE(deaf_controller_does_not_delay_a_limit) {
  GuardedRun run;
  run.options.memory_percent = 80;
  write_meminfo(run, 50);
  run.control({"--load", run.hostile_tree(), "--service", "sleep " + run.mark, "--ignore-stop"});
  run.start();
  run.wait_for_tree(GuardedRun::hostile_tree_size + 1);
  write_meminfo(run, 10);
  BOOST_CHECK_EQUAL(run.wait(8000), 111);
  BOOST_CHECK(run.alive().empty());
}

BOOST_AUTO_TEST_CASE(unreadable_memory_counts_as_the_limit) {
  GuardedRun run;
  write_meminfo(run, 50);
  run.control({"--load", run.hostile_tree()});
  run.start();
  run.wait_for_tree();
  std::filesystem::resize_file(run.dir + "/proc/meminfo", 0);
  BOOST_CHECK_EQUAL(run.wait(), 111);
  BOOST_CHECK_NE(run.last("limit").text.find("could not be read"), std::string::npos);
}

BOOST_AUTO_TEST_CASE(controller_may_tighten_but_not_loosen) {
  GuardedRun run;
  run.options.memory_percent = 80;
  write_meminfo(run, 50);
  run.control({"--load", run.hostile_tree(), "--tighten", "6000000000", "100"});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 111);
  BOOST_CHECK_NE(run.last("limit").text.find("5722 MiB available"), std::string::npos);

  GuardedRun other;
  other.options.memory_percent = 80;
  write_meminfo(other, 50);
  other.control({"--load", other.hostile_tree(), "--tighten", "1000", "100"});
  other.start();
  other.wait_for_tree();
  write_meminfo(other, 10);
  BOOST_CHECK_EQUAL(other.wait(), 111);
}

BOOST_AUTO_TEST_CASE(duration_limit_stops_the_run) {
  GuardedRun run;
  run.options.max_duration_ns = 400'000'000;
  run.control({"--load", run.hostile_tree()});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 111);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_EQUAL(run.last("limit").a, static_cast<int>(StopReason::duration_limit));
  BOOST_CHECK_NE(run.heard().find("stop 2 4"), std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
