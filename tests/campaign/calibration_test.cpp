// SPDX-License-Identifier: Apache-2.0
#include "campaign/calibration.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>

#include "temporary_folder.h"

using namespace ordeal;

namespace {

/// One second later whenever it is read.
class HastyClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return now += 1'000'000'000; }
  [[nodiscard]] std::uint64_t wall_ns() const override { return now; }
  mutable std::uint64_t now = 0;
};

void check_figures(const Calibration& calibration, const std::string& name) {
  BOOST_TEST_CONTEXT(name) {
    BOOST_TEST(calibration.name == name);
    BOOST_TEST(calibration.unit == "seconds");
    BOOST_TEST(calibration.samples > 0u);
    for (const double figure : {calibration.median, calibration.mad, calibration.cv}) {
      BOOST_TEST(std::isfinite(figure));
      BOOST_TEST(figure >= 0);
    }
    BOOST_TEST(calibration.median < 10);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calibration)

BOOST_AUTO_TEST_CASE(all_of_them_measure_something) {
  const SystemClock clock;
  const ordeal::testing::TemporaryFolder folder;
  const Calibration cpu = calibrate_cpu(clock);
  check_figures(cpu, "cpu_fixed_work");
  BOOST_TEST(cpu.median > 0);
  check_figures(calibrate_timer(clock), "timer_lateness");
  const Calibration loopback = calibrate_loopback(clock);
  check_figures(loopback, "loopback_round_trip");
  BOOST_TEST(loopback.median > 0);
  BOOST_TEST(loopback.samples <= 1000u);  // the first does not count
  check_figures(calibrate_fsync(clock, folder.path()), "fdatasync_4k");
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
}

BOOST_AUTO_TEST_CASE(where_no_file_can_be_made_there_are_no_samples) {
  const SystemClock clock;
  const Calibration none = calibrate_fsync(clock, "/nowhere/at/all");
  BOOST_TEST(none.samples == 0u);
  BOOST_TEST(none.median == 0);
  BOOST_TEST(none.name == "fdatasync_4k");
}

BOOST_AUTO_TEST_CASE(a_slow_machine_measures_less_often) {
  const HastyClock clock;
  const Calibration cpu = calibrate_cpu(clock);
  BOOST_TEST(cpu.samples <= 1u);
  BOOST_TEST(clock.now < 10'000'000'000u);
}

BOOST_AUTO_TEST_SUITE_END()
