// SPDX-License-Identifier: Apache-2.0
// A generator that does not get the machine it needs never gives a passed phase.
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

namespace {

/// A campaign of one phase; `phase` are its further keys.
std::vector<std::string> campaign(const Installed& ordeal, const Nginx& nginx,
                                  const std::string& phase, const std::string& load = "") {
  const std::string file = ordeal.file("starved.json");
  spill(file, R"({"campaign": "starved", "version": 1, "duration": "1m",
      "target": {"http": ")" +
                  nginx.url() + R"("},
      "baseline": {"duration": "500ms", "required_health": 0},
      "load": [{"scenario": "http")" +
                  load + R"(}],
      "safety": {"cpu_percent": 100, "check_interval": "30s"},
      "phases": [{"name": "load", "slo": {"success": ">=50%"}, )" +
                  phase + R"(}],
      "report": [{"report": "json"}, {"report": "text"}]})");
  return {"run", file, "--yes"};
}

/// While it lives, what this process starts may run on the first core only.
class OneCore {
 public:
  OneCore() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCore() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OneCore(const OneCore&) = delete;
  OneCore& operator=(const OneCore&) = delete;

  static unsigned first() {
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    unsigned core = 0;
    while (!CPU_ISSET(core, &set)) ++core;
    return core;
  }

 private:
  cpu_set_t before_{};
};

/// Processes that want all of the core they were started on.
class Competitors {
 public:
  explicit Competitors(int count) {
    for (int i = 0; i < count; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::setsid();  // a share of the core each, where the scheduler groups by session
        ::alarm(30);
        for (;;) asm volatile("");
      }
      pids_.push_back(pid);
    }
  }
  ~Competitors() {
    for (const pid_t pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  Competitors(const Competitors&) = delete;
  Competitors& operator=(const Competitors&) = delete;

 private:
  std::vector<pid_t> pids_;
};

/// A cgroup with a share of a core, v1 or v2; none where we may not make one.
class Quota {
 public:
  static constexpr const char* v1 = "/sys/fs/cgroup/cpu";
  static constexpr const char* v2 = "/sys/fs/cgroup";

  explicit Quota(int percent) {
    const bool old = std::filesystem::exists(std::string(v1) + "/cpu.cfs_quota_us");
    folder_ = std::string(old ? v1 : v2) + "/ordeal-starved-" + std::to_string(::getpid());
    std::error_code ec;
    if (!std::filesystem::create_directory(folder_, ec)) return;
    made_ = true;
    // In slices of 100 ms: the rest of each the cell stands still.
    const std::string us = std::to_string(1000 * percent);
    holds_ = old ? put("cpu.cfs_period_us", "100000") && put("cpu.cfs_quota_us", us)
                 : put("cpu.max", us + " 100000");
  }
  ~Quota() {
    std::error_code ec;
    if (made_) eventually([&] { return std::filesystem::remove(folder_, ec); }, 5);
  }
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  [[nodiscard]] bool holds() const { return holds_; }
  bool take(pid_t pid) { return put("cgroup.procs", std::to_string(pid)); }

 private:
  [[nodiscard]] bool put(const std::string& file, const std::string& text) const {
    const std::string path = folder_ + "/" + file;
    if (!std::filesystem::exists(path)) return false;
    std::ofstream out(path);
    out << text << std::flush;
    return out.good();
  }
  std::string folder_;
  bool made_ = false;
  bool holds_ = false;
};

/// Exit 114, and a sentence that names `cause` and what to change.
void is_invalid(const Installed& ordeal, Program& program, const std::string& cause) {
  const auto code = program.wait(40);
  const auto report = ordeal.report();
  const std::string reasons = at(report, "/phase_results/0/measurement/reasons");
  BOOST_TEST_CONTEXT(program.out() + program.err() + reasons) {
    BOOST_TEST(code.value_or(-1) == 114);
    BOOST_TEST(at(report, "/verdict/verdict") == "invalid");
    BOOST_TEST(at(report, "/phase_results/0/phase_analysis/result") == "invalid");
    BOOST_TEST(at(report, "/phase_results/0/success") == "false");
    BOOST_TEST(contains(reasons, cause));
    BOOST_TEST(contains(program.err(), cause));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(starved)

BOOST_AUTO_TEST_CASE(competitors_on_the_core_of_the_generator_make_it_invalid) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program =
      ordeal.start(campaign(ordeal, nginx, R"("duration": "6s", "connections": 16)",
                            R"(, "cores": [)" + std::to_string(OneCore::first()) + "]"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  const OneCore core;
  const Competitors competitors(4);
  is_invalid(ordeal, *program, "of the time for a core (load-0-http");
}

BOOST_AUTO_TEST_CASE(a_generator_under_a_quota_is_invalid) {
  Installed ordeal;
  Quota quota(10);
  if (!quota.holds()) {
    BOOST_TEST_MESSAGE("skipped: no cgroup with a CPU quota can be made here");
    return;
  }
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(campaign(
      ordeal, nginx, R"("duration": "4s", "connections": 50, "rate": 5000, "timeout": "2s")"));
  BOOST_REQUIRE(ordeal.wait_for_load());
  const pid_t cell = process_of(ordeal.run_id(), "load-0-http");
  BOOST_REQUIRE(cell > 0);
  BOOST_REQUIRE(quota.take(cell));
  is_invalid(ordeal, *program, "the generator sent late: p99");
}

BOOST_AUTO_TEST_CASE(a_cell_without_descriptors_is_not_the_targets_fault) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto program = ordeal.start(
      campaign(ordeal, nginx, R"("duration": "3s", "connections": 150, "rate": 1000)"));
  // The check before load has passed.
  pid_t cell = 0;
  BOOST_REQUIRE(eventually(
      [&] {
        const std::string id = ordeal.run_id();
        cell = id.empty() || ordeal.state() != "phase" ? 0 : process_of(id, "load-0-http");
        return cell > 0;
      },
      20));
  rlimit limit{60, 60};
  BOOST_REQUIRE(::prlimit(cell, RLIMIT_NOFILE, &limit, nullptr) == 0);
  // The connections are lost, and not all can be opened again.
  nginx.replace_worker();
  is_invalid(ordeal, *program, "found no free descriptor: 60 are allowed to a worker");
}

BOOST_AUTO_TEST_CASE(more_connections_than_local_ports_are_refused_before_load) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto run =
      ordeal.run(campaign(ordeal, nginx, R"("duration": "1s", "connections": 100000)"));
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(run.code == 112);
    BOOST_TEST(contains(run.err, "local ports for connections to the target, 100000 needed"));
    BOOST_TEST(contains(run.err, "ip_local_port_range"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
