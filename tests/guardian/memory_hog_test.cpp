// SPDX-License-Identifier: Apache-2.0
// A process that takes all the memory it can get stays out of the reserve. The reserve is what is
// available now less 1 GiB, so that little is taken of a machine that others use too.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "guarded_run.h"
#include "guardian/sensors.h"
#include "places.h"
#include "tiers.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

/// Reads MemAvailable every few milliseconds as long as it lives.
class Lowest {
 public:
  Lowest() {
    auto sensors = Sensors::open("/proc", "/");
    BOOST_REQUIRE(sensors);
    sensors_.emplace(std::move(*sensors));
    lowest_ = sensors_->memory()->available;
    thread_ = std::thread([this] {
      while (!done_) {
        lowest_ = std::min(lowest_, sensors_->memory()->available);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    });
  }
  std::uint64_t end() {
    done_ = true;
    thread_.join();
    return lowest_;
  }

 private:
  std::optional<Sensors> sensors_;
  std::uint64_t lowest_ = 0;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

struct Hog {
  int code = 0;
  std::uint64_t had = 0;      // by the hog
  std::uint64_t reserve = 0;  // bytes
  std::uint64_t lowest = 0;   // MemAvailable meanwhile
};

/// `watched`: the guardian's own limit is the reserve, else out of the way.
Hog run_hog(GuardedRun& run, std::uint32_t tier, bool watched, bool shared) {
  auto sensors = Sensors::open("/proc", run.dir);
  BOOST_REQUIRE(sensors);
  const auto memory = sensors->memory();
  BOOST_REQUIRE(memory);
  Hog hog;
  hog.reserve = memory->available - gib;
  const double percent =
      100.0 * static_cast<double>(hog.reserve) / static_cast<double>(memory->total);
  run.options.tier = tier;
  run.options.reserve_memory_percent = percent;
  run.options.memory_percent = watched ? 100 - percent : 99.9;
  const std::string file = run.dir + "/had";
  run.options.command = {ORDEAL_BUILD_DIR "/bin/ordeal-memory-hog", file};
  if (shared) run.options.command.emplace_back("shared");
  Lowest lowest;
  run.start();
  hog.code = run.wait();
  hog.lowest = lowest.end();
  std::ifstream(file, std::ios::binary).read(reinterpret_cast<char*>(&hog.had), sizeof hog.had);
  BOOST_TEST_MESSAGE("T" << tier << ": " << run.last("reserved").text << ": ended with " << hog.code
                         << " at " << (hog.had >> 20) << " MiB; available "
                         << (memory->available >> 20) << " MiB, then at least "
                         << (hog.lowest >> 20) << ", reserve " << (hog.reserve >> 20));
  return hog;
}

bool enough_memory() {
  auto sensors = Sensors::open("/proc", "/");
  const auto memory = sensors ? sensors->memory() : std::nullopt;
  if (memory && memory->available > 3 * gib) return true;
  BOOST_TEST_MESSAGE("less than 3 GiB are available: not tried");
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_hog)

BOOST_AUTO_TEST_CASE(a_cgroup_keeps_it_out_of_the_reserve) {
  if (!enough_memory()) return;
  for (const std::uint32_t tier : {1u, 3u}) {
    if (!offers_tier(tier)) continue;
    GuardedRun run;
    const Hog hog = run_hog(run, tier, false, false);
    const auto how = run.last("reserved").text;
    if (how.find(", by cgroup v") == std::string::npos) continue;  // a T3 that cannot limit
    BOOST_CHECK_EQUAL(hog.code, 128 + SIGKILL);
    const auto record = run.last("memory_limit");
    // Most of what it was allowed, and no more. What is available moves as others come and go, so
    // the limit is not quite the 1 GiB.
    const std::string before = "reached the ";
    const auto at = record.text.find(before);
    BOOST_REQUIRE_NE(at, std::string::npos);
    const std::uint64_t limit = std::stoull(record.text.substr(at + before.size())) << 20;
    BOOST_CHECK_GT(hog.had, limit / 2);
    BOOST_CHECK_LE(hog.had, limit + (1u << 20));
    BOOST_CHECK_GE(record.a, 1);
    BOOST_CHECK_NE(record.text.find("that the reserve leaves it"), std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(without_a_cgroup_the_guardian_ends_it_in_time) {
  if (!enough_memory()) return;
  for (const std::uint32_t tier : {2u, 4u}) {
    if (!offers_tier(tier)) continue;
    GuardedRun run;
    // Shared, so that the limit of a process's data does not help.
    const Hog hog = run_hog(run, tier, true, true);
    BOOST_CHECK_GT(hog.lowest, hog.reserve / 2);
    // Others may give back what the hog takes; then there is nothing to end.
    if (hog.lowest >= hog.reserve) continue;
    BOOST_CHECK_EQUAL(hog.code, 111);
    BOOST_CHECK_EQUAL(run.last("limit").a, static_cast<int>(StopReason::memory_limit));
  }
}

BOOST_AUTO_TEST_CASE(without_a_cgroup_a_process_gets_no_more_data_than_the_run) {
  if (sanitized || !enough_memory()) return;
  GuardedRun run;
  const Hog hog = run_hog(run, 4, false, false);
  BOOST_CHECK_EQUAL(hog.code, 3);  // its mmap failed
  BOOST_CHECK_LT(hog.had, 2 * gib);
}

BOOST_AUTO_TEST_SUITE_END()
