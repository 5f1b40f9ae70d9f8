// SPDX-License-Identifier: Apache-2.0
#include "analysis/generator.h"

#include <boost/test/unit_test.hpp>

#include "base/generator_limits.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

IntervalFrame frame(std::uint64_t at_s, double cpu, double delay) {
  IntervalFrame f;
  f.start_ns = at_s * second;
  f.end_ns = (at_s + 1) * second;
  f.generator.cpu_ns = static_cast<std::uint64_t>(cpu * second);
  f.generator.run_delay_ns = static_cast<std::uint64_t>(delay * second);
  f.generator.descriptors = 20 + at_s;
  f.generator.descriptors_limit = 1024;
  return f;
}

WorkerUse worker(const std::string& name, int seconds, double cpu, double delay) {
  WorkerUse use;
  use.name = name;
  for (int i = 0; i < seconds; ++i)
    use.add(frame(static_cast<std::uint64_t>(i), cpu, delay), 1000 * second);
  return use;
}

std::string only_problem(const GeneratorEvidence& evidence) {
  const auto problems = generator_problems(evidence);
  BOOST_TEST_REQUIRE(problems.size() == 1u);
  return problems[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(generator)

BOOST_AUTO_TEST_CASE(nothing_is_wrong_with_one_that_keeps_up) {
  GeneratorEvidence e;
  BOOST_TEST(generator_problems(e).empty());
  e.open_load = true;
  e.send_lag.record(1'000'000, 1000);
  e.workers = {worker("a", 10, 0.94, 0.19)};
  BOOST_TEST(generator_problems(e).empty());
}

BOOST_AUTO_TEST_CASE(the_busiest_worker_is_judged_not_the_average) {
  GeneratorEvidence e;
  e.workers = {worker("load-0-http", 10, 0.10, 0), worker("load-0-http-1", 10, 0.97, 0)};
  BOOST_TEST(only_problem(e) ==
             "the generator used 97 % of its core (load-0-http-1), limit 95 %; spread the load "
             "over more workers or machines");
  BOOST_TEST(e.busiest()->name == "load-0-http-1");
}

BOOST_AUTO_TEST_CASE(waiting_for_a_core_is_named_with_its_limit) {
  GeneratorEvidence e;
  e.workers = {worker("a", 10, 0.5, 0.45), worker("b", 10, 0.6, 0.1)};
  BOOST_TEST(only_problem(e) ==
             "the generator waited 45 % of the time for a core (a), limit 20 %; give it one of its "
             "own, or end what runs beside it");
}

BOOST_AUTO_TEST_CASE(a_good_part_of_the_phase_at_the_limit_is_enough) {
  GeneratorEvidence e;
  WorkerUse ramp = worker("a", 20, 0.3, 0);
  for (std::uint64_t i = 20; i < 23; ++i) ramp.add(frame(i, 0.99, 0), 1000 * second);
  e.workers = {ramp};
  BOOST_TEST(generator_problems(e).empty());  // 3 of 23 seconds
  for (std::uint64_t i = 23; i < 28; ++i) ramp.add(frame(i, 0.99, 0), 1000 * second);
  e.workers = {ramp};
  BOOST_TEST(only_problem(e).find("over 95 % of its core (a) for 8 s of 28 s") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(draining_does_not_dilute) {
  WorkerUse use;
  use.add(frame(0, 0.99, 0), 1 * second);
  use.add(frame(1, 0.0, 0), 1 * second);  // began at the planned end
  BOOST_TEST(use.cpu_share() == 0.99, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(use.used.descriptors == 21u);
}

BOOST_AUTO_TEST_CASE(late_sends_count_in_open_load) {
  GeneratorEvidence e;
  e.send_lag.record(80'000'000, 100);
  BOOST_TEST(generator_problems(e).empty());
  e.open_load = true;
  BOOST_TEST(only_problem(e).find("p99 80 ms, limit 50 ms; lower the rate") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(answers_that_wait_for_the_generator) {
  GeneratorEvidence e;
  IntervalFrame f = frame(0, 0.5, 0);
  f.generator.late_loop_ns = second / 10;
  f.generator.longest_loop_ns = second / 10;
  WorkerUse use;
  use.name = "a";
  use.add(f, second);
  e.workers = {use};
  BOOST_TEST(only_problem(e).find("for 10 % of the time it came to them over 50 ms late (a), "
                                  "limit 1 %") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(exhaustion_is_never_the_targets_fault) {
  GeneratorEvidence e;
  IntervalFrame f = frame(0, 0.1, 0);
  f.generator.no_descriptor = 3;
  f.generator.no_port = 1;
  WorkerUse use;
  use.add(f, 0);  // also while draining
  e.workers = {use};
  e.ports = {28232, 28000};
  const auto problems = generator_problems(e);
  BOOST_TEST_REQUIRE(problems.size() == 2u);
  BOOST_TEST(problems[0] ==
             "3 connection attempts found no free descriptor: 1024 are allowed to a worker; raise "
             "the limit (ulimit -Hn), or use fewer connections or more workers");
  BOOST_TEST(problems[1].find("1 connection attempt found no free local port: 28232 in "
                              "net.ipv4.ip_local_port_range, 28000 sockets in TIME_WAIT") == 0u);
}

BOOST_AUTO_TEST_CASE(a_quota_that_holds_the_run_back_is_named) {
  GeneratorEvidence e;
  e.quota = QuotaUse{1100, 60, 900'000'000}.since({100, 10, 100'000'000});
  BOOST_TEST(e.quota.throttled_share() == 0.05);
  BOOST_TEST(generator_problems(e).empty());
  e.quota.throttled = 120;
  BOOST_TEST(only_problem(e) ==
             "the CPU quota that safety.reserve leaves held the run back in 12 % of the quota's "
             "periods (800 ms in all), limit 5 %; lower the rate, reserve less "
             "(safety.reserve.cpu_percent), or spread the load over more machines");
}

BOOST_AUTO_TEST_SUITE_END()
