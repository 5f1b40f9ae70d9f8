// SPDX-License-Identifier: Apache-2.0
#include "guardian/cgroup.h"

#include "guarded_run.h"

using namespace ordeal;
using namespace ordeal::testing;
namespace fs = std::filesystem;

namespace {

/// A v2 hierarchy of plain files, whose controllers this machine need not have.
struct FakeV2 {
  explicit FakeV2(const std::string& base) : root(base + "/v2"), group(root + "/ordeal-x.run") {
    fs::create_directories(group);
    for (const char* name : {"cgroup.subtree_control", "memory.high", "memory.max", "pids.max",
                             "cpu.max", "cpu.weight", "cgroup.kill"})
      std::ofstream(group + "/" + name) << "";
    std::ofstream(root + "/cgroup.subtree_control") << "";
    std::ofstream(root + "/cgroup.procs") << "";
    std::ofstream(root + "/cgroup.controllers") << "cpuset cpu io memory hugetlb pids\n";
  }
  /// Of a process in a group below that has no controllers.
  [[nodiscard]] CgroupPlace place() const { return {2, 0, root + "/one.scope", root}; }
  [[nodiscard]] std::string read(const std::string& name) const {
    return slurp(group + "/" + name);
  }

  std::string root;
  std::string group;
};

pid_t sleeper(const ContainmentGroup& group) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (group.enter() != 0) ::_exit(1);
  for (;;) ::pause();
}

/// Where /proc says that a process is.
bool in_group(pid_t pid, const std::string& name) {
  return slurp("/proc/" + std::to_string(pid) + "/cgroup").find("/" + name + "\n") !=
         std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroup)

BOOST_AUTO_TEST_CASE(limits_of_v2) {
  GuardedRun run;
  const FakeV2 fake(run.dir);
  Cgroups groups;
  groups.open({fake.place()}, "x", {1600, 16u << 20, 500, 2});
  BOOST_CHECK_EQUAL(groups.limiting(), 2);
  BOOST_CHECK(groups.can_kill());
  BOOST_CHECK_EQUAL(fake.read("cgroup.subtree_control"), "+memory +cpu +pids");
  BOOST_CHECK_EQUAL(fake.read("memory.max"), "16777216");
  BOOST_CHECK_EQUAL(fake.read("memory.high"), "15728640");
  BOOST_CHECK_EQUAL(fake.read("pids.max"), "500");
  BOOST_CHECK_EQUAL(fake.read("cpu.max"), "32000 20000");
  BOOST_CHECK_EQUAL(fake.read("cpu.weight"), "200");
  BOOST_CHECK_EQUAL(groups.cpu_stat(), fake.group + "/cpu.stat");
  groups.hurry(true);
  BOOST_CHECK_EQUAL(fake.read("cpu.max").substr(0, 9), "max 20000");
  groups.hurry(false);
  BOOST_CHECK_EQUAL(fake.read("cpu.max").substr(0, 11), "32000 20000");
}

BOOST_AUTO_TEST_CASE(only_a_load_dies_as_one_when_memory_ends) {
  GuardedRun run;
  const FakeV2 fake(run.dir);
  Cgroups groups;
  groups.open({fake.place()}, "x", {1600, 16u << 20, 500, 2});
  for (const std::string kind : {"load", "service"}) {
    const std::string folder = fake.group + "/" + kind + "-1";
    fs::create_directories(folder);
    for (const char* name :
         {"cgroup.procs", "cgroup.kill", "cgroup.events", "memory.oom.group", "memory.events"})
      std::ofstream(folder + "/" + name) << "";
    ContainmentGroup group;
    BOOST_REQUIRE_EQUAL(groups.make(kind, 1, true, group), 0);
    BOOST_CHECK_EQUAL(slurp(folder + "/memory.oom.group"), kind == "load" ? "1" : "");
    BOOST_CHECK_EQUAL(group.enter(), 0);
    BOOST_CHECK_EQUAL(slurp(folder + "/cgroup.procs"), "0");
    BOOST_CHECK_EQUAL(Cgroups::kill(group), 0);
    BOOST_CHECK_EQUAL(slurp(folder + "/cgroup.kill"), "1");
    BOOST_CHECK(Cgroups::populated(group));  // not known is not empty
    std::ofstream(folder + "/cgroup.events") << "populated 0\nfrozen 0\n";
    BOOST_CHECK(!Cgroups::populated(group));
    BOOST_CHECK_EQUAL(Cgroups::oom_kills(group), 0);
    std::ofstream(folder + "/memory.events") << "high 7\noom 1\noom_kill 3\n";
    BOOST_CHECK_EQUAL(Cgroups::oom_kills(group), 3);
    Cgroups::close(group);
  }
}

BOOST_AUTO_TEST_CASE(a_controller_short_is_no_limit) {
  GuardedRun run;
  const FakeV2 fake(run.dir);
  std::ofstream(fake.root + "/cgroup.controllers") << "cpu memory\n";
  Cgroups groups;
  groups.open({fake.place()}, "x", {1600, 16u << 20, 500, 2});
  BOOST_CHECK_EQUAL(groups.limiting(), 0);
  BOOST_CHECK_EQUAL(groups.limits().memory_bytes, 0);
  BOOST_CHECK_EQUAL(groups.cpu_stat(), "");
  BOOST_CHECK(groups.can_kill());
}

BOOST_AUTO_TEST_CASE(a_run_s_groups_come_and_go) {
  GuardedRun run;
  Cgroups groups;
  groups.open(find_cgroups(), run.id, {1500, 200u << 20, 300, 3});
  if (groups.limiting() == 0) return;  // this machine has none to write to
  ContainmentGroup group;
  BOOST_REQUIRE_EQUAL(groups.make("load", 7, false, group), 0);
  const pid_t pid = sleeper(group);
  BOOST_CHECK(eventually([&] { return in_group(pid, "ordeal-" + run.id + ".run/load-7"); }));
  const std::string folder = fs::path(groups.cpu_stat()).parent_path();
  if (groups.limiting() == 1) {
    BOOST_CHECK_EQUAL(slurp(folder + "/cpu.cfs_quota_us"), "30000\n");
    BOOST_CHECK_EQUAL(slurp(folder + "/cpu.cfs_period_us"), "20000\n");
    BOOST_CHECK_EQUAL(slurp(folder + "/cpu.shares"), "3072\n");
    groups.hurry(true);
    BOOST_CHECK_EQUAL(slurp(folder + "/cpu.cfs_quota_us"), "-1\n");
    BOOST_CHECK_EQUAL(slurp(folder + "/cpu.shares"), "262144\n");
    groups.hurry(false);
    BOOST_CHECK_EQUAL(slurp(folder + "/cpu.cfs_quota_us"), "30000\n");
    BOOST_CHECK_EQUAL(slurp(folder + "/cpu.shares"), "3072\n");
  }
  BOOST_CHECK_EQUAL(Cgroups::oom_kills(group), 0);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  groups.remove(group);
  BOOST_CHECK(!fs::exists(folder + "/load-7"));
  groups.remove_all();
  BOOST_CHECK(!fs::exists(folder));
}

BOOST_AUTO_TEST_CASE(what_a_dead_guardian_left_is_swept_and_a_live_one_s_is_not) {
  GuardedRun run;
  const auto places = find_cgroups();
  Cgroups live;
  live.open(places, run.id + "-live", {});
  if (live.limiting() == 0 && !live.can_kill()) return;
  ContainmentGroup kept;
  BOOST_REQUIRE_EQUAL(live.make("load", 1, true, kept), 0);
  const pid_t alive = sleeper(kept);
  pid_t orphan = 0;
  std::string folder;
  {
    int pipe[2];
    BOOST_REQUIRE_EQUAL(::pipe(pipe), 0);
    // A guardian that dies without a word.
    const pid_t guardian = ::fork();
    if (guardian == 0) {
      Cgroups groups;
      groups.open(places, run.id + "-dead", {});
      ContainmentGroup group;
      if (groups.make("load", 1, true, group) != 0) ::_exit(1);
      const pid_t child = ::fork();
      if (child == 0) {
        if (group.enter() != 0) ::_exit(1);
        ::close_range(3, ~0u, 0);  // as an init does: the lock is the guardian's alone
        ::raise(SIGSTOP);
        for (;;) ::pause();
      }
      int stopped = 0;
      if (::waitpid(child, &stopped, WUNTRACED) != child || !WIFSTOPPED(stopped)) ::_exit(1);
      if (::write(pipe[1], &child, sizeof child) < 0) ::_exit(1);
      ::_exit(0);
    }
    ::close(pipe[1]);
    BOOST_CHECK_EQUAL(::read(pipe[0], &orphan, sizeof orphan), sizeof orphan);
    ::close(pipe[0]);
    ::waitpid(guardian, nullptr, 0);
  }
  BOOST_REQUIRE(orphan > 0);
  std::size_t swept = 0;
  for (const auto& place : places) {
    swept += Cgroups::sweep(place.own);
    BOOST_CHECK(!fs::exists(place.own + "/ordeal-" + run.id + "-dead.run"));
  }
  BOOST_CHECK_GT(swept, 0);
  int status = 0;
  // We are its subreaper. Killed it may be a moment in ending.
  BOOST_CHECK(eventually([&] { return ::waitpid(orphan, &status, WNOHANG) == orphan; }));
  BOOST_CHECK(WIFSIGNALED(status));
  BOOST_CHECK_EQUAL(::waitpid(alive, &status, WNOHANG), 0);
  BOOST_CHECK(in_group(alive, "ordeal-" + run.id + "-live.run/load-1"));
  ::kill(alive, SIGKILL);
  ::waitpid(alive, nullptr, 0);
}

BOOST_AUTO_TEST_CASE(a_sweep_touches_only_what_a_run_is_called) {
  GuardedRun run;
  const std::string mine = run.dir + "/ordeal-a.run";
  const std::string others = run.dir + "/ordeal-b";
  for (const auto& folder : {mine, others}) fs::create_directories(folder);
  BOOST_CHECK_EQUAL(Cgroups::sweep(run.dir), 1);
  BOOST_CHECK(!fs::exists(mine));
  BOOST_CHECK(fs::exists(others));
}

BOOST_AUTO_TEST_SUITE_END()
