// SPDX-License-Identifier: Apache-2.0
// What a worker leaves behind for the one that takes its place.
#include "engine/worker_progress.h"

#include <sys/mman.h>
#include <unistd.h>

#include <optional>

#include "base/unique_fd.h"
#include "engine/fake_scenario.h"

using namespace ordeal;

namespace {

SharedProgress made() {
  auto progress = SharedProgress::make();
  BOOST_TEST_REQUIRE(!!progress, (progress ? "" : progress.error().line()));
  return std::move(progress).value();
}

SharedProgress other_end(const SharedProgress& progress) {
  auto mapped = SharedProgress::map(progress.fd());
  BOOST_TEST_REQUIRE(!!mapped, (mapped ? "" : mapped.error().line()));
  return std::move(mapped).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_progress)

BOOST_AUTO_TEST_CASE(both_ends_see_the_same_and_none_can_cut_it) {
  const SharedProgress host = made();
  {
    const SharedProgress cell = other_end(host);
    cell->operations = 7;
    cell->records = 5;
    BOOST_TEST(::ftruncate(host.fd(), 0) != 0);
  }
  BOOST_TEST(host->operations == 7u);
  BOOST_TEST(host->records == 5u);
  const UniqueFd nothing(::memfd_create("test", MFD_CLOEXEC));
  BOOST_TEST(!SharedProgress::map(nothing.get()));
}

BOOST_AUTO_TEST_CASE(the_next_worker_does_what_is_left_in_every_model) {
  for (const bool open : {false, true}) {
    BOOST_TEST_CONTEXT((open ? "open" : "closed")) {
      const SharedProgress host = made();
      LoadSpec spec = open ? open_load(4, 2'000, 20'000 * FakeScenario::ms) : closed_load(2, 0);
      spec.max_operations = 400;
      std::size_t first = 0;
      {
        FakeScenario fake;
        fake.attach();
        fake.worker().keep(other_end(host));
        fake.begin(spec);
        BOOST_TEST_REQUIRE(fake.turn_until([&] { return fake.issued.size() >= 25; }));
        first = fake.issued.size();
        BOOST_TEST(host->operations >= first);
      }
      spec.operations_done = host->operations;
      FakeScenario fake;
      fake.attach();
      fake.worker().keep(other_end(host));
      const IntervalFrame frame = fake.run(spec);
      BOOST_TEST(frame.offered == 400u - spec.operations_done);
      BOOST_TEST(count(frame, Outcome::ok) == frame.offered);
      BOOST_TEST(fake.issued.size() + spec.operations_done == 400u);
      BOOST_TEST(host->operations == 400u);
    }
  }
}

BOOST_AUTO_TEST_CASE(where_nothing_is_left_no_phase_begins) {
  FakeScenario fake;
  fake.attach();
  LoadSpec spec = closed_load(1, 10);
  spec.operations_done = 10;
  BOOST_TEST(FakeScenario::why(fake.worker().begin(spec)) ==
             "operations_done: 10; expected less than the 10 there are");
}

BOOST_AUTO_TEST_SUITE_END()
