// SPDX-License-Identifier: Apache-2.0
// A recording whose file changes while it is played.
#include "engine/recorded_arrivals.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/arrivals.h"
#include "engine/fake_scenario.h"
#include "temporary_folder.h"

using namespace ordeal;
using ordeal::testing::TemporaryFolder;

namespace {

constexpr std::uint64_t ms = FakeScenario::ms;

/// `count` arrivals, 1 ms apart, in a file of a KiB for each: far more than is read at once.
std::string recording(const TemporaryFolder& folder, int count) {
  const std::string path = folder.file("arrivals.csv");
  std::ofstream out(path);
  for (int i = 0; i < count; ++i)
    out << std::to_string(i * 1e-3) << "\n# " << std::string(1'000, '.') << "\n";
  return path;
}

LoadSpec played(const std::string& path, std::uint64_t duration_ns) {
  LoadSpec spec = open_load(8, 1'000, duration_ns);
  spec.arrivals = LoadSpec::Arrivals::recorded;
  spec.arrivals_file = path;
  return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded_arrivals)

BOOST_AUTO_TEST_CASE(a_file_that_is_written_to_breaks_the_schedule) {
  for (const bool shorter : {false, true}) {
    BOOST_TEST_CONTEXT((shorter ? "shorter" : "longer")) {
      const TemporaryFolder folder;
      FakeScenario fake;
      const std::string path = recording(folder, 300);
      fake.begin(played(path, 400 * ms));
      if (shorter)
        BOOST_TEST_REQUIRE(::truncate(path.c_str(), 100'000) == 0);
      else
        std::ofstream(path, std::ios::app) << "1\n";
      BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
      const IntervalFrame frame = fake.worker().swap();
      BOOST_TEST(frame.schedule_broken == 1u);
      BOOST_TEST(frame.offered >= 60u);  // what had been read
      BOOST_TEST(frame.offered < 140u);
      BOOST_TEST(count(frame, Outcome::ok) == frame.offered);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_file_in_its_place_does_not_matter_to_who_has_the_first) {
  const TemporaryFolder folder;
  FakeScenario fake;
  const std::string path = recording(folder, 300);
  fake.begin(played(path, 400 * ms));
  std::ofstream(folder.file("other")) << "0\n";
  std::filesystem::rename(folder.file("other"), path);
  BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.worker().finished(); }));
  const IntervalFrame frame = fake.worker().swap();
  BOOST_TEST(frame.schedule_broken == 0u);
  BOOST_TEST(frame.offered == 300u);
}

BOOST_AUTO_TEST_CASE(only_the_file_that_was_checked_is_played) {
  const TemporaryFolder folder;
  LoadSpec spec = played(recording(folder, 10), 100 * ms);
  const auto summary = summarize_arrivals(spec.arrivals_file);
  BOOST_TEST_REQUIRE(!!summary);
  spec.arrivals_identity = summary->identity;
  FakeScenario fake;
  BOOST_TEST(fake.run(spec).offered == 10u);
  std::ofstream(spec.arrivals_file, std::ios::app) << "1\n";
  BOOST_TEST(FakeScenario::why(fake.worker().begin(spec)) ==
             "arrivals: " + spec.arrivals_file + " has been changed since it was checked");
}

BOOST_AUTO_TEST_CASE(a_throttled_recording_is_played_slower) {
  const TemporaryFolder folder;
  LoadSpec spec = played(recording(folder, 300), 1'000 * ms);
  spec.start_ns = 1'000'000 * ms;
  auto arrivals = RecordedArrivals::make(spec, {"op"});
  BOOST_TEST_REQUIRE(!!arrivals);
  const auto until = [&](std::uint64_t at_ms) {
    int passed = 0;
    for (; arrivals->next_ns() < spec.start_ns + at_ms * ms; arrivals->advance()) ++passed;
    return passed;
  };
  BOOST_TEST(std::abs(until(100) - 100) <= 1);
  arrivals->set_factor(spec.start_ns + 100 * ms, 0.25);
  BOOST_TEST(std::abs(until(200) - 25) <= 1);
  arrivals->set_factor(spec.start_ns + 200 * ms, 0);
  BOOST_TEST(arrivals->next_ns() == Arrivals::never);
  arrivals->set_factor(spec.start_ns + 400 * ms, 1);
  BOOST_TEST(std::abs(until(500) - 100) <= 1);
  until(1'000);
  BOOST_TEST(arrivals->next_ns() == Arrivals::never);
  BOOST_TEST(!arrivals->broken());
}

BOOST_AUTO_TEST_SUITE_END()
