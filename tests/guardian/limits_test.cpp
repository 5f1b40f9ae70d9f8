// SPDX-License-Identifier: Apache-2.0
#include "guarded_run.h"
#include "guardian/sensors.h"

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

BOOST_AUTO_TEST_CASE(short_dip_below_the_limit_is_legal) {
  GuardedRun run;
  run.options.memory_percent = 80;
  write_meminfo(run, 50);
  run.control({"--load", run.hostile_tree(), "--finish-after", "2500", "0"});
  run.start();
  run.wait_for_tree();
  for (int i = 0; i < 5; ++i) {
    write_meminfo(run, 19);
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    write_meminfo(run, 50);
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
  }
  BOOST_CHECK_EQUAL(run.wait(), 0);
  BOOST_CHECK_EQUAL(run.last("limit").seq, 0);
}

BOOST_AUTO_TEST_CASE(under_half_of_what_must_be_free_kills_at_once) {
  GuardedRun run;
  run.options.memory_percent = 50;
  write_meminfo(run, 80);
  run.control({"--load", run.hostile_tree()});
  run.start();
  run.wait_for_tree();
  write_meminfo(run, 24);
  BOOST_CHECK_EQUAL(run.wait(), 111);
  BOOST_CHECK(run.alive().empty());
  const auto stop = run.last("stop");
  BOOST_CHECK_NE(stop.text.find("rule memory-half-floor/1, dwell 0 ms"), std::string::npos);
  BOOST_CHECK_NE(stop.text.find("load empty"), std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_real_hog_is_gone_long_before_half_of_the_reserve) {
  constexpr std::uint64_t gib = 1ull << 30;
  const auto sensors = Sensors::open("/proc", "/");
  BOOST_REQUIRE(sensors);
  const auto before = sensors->memory();
  BOOST_REQUIRE(before);
  if (before->available < 4 * gib) {
    BOOST_TEST_MESSAGE("skipped: less than 4 GiB are available");
    return;
  }
  // All but one GiB is reserved; the hog stops by itself at two.
  const std::uint64_t floor = before->available - gib;
  GuardedRun run;
  run.options.memory_percent =
      100 * (1 - static_cast<double>(floor) / static_cast<double>(before->total));
  run.control({"--load", "head -c 2G /dev/zero | tail -c 2G | sleep " + run.mark});
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 111);
  BOOST_CHECK(run.alive().empty());
  BOOST_CHECK_EQUAL(run.last("limit").a, static_cast<int>(StopReason::memory_limit));
  std::size_t seconds = 0;
  for (const auto& record : run.evidence()) {
    if (record.type != "sensors") continue;
    ++seconds;
    BOOST_CHECK_GT(record.a, static_cast<std::int64_t>(floor / 2));
  }
  BOOST_CHECK_GE(seconds, 1);
}

BOOST_AUTO_TEST_CASE(evidence_tells_what_led_to_a_stop) {
  GuardedRun run;
  run.options.memory_percent = 80;
  write_meminfo(run, 50);
  // Something heavy to be named: a shell that holds 20 MB.
  run.control(
      {"--load", "x=$(head -c 20000000 /dev/zero | tr '\\0' x); sleep " + run.mark + "; echo $x"});
  run.start();
  run.wait_for_tree(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(2300));
  write_meminfo(run, 18);
  BOOST_CHECK_EQUAL(run.wait(), 111);
  std::size_t seconds = 0;
  std::size_t processes = 0;
  for (const auto& record : run.evidence()) {
    seconds += record.type == "sensors" ? 1 : 0;
    if (record.type != "process") continue;
    ++processes;
    if (processes == 1) BOOST_CHECK_NE(record.text.find("by memory, 0."), std::string::npos);
    if (processes == 1) BOOST_CHECK_NE(record.text.find(" sh in state S, "), std::string::npos);
    if (processes == 1)
      BOOST_CHECK_GE(std::stoi(record.text.substr(record.text.find("state S, ") + 9)), 19);
  }
  BOOST_CHECK_GE(seconds, 3);
  BOOST_CHECK_LE(seconds, 6);
  BOOST_CHECK_GE(processes, 6);
  const auto stop = run.last("stop").text;
  BOOST_CHECK_EQUAL(stop.find('-'), 8);  // a UUID
  BOOST_CHECK_EQUAL(stop.substr(14, 1), "4");
  BOOST_CHECK_NE(stop.find("rule memory-floor/1, dwell 500 ms; after it was seen: decided "),
                 std::string::npos);
}

BOOST_AUTO_TEST_CASE(soft_levels_are_told_before_the_limit) {
  GuardedRun run;
  run.options.memory_percent = 94;
  write_meminfo(run, 50);
  run.control({"--load", run.hostile_tree()});
  run.start();
  run.wait_for_tree();
  write_meminfo(run, 17);
  BOOST_REQUIRE(eventually([&] { return run.heard().find("pressure 2") != std::string::npos; }));
  BOOST_CHECK_NE(run.last("pressure").text.find("throttle: memory used % 83.0, limit 80.0 for 2.0"),
                 std::string::npos);
  BOOST_CHECK_EQUAL(run.last("limit").seq, 0);
  run.signal(SIGTERM);
  BOOST_CHECK_EQUAL(run.wait(), 105);
}

BOOST_AUTO_TEST_CASE(the_tree_goes_first_when_the_kernel_must_choose) {
  GuardedRun run;
  run.control({"--load", "sleep " + run.mark});
  run.start();
  run.wait_for_tree(1);
  using namespace std::string_literals;
  const auto load = processes_with("sleep\0"s + run.mark + "\0"s);
  BOOST_REQUIRE_EQUAL(load.size(), 1);
  const auto score = [](int pid) {
    return std::stoi(slurp("/proc/" + std::to_string(pid) + "/oom_score_adj"));
  };
  BOOST_CHECK_EQUAL(score(load[0]), 800);
  BOOST_CHECK_EQUAL(score(static_cast<int>(run.last("started").a)), 200);
  const bool permitted = run.last("armed").text.find("oom_score_adj -900") != std::string::npos;
  BOOST_CHECK_EQUAL(score(run.guardian.pid) == -900, permitted);
  BOOST_CHECK_LE(score(run.guardian.pid), 0);
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
