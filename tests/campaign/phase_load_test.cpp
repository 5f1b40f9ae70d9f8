// SPDX-License-Identifier: Apache-2.0
// What the entries of a load, and their workers, do together is what the phase says.
#include "campaign/phase_load.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <fstream>
#include <set>

#include "campaign/load_split.h"
#include "engine/arrivals.h"
#include "engine/recorded_arrivals.h"
#include "temporary_folder.h"

using namespace ordeal;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t start = 5 * second;

Campaign campaign_of(const std::vector<double>& weights) {
  Campaign campaign;
  campaign.seed = 7;
  for (const double weight : weights) {
    LoadEntry& entry = campaign.load.emplace_back();
    entry.scenario = "test";
    entry.weight = weight;
  }
  return campaign;
}

PhasePlan plan_of(std::uint32_t connections) {
  PhasePlan plan;
  plan.duration = 10s;
  plan.timeout = 1s;
  plan.connections = connections;
  return plan;
}

/// The workers of all entries, each entry split between as many.
std::vector<LoadSpec> workers_of(const Campaign& campaign, const PhasePlan& plan,
                                 std::uint32_t workers) {
  std::vector<LoadSpec> all;
  for (const LoadSpec& entry : phase_specs(campaign, plan, start))
    for (LoadSpec& part : split_load(entry, workers)) all.push_back(std::move(part));
  return all;
}

std::vector<std::uint64_t> poisson_arrivals(const LoadSpec& spec) {
  std::vector<RatePiece> pieces = spec.rates;
  if (pieces.empty()) pieces.push_back({spec.rate, spec.rate, 0});
  Arrivals arrivals(spec.start_ns, pieces, 0, 0, Random(spec.seed, Random::Stream::arrivals));
  std::vector<std::uint64_t> at;
  for (; arrivals.next_ns() < spec.start_ns + spec.duration_ns; arrivals.advance())
    at.push_back(arrivals.next_ns());
  return at;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(phase_load)

BOOST_AUTO_TEST_CASE(operations_are_those_of_the_phase_to_the_last_one) {
  for (const std::uint64_t most : {1u, 2u, 3u, 5u, 100u, 1'001u}) {
    for (const std::uint32_t workers : {1u, 2u, 7u}) {
      BOOST_TEST_CONTEXT(most << " operations, " << workers << " workers") {
        PhasePlan plan = plan_of(16);
        plan.max_operations = most;
        std::uint64_t sum = 0;
        for (const LoadSpec& part : workers_of(campaign_of({1, 1, 1, 0.1}), plan, workers)) {
          BOOST_TEST(part.sessions > 0u);
          BOOST_TEST(part.max_operations > 0u);  // 0 would be no bound
          sum += part.max_operations;
        }
        BOOST_TEST(sum == most);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_entry_without_operations_has_no_worker) {
  PhasePlan plan = plan_of(8);
  plan.max_operations = 1;
  std::size_t idle = 0;
  for (const LoadSpec& spec : phase_specs(campaign_of({1, 1, 1}), plan, start)) {
    if (spec.sessions > 0) continue;
    ++idle;
    BOOST_TEST(workers_used(spec, 4) == 0u);
    BOOST_TEST(split_load(spec, 4).empty());
  }
  BOOST_TEST(idle == 2u);
}

BOOST_AUTO_TEST_CASE(rates_add_up) {
  PhasePlan plan = plan_of(30);
  plan.rate = 900;
  double rate = 0;
  for (const LoadSpec& part : workers_of(campaign_of({3, 1, 0.5}), plan, 3)) rate += part.rate;
  BOOST_TEST(std::abs(rate - 900) < 1e-9);
}

BOOST_AUTO_TEST_CASE(arrivals_at_random_add_up_and_do_not_coincide) {
  // Of each: the mean number of arrivals.
  std::vector<std::pair<PhasePlan, double>> plans;
  plans.emplace_back(plan_of(30), 9'000);
  plans.back().first.rate = 900;
  plans.emplace_back(plan_of(30), 5'000);
  plans.back().first.rate = 500;
  plans.back().first.rates = {{0, 1'000, 10s}};
  for (auto& [plan, mean] : plans) {
    plan.poisson = true;
    std::vector<std::uint64_t> together;
    for (const LoadSpec& part : workers_of(campaign_of({3, 1, 1}), plan, 3)) {
      BOOST_TEST((part.arrivals == LoadSpec::Arrivals::poisson));
      const auto mine = poisson_arrivals(part);
      together.insert(together.end(), mine.begin(), mine.end());
    }
    const auto count = static_cast<double>(together.size());
    BOOST_TEST(std::abs(count - mean) < 5 * std::sqrt(mean), count);
    std::sort(together.begin(), together.end());
    const std::set<std::uint64_t> once(together.begin(), together.end());
    BOOST_TEST(once.size() + 2 >= together.size());
    if (!plan.rates.empty()) continue;
    // The variance of counts in a tenth of a second is their mean: else the parts would be related.
    std::vector<double> counts(100);
    for (const std::uint64_t at : together) ++counts[(at - start) / (second / 10)];
    double variance = 0;
    for (const double n : counts) variance += (n - count / 100) * (n - count / 100) / 99;
    BOOST_TEST(variance > 0.4 * count / 100);
    BOOST_TEST(variance < 1.9 * count / 100);
  }
}

BOOST_AUTO_TEST_CASE(each_recorded_arrival_falls_to_exactly_one_worker) {
  const testing::TemporaryFolder folder;
  PhasePlan plan = plan_of(30);
  plan.arrivals_file = folder.file("arrivals.csv");
  plan.rate = 500;
  plan.busiest_second = 500;
  plan.speed = 2;
  std::ofstream out(plan.arrivals_file);
  for (int i = 0; i < 4'000; ++i) out << i * 0.002 << '\n';
  out.close();
  for (const std::uint32_t workers : {1u, 3u}) {
    std::vector<std::uint64_t> together;
    for (const LoadSpec& part : workers_of(campaign_of({3, 1, 0.7}), plan, workers)) {
      auto recorded = RecordedArrivals::make(part, {"op"});
      BOOST_TEST_REQUIRE(!!recorded);
      std::size_t mine = 0;
      for (; recorded->next_ns() != Arrivals::never; recorded->advance(), ++mine)
        together.push_back(recorded->next_ns());
      // Its share, within the bounds of a lottery.
      const double mean = 4'000 * (part.deal_to - part.deal_from);
      BOOST_TEST(std::abs(static_cast<double>(mine) - mean) < 5 * std::sqrt(mean));
    }
    std::sort(together.begin(), together.end());
    BOOST_TEST_REQUIRE(together.size() == 4'000u);
    std::int64_t worst = 0;
    for (std::size_t i = 0; i < together.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<std::int64_t>(together[i] - start) -
                                       static_cast<std::int64_t>(i) * 1'000'000));
    BOOST_TEST(worst <= 2);  // nanoseconds, of rounding
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_is_the_same_load) {
  PhasePlan plan = plan_of(30);
  plan.rate = 900;
  plan.poisson = true;
  const auto drawn = [&](std::uint64_t seed) {
    Campaign campaign = campaign_of({3, 1});
    campaign.seed = seed;
    std::vector<std::vector<std::uint64_t>> all;
    for (const LoadSpec& part : workers_of(campaign, plan, 2))
      all.push_back(poisson_arrivals(part));
    return all;
  };
  BOOST_TEST((drawn(1) == drawn(1)));
  BOOST_TEST((drawn(1) != drawn(2)));
}

BOOST_AUTO_TEST_SUITE_END()
