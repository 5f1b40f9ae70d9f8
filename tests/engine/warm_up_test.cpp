// SPDX-License-Identifier: Apache-2.0
// Whatever the model, what was intended during the warm-up is in no figure but wire.warm_up.
#include <cmath>
#include <fstream>
#include <map>

#include "engine/fake_scenario.h"
#include "temporary_folder.h"

using namespace ordeal;
using ordeal::testing::TemporaryFolder;

namespace {

constexpr std::uint64_t ms = FakeScenario::ms;
constexpr std::uint64_t warm_up_ns = 80 * ms;
constexpr std::uint64_t whole = 200 * ms;

struct Model {
  LoadSpec spec;
  // Of open load, exactly: operations of the warm-up and after it. -1: not known beforehand.
  int warm = -1;
  int measured = -1;
};

Model open_model(std::vector<RatePiece> rates, int warm, int measured) {
  Model model{open_load(16, 0, whole), warm, measured};
  model.spec.rates = std::move(rates);
  return model;
}

std::map<std::string, Model> models(const TemporaryFolder& folder) {
  const std::string path = folder.file("arrivals.csv");
  std::ofstream out(path);
  for (int i = 0; i < 100; ++i) out << std::to_string((i + 0.5) * 2e-3) << "\n";
  out.close();
  std::map<std::string, Model> all;
  all["constant"] = open_model({{1'000, 1'000, 0}}, 80, 120);
  all["ramp"] = open_model({{0, 2'000, whole}}, 32, 168);
  all["steps"] = open_model({{500, 500, 100 * ms}, {1'500, 1'500, 0}}, 40, 160);
  all["poisson"] = open_model({{1'000, 1'000, 0}}, -1, -1);
  all["poisson"].spec.arrivals = LoadSpec::Arrivals::poisson;
  all["recorded"] = open_model({}, 40, 60);
  all["recorded"].spec.rate = 500;
  all["recorded"].spec.arrivals = LoadSpec::Arrivals::recorded;
  all["recorded"].spec.arrivals_file = path;
  LoadSpec closed = closed_load(4, 0);
  closed.duration_ns = whole;
  all["closed"] = {closed};
  all["thinking"] = {closed};
  all["thinking"].spec.think = {ThinkTime::Shape::exponential, 3 * ms, 0};
  all["churning"] = {closed};
  all["churning"].spec.operations_per_session = 3;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(warm_up)

BOOST_AUTO_TEST_CASE(it_is_excluded_in_every_model) {
  const TemporaryFolder folder;
  for (auto& [name, model] : models(folder)) {
    BOOST_TEST_CONTEXT(name) {
      FakeScenario fake;
      LoadSpec spec = model.spec;
      spec.warm_up_ns = warm_up_ns;
      spec.start_ns = FakeScenario::now() + 5 * ms;
      const std::uint64_t border = spec.start_ns + warm_up_ns;
      const IntervalFrame frame = fake.run(spec);
      std::uint64_t warm = 0;
      for (const ordeal_op& op : fake.issued) {
        const bool flagged = (op.flags & ORDEAL_OP_WARM_UP) != 0;
        BOOST_TEST_REQUIRE(flagged == (op.intended_ns < border));
        warm += flagged;
      }
      const std::uint64_t measured = fake.issued.size() - warm;
      BOOST_TEST(warm > 5u);
      BOOST_TEST(measured > 5u);
      // Rounding may put the arrival at the border itself, or at the end, on either side of it.
      if (model.warm >= 0) {
        BOOST_TEST(std::abs(static_cast<int>(warm) - model.warm) <= 1);
        BOOST_TEST(std::abs(static_cast<int>(measured) - model.measured) <= 1);
      }
      BOOST_TEST(frame.wire.warm_up == warm);
      BOOST_TEST(frame.wire.measured == measured);
      BOOST_TEST(frame.offered == measured);
      BOOST_TEST(outcome_sum(frame) == measured);
      BOOST_TEST(count(frame, Outcome::ok) == measured);
      BOOST_TEST_REQUIRE(frame.kinds.size() == 1u);
      BOOST_TEST(frame.kinds[0].latency.count() == measured);
      BOOST_TEST(frame.kinds[0].service.count() == measured);
      BOOST_TEST(frame.kinds[0].bytes_in == 100 * measured);
      const bool open = spec.model == LoadSpec::Model::open;
      BOOST_TEST(frame.send_lag.count() == (open ? measured : 0u));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_fails_in_it_is_excluded_too) {
  for (const bool open : {false, true}) {
    BOOST_TEST_CONTEXT((open ? "open" : "closed")) {
      FakeScenario fake;
      LoadSpec spec = open ? open_load(16, 1'000, whole) : closed_load(4, 0);
      spec.duration_ns = whole;
      spec.warm_up_ns = warm_up_ns;
      spec.timeout_ns = 10 * ms;
      // In the warm-up a third is refused, a third is never answered, and a third fails.
      std::uint64_t n = 0;
      fake.on_issue = [&](const ordeal_op& op) {
        if ((op.flags & ORDEAL_OP_WARM_UP) == 0) {
          fake.after(ms, [&fake, id = op.id] { fake.complete(id); });
        } else if (++n % 3 != 0) {
          fake.after(ms, [&fake, id = op.id, bad = n % 3] {
            fake.complete(id, FakeScenario::result(
                                  bad == 1 ? ORDEAL_OUTCOME_REFUSED : ORDEAL_OUTCOME_FAIL, 500));
          });
        }
      };
      spec.retry = {2, 1u << static_cast<std::uint32_t>(Outcome::fail), ms};
      const IntervalFrame frame = fake.run(spec);
      BOOST_TEST(n > 5u);
      BOOST_TEST(frame.offered > 5u);
      // On a busy machine a measured one may time out as well, but then it is one of those offered.
      BOOST_TEST(outcome_sum(frame) == frame.offered);
      BOOST_TEST(count(frame, Outcome::refused) == 0u);
      BOOST_TEST(count(frame, Outcome::fail) == 0u);
      BOOST_TEST_REQUIRE(frame.kinds.size() == 1u);
      BOOST_TEST(frame.kinds[0].codes.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
