// SPDX-License-Identifier: Apache-2.0
#include "guardian/reservation.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "guarded_run.h"
#include "tiers.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

constexpr std::uint64_t gib = 1u << 30;

std::string field(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  if (at == std::string::npos) return "";
  return text.substr(at, text.find('\n', at) - at);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reservation)

BOOST_AUTO_TEST_CASE(shares_become_limits) {
  const auto r = plan_reservation(20, 25, {2, 16 * gib, 12 * gib, 32768});
  BOOST_CHECK_EQUAL(r.limits.cpu_permille, 1600);
  BOOST_CHECK_EQUAL(r.limits.memory_bytes, 8 * gib);
  BOOST_CHECK_EQUAL(r.limits.pids, 16384);
  BOOST_CHECK_EQUAL(r.hold_back.spare_cpus, 0);
  BOOST_CHECK_EQUAL(r.hold_back.nice, 5);
  BOOST_CHECK_EQUAL(r.hold_back.data_bytes, 8 * gib);
}

BOOST_AUTO_TEST_CASE(cpus_are_spared_from_five_up) {
  BOOST_CHECK_EQUAL(plan_reservation(20, 0, {4, gib, gib, 0}).hold_back.spare_cpus, 0);
  BOOST_CHECK_EQUAL(plan_reservation(20, 0, {5, gib, gib, 0}).hold_back.spare_cpus, 1);
  BOOST_CHECK_EQUAL(plan_reservation(20, 0, {6, gib, gib, 0}).hold_back.spare_cpus, 2);
  BOOST_CHECK_EQUAL(plan_reservation(100, 0, {8, gib, gib, 0}).hold_back.spare_cpus, 7);
}

BOOST_AUTO_TEST_CASE(nothing_reserved_limits_only_processes) {
  const auto r = plan_reservation(0, 0, {8, gib, gib, 1000});
  BOOST_CHECK_EQUAL(r.limits.cpu_permille, 0);
  BOOST_CHECK_EQUAL(r.limits.memory_bytes, 0);
  BOOST_CHECK_EQUAL(r.limits.pids, 500);
  BOOST_CHECK_EQUAL(r.hold_back.nice, 0);
  BOOST_CHECK_EQUAL(say_reservation(r, Cgroups(), 8), "nothing");
}

BOOST_AUTO_TEST_CASE(less_than_the_reserve_left) {
  const auto r = plan_reservation(20, 50, {2, 16 * gib, 4 * gib, 0});
  BOOST_CHECK_EQUAL(r.limits.memory_bytes, 64u << 20);
}

BOOST_AUTO_TEST_CASE(says_how) {
  const auto r = plan_reservation(20, 25, {8, 16 * gib, 12 * gib, 32768});
  BOOST_CHECK_EQUAL(say_reservation(r, Cgroups(), 8),
                    "20 % of CPU and 25 % of memory, without cgroups: 2 of 8 CPUs left alone, "
                    "nice +5, data of each process 8.0 GiB; otherwise by the guardian's watch");
}

BOOST_AUTO_TEST_CASE(guardian_enforces_and_records_it) {
  for (const std::uint32_t tier : every_tier) {
    if (!offers_tier(tier)) continue;
    GuardedRun run;
    run.options.tier = tier;
    run.options.reserve_cpu_percent = 20;
    run.options.reserve_memory_percent = 1;
    run.control({"--load", "cat /proc/self/stat /proc/self/limits /proc/self/cgroup > " + run.dir +
                               "/seen; sleep " + run.mark});
    run.start();
    run.wait_for_tree(1);
    const std::string seen = slurp(run.dir + "/seen");
    const bool grouped = seen.find("/ordeal-" + run.id + ".run/load-1\n") != std::string::npos;
    const auto record = run.last("reserved");
    BOOST_TEST_MESSAGE("T" << tier << ": " << record.text);
    BOOST_CHECK_EQUAL(record.text.find("20 % of CPU and 1 % of memory, "), 0);
    const bool by_cgroup = record.text.find(", by cgroup v") != std::string::npos;
    // nice is the 19th field; the 2nd holds no blank here.
    std::istringstream stat(seen);
    std::string word;
    for (int i = 0; i < 19; ++i) stat >> word;
    if (tier == 2 || tier == 4) {
      BOOST_CHECK(!grouped);
      BOOST_CHECK(!by_cgroup);
    } else {
      BOOST_CHECK(grouped);
      BOOST_CHECK(by_cgroup || tier == 3);
    }
    BOOST_CHECK_EQUAL(word, by_cgroup ? "0" : "5");
    if (!by_cgroup && !sanitized)
      BOOST_CHECK_EQUAL(field(seen, "Max data size").find("unlimited"), std::string::npos);
    run.signal(SIGQUIT);
    BOOST_CHECK_EQUAL(run.wait(), 105);
    // The guardian took its groups with it.
    for (const auto& place : find_cgroups())
      for (const auto& folder : {place.own, place.root})
        BOOST_CHECK(!std::filesystem::exists(folder + "/ordeal-" + run.id + ".run"));
  }
}

BOOST_AUTO_TEST_CASE(a_tier_that_cannot_be_had_refuses_the_start) {
  // A user without privileges may write to no cgroup, unless one was delegated to him.
  const bool root = ::geteuid() == 0;
  for (const std::uint32_t tier : {1u, 3u}) {
    if (!root && offers_tier(tier)) continue;
    GuardedRun run;
    run.options.tier = tier;
    run.control({});
    std::array<int, 2> pipe{};
    BOOST_REQUIRE_EQUAL(::pipe2(pipe.data(), O_CLOEXEC), 0);
    std::filesystem::permissions(run.dir, std::filesystem::perms::all);
    const pid_t child = ::fork();
    if (child == 0) {
      constexpr uid_t nobody = 65534;
      std::string said = "not tried";
      if (!root ||
          (::setresgid(nobody, nobody, nobody) == 0 && ::setresuid(nobody, nobody, nobody) == 0 &&
           ::access(run.options.program.c_str(), X_OK) == 0)) {
        const auto started = start_guardian(run.options);
        said = started ? "started"
                       : std::to_string(static_cast<int>(started.error().code)) + " " +
                             started.error().line();
      }
      ::_exit(::write(pipe[1], said.data(), said.size()) > 0 ? 0 : 1);
    }
    ::close(pipe[1]);
    std::array<char, 1024> text{};
    const ssize_t n = ::read(pipe[0], text.data(), text.size());
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    const std::string said(text.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (said == "not tried") continue;
    BOOST_CHECK_EQUAL(said.find("112 tier T" + std::to_string(tier) +
                                " is not to be had here: it "
                                "needs "),
                      0);
    BOOST_CHECK(run.alive().empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
