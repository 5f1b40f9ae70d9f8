// SPDX-License-Identifier: Apache-2.0
#include "guardian/containment.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "guardian/frames.h"
#include "guardian/kernel.h"
#include "guardian/pidfd.h"

namespace ordeal {

namespace {

/// A T4 init gets this long to end its own tree before it is killed itself.
constexpr std::uint64_t init_patience_ns = 300'000'000;

template <std::size_t N>
void copy_text(std::array<char, N>& to, const std::string& from) {
  const std::size_t size = std::min(from.size(), N - 1);
  std::memcpy(to.data(), from.data(), size);
  to[size] = '\0';
}

}  // namespace

Containments::Containments(InitServer& server, ProcessTable& table, const std::string& run_id,
                           const std::string& run_dir)
    : server_(server), table_(table) {
  copy_text(common_.run_id, run_id);
  copy_text(common_.run_dir, run_dir);
  common_.uid = ::geteuid();
  common_.gid = ::getegid();
}

InitSetup Containments::setup_for(const ContainmentPlan& plan) const noexcept {
  InitSetup setup = common_;
  setup.tier = plan.tier;
  setup.new_user = plan.new_user;
  setup.fresh_proc = plan.fresh_proc;
  return setup;
}

const char* name_of(ContainmentKind kind) {
  switch (kind) {
    case ContainmentKind::load:
      return "load";
    case ContainmentKind::target:
      return "target";
    case ContainmentKind::service:
      return "service";
  }
  return "?";
}

bool Containments::works(ContainmentPlan& plan) noexcept {
  InitSetup setup = setup_for(plan);
  if (plan.grouped && groups_.make("probe", 0, plan.tier == Tier::cgroup_kill, setup.group) != 0)
    return false;
  const pid_t pid = clone_process(plan.namespaces, nullptr);
  if (pid == 0) {
    bool has_fresh_proc = false;
    if (setup.group.enter() != 0) ::_exit(2);
    if (InitServer::settle(setup, has_fresh_proc) != 0) ::_exit(2);
    // A namespace that allows no children is of no use either.
    const pid_t child = clone_process(0, nullptr);
    if (child == 0) ::_exit(0);
    if (child < 0 || ::waitpid(child, nullptr, __WALL) != child) ::_exit(2);
    ::_exit(has_fresh_proc ? 1 : 0);
  }
  int status = 0;
  const bool ended = pid > 0 && ::waitpid(pid, &status, __WALL) == pid && WIFEXITED(status);
  groups_.remove(setup.group);
  if (!ended) return false;
  plan.has_fresh_proc = WEXITSTATUS(status) == 1;
  return WEXITSTATUS(status) <= 1;
}

bool Containments::grouped_works(ContainmentPlan& plan, Tier tier) noexcept {
  const bool there = tier == Tier::cgroup_kill ? groups_.can_kill() : groups_.limiting() != 0;
  if (!there) return false;
  ContainmentPlan grouped = plan;
  grouped.tier = tier;
  grouped.grouped = true;
  if (!works(grouped)) return false;
  plan = grouped;
  return true;
}

/// The best plan, of the tier wanted if one is; tier none if that cannot be.
ContainmentPlan Containments::best(std::initializer_list<ContainmentPlan> namespaces,
                                   Tier wanted) noexcept {
  const auto may = [wanted](Tier tier) { return wanted == Tier::none || wanted == tier; };
  for (ContainmentPlan plan : namespaces) {
    if (!may(Tier::limited_namespace) && !may(Tier::pid_namespace)) break;
    if (!works(plan)) continue;
    if (may(Tier::limited_namespace) && grouped_works(plan, Tier::limited_namespace)) return plan;
    if (may(Tier::pid_namespace)) return plan;
  }
  ContainmentPlan plan;
  if (may(Tier::cgroup_kill) && grouped_works(plan, Tier::cgroup_kill)) return plan;
  if (!may(Tier::subreaper)) return plan;
  // Without cgroup.kill a group still limits.
  if (wanted == Tier::none && grouped_works(plan, Tier::subreaper)) return plan;
  plan.tier = Tier::subreaper;
  return plan;
}

bool Containments::plan(Tier wanted, const Reservation& reservation) {
  constexpr std::uint64_t pid = CLONE_NEWPID;
  constexpr std::uint64_t pid_mount = CLONE_NEWPID | CLONE_NEWNS;
  constexpr std::uint64_t user = CLONE_NEWUSER;
  const Tier t2 = Tier::pid_namespace;
  common_.hold_back = {};
  groups_.remove_all();
  if (wanted != Tier::pid_namespace && wanted != Tier::subreaper)
    groups_.open(find_cgroups(), common_.run_id.data(), reservation.limits);
  // A fresh /proc may be refused (masked /proc of a container); a PID namespace without is as
  // tight.
  load_ = best({{t2, pid_mount, false, true, false, false},
                {t2, pid, false, false, false, false},
                {t2, pid_mount | user, true, true, false, false},
                {t2, pid | user, true, false, false, false}},
               wanted);
  if (load_.tier == Tier::none) return false;
  service_ = best({{t2, pid, false, false, false, false}}, wanted);
  if (service_.tier == Tier::none) service_ = best({}, Tier::none);
  if (!load_.grouped && !service_.grouped) groups_.remove_all();
  if (!load_.grouped || groups_.limiting() == 0) common_.hold_back = reservation.hold_back;
  return true;
}

int Containments::make(ContainmentKind kind, std::uint32_t id, int& channel, int drill) noexcept {
  if (find(id) != nullptr) return EEXIST;
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [](const Containment& c) {
    return c.state == Containment::State::unused;
  });
  if (slot == slots_.end()) return ENOSPC;
  const ContainmentPlan& plan = plan_for(kind);
  std::array<int, 2> ends{-1, -1};
  std::array<int, 2> lifeline{-1, -1};
  if (const int e = make_channel(ends); e != 0) return e;
  if (::pipe2(lifeline.data(), O_CLOEXEC) != 0) {
    const int e = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return e;
  }
  InitSetup setup = setup_for(plan);
  setup.kind = kind;
  setup.channel = ends[1];
  setup.lifeline = lifeline[0];
  setup.drill = drill;
  int error = 0;
  if (plan.grouped)
    error = groups_.make(name_of(kind), id, plan.tier == Tier::cgroup_kill, setup.group);
  int pidfd = -1;
  const pid_t pid = error != 0 ? -1 : clone_process(plan.namespaces, &pidfd);
  if (pid < 0 && error == 0) error = errno;
  if (pid == 0) server_.run(setup);
  ::close(ends[1]);
  ::close(lifeline[0]);
  if (pid < 0) {
    ::close(ends[0]);
    ::close(lifeline[1]);
    groups_.remove(setup.group);
    return error;
  }
  *slot = {};
  slot->state = Containment::State::running;
  slot->id = id;
  slot->kind = kind;
  slot->tier = plan.tier;
  slot->init = pid;
  slot->group = setup.group;
  slot->pidfd = pidfd;
  slot->lifeline = lifeline[1];
  channel = ends[0];
  return 0;
}

void Containments::kill(Containment& c) noexcept {
  if (c.state != Containment::State::running) return;
  c.state = Containment::State::killing;
  c.asked = true;
  c.signalled_ns = monotonic_ns();
  if (in_namespace(c.tier)) signal_pidfd(c.pidfd, SIGKILL);
  if (c.tier == Tier::cgroup_kill) static_cast<void>(Cgroups::kill(c.group));
  ::close(c.lifeline);
  c.lifeline = -1;
  groups_.hurry(true);
}

void Containments::ended(Containment& c) noexcept {
  c.state = Containment::State::ended;
  c.ended_ns = monotonic_ns();
  if (std::none_of(slots_.begin(), slots_.end(), [](const Containment& other) {
        return other.state == Containment::State::killing ||
               other.state == Containment::State::strays;
      }))
    groups_.hurry(false);
}

void Containments::forget(Containment& containment) noexcept {
  groups_.remove(containment.group);
  containment = {};
}

void Containments::kill_kind(ContainmentKind kind) noexcept {
  for (auto& c : slots_)
    if (c.kind == kind) kill(c);
}

void Containments::kill_all() noexcept {
  for (auto& c : slots_) kill(c);
}

Containment* Containments::reaped(pid_t pid, int status) noexcept {
  for (auto& c : slots_) {
    const bool running = c.state == Containment::State::running;
    if (c.init != pid || (!running && c.state != Containment::State::killing)) continue;
    c.status = status;
    if (running) c.signalled_ns = monotonic_ns();
    if (c.lifeline >= 0) ::close(c.lifeline);
    ::close(c.pidfd);
    c.lifeline = c.pidfd = -1;
    c.init = 0;
    // The kernel reaps an init after everything else in its namespace; in T3 and T4 what it left
    // behind has become our child.
    c.state = Containment::State::strays;
    if (in_namespace(c.tier)) ended(c);
    return &c;
  }
  return nullptr;
}

bool Containments::step(std::span<const pid_t> spared) noexcept {
  const auto needs_steps = [](const Containment& c) {
    return !in_namespace(c.tier) &&
           (c.state == Containment::State::killing || c.state == Containment::State::strays);
  };
  if (std::none_of(slots_.begin(), slots_.end(), needs_steps)) return false;
  if (!table_.scan()) return true;
  for (const auto& c : slots_)
    if (needs_steps(c) && c.tier == Tier::cgroup_kill && Cgroups::populated(c.group))
      static_cast<void>(Cgroups::kill(c.group));
  const std::uint64_t now = monotonic_ns();
  std::array<pid_t, capacity + 8> mine{};
  std::size_t n = 0;
  for (const pid_t pid : spared)
    if (n < 8) mine[n++] = pid;
  for (const auto& c : slots_)
    if (c.init > 0) mine[n++] = c.init;
  const std::size_t strays =
      table_.mark_descendants(::getpid(), std::span<const pid_t>(mine).first(n));
  for (auto& c : slots_) {
    if (!needs_steps(c)) continue;
    if (c.state == Containment::State::strays) {
      if (strays != 0) continue;
      if (c.tier == Tier::cgroup_kill && Cgroups::populated(c.group)) continue;
      ended(c);
      continue;
    }
    table_.mark_descendants(c.init);
    if (now - c.signalled_ns > init_patience_ns) signal_pidfd(c.pidfd, SIGKILL);
  }
  table_.kill_marked();
  return std::any_of(slots_.begin(), slots_.end(), needs_steps);
}

Containment* Containments::find(std::uint32_t id) noexcept {
  for (auto& c : slots_)
    if (c.state != Containment::State::unused && c.id == id) return &c;
  return nullptr;
}

bool Containments::any(ContainmentKind kind) const noexcept {
  return std::any_of(slots_.begin(), slots_.end(), [kind](const Containment& c) {
    return c.kind == kind && c.state != Containment::State::unused &&
           c.state != Containment::State::ended;
  });
}

std::size_t Containments::alive() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const Containment& c) {
        return c.state != Containment::State::unused && c.state != Containment::State::ended;
      }));
}

}  // namespace ordeal
