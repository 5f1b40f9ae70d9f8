// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "base/protocol/guard.h"
#include "guardian/init.h"
#include "guardian/process_table.h"
#include "guardian/reservation.h"

namespace ordeal {

/// How containments of one kind are made on this machine.
struct ContainmentPlan {
  Tier tier = Tier::none;
  std::uint64_t namespaces = 0;  // CLONE_NEW* of the init
  bool new_user = false;
  bool fresh_proc = false;      // asked for
  bool has_fresh_proc = false;  // and got, in the probe
  bool grouped = false;         // in a cgroup
};

/// "load", "target" or "service".
const char* name_of(ContainmentKind kind);

/// One containment as the guardian sees it.
struct Containment {
  enum class State { unused, running, killing, strays, ended };
  State state = State::unused;
  std::uint32_t id = 0;
  ContainmentKind kind = ContainmentKind::load;
  Tier tier = Tier::none;
  pid_t init = 0;
  int pidfd = -1;
  int lifeline = -1;  // write end; closing it ends the init
  ContainmentGroup group;
  std::uint64_t oom_kills = 0;     // of its processes, known so far
  int status = 0;                  // of the init
  bool asked = false;              // we killed it
  std::uint64_t signalled_ns = 0;  // when the kill began
  std::uint64_t ended_ns = 0;      // when it was empty
};

/// All containments of a run. One thread; after plan() nothing here allocates.
class Containments {
 public:
  static constexpr std::size_t capacity = 64;

  Containments(InitServer& server, ProcessTable& table, const std::string& run_id,
               const std::string& run_dir);

  /// Finds out by trying what this machine permits: the best tier there is, or the one `wanted`
  /// (then service containments, which take no user namespace, may still get a lower one). T2 and
  /// T4, when wanted, do without cgroups. False: the tier wanted is not to be had here. Allocates:
  /// before arming.
  bool plan(Tier wanted, const Reservation& reservation);
  [[nodiscard]] const ContainmentPlan& plan_for(ContainmentKind kind) const noexcept {
    return kind == ContainmentKind::service ? service_ : load_;
  }

  /// Clones an init. 0 and the asker's end of its channel, or errno. With `drill` (write end of a
  /// pipe) the init plays the dummy tree first.
  int make(ContainmentKind kind, std::uint32_t id, int& channel, int drill = -1) noexcept;
  /// Begins to kill everything in it; step() and reaped() see it through.
  void kill(Containment& containment) noexcept;
  void kill_kind(ContainmentKind kind) noexcept;
  void kill_all() noexcept;
  /// Tells of a child that was reaped. Nullptr: not an init.
  Containment* reaped(pid_t pid, int status) noexcept;
  /// Goes on with kills that need repetition. `spared`: children of the guardian that are no
  /// containment's (the controller). True while there is something to repeat.
  bool step(std::span<const pid_t> spared) noexcept;
  /// Ended ones wait here until the caller has told everyone.
  void forget(Containment& containment) noexcept;

  [[nodiscard]] Containment* find(std::uint32_t id) noexcept;
  [[nodiscard]] bool any(ContainmentKind kind) const noexcept;
  /// Not yet ended.
  [[nodiscard]] std::size_t alive() const noexcept;
  [[nodiscard]] std::array<Containment, capacity>& slots() noexcept { return slots_; }
  [[nodiscard]] const Cgroups& groups() const noexcept { return groups_; }
  /// Removes the run's cgroups; the last act.
  void end() noexcept { groups_.remove_all(); }

 private:
  bool works(ContainmentPlan& plan) noexcept;
  bool grouped_works(ContainmentPlan& plan, Tier tier) noexcept;
  ContainmentPlan best(std::initializer_list<ContainmentPlan> namespaces, Tier wanted) noexcept;
  InitSetup setup_for(const ContainmentPlan& plan) const noexcept;
  void ended(Containment& containment) noexcept;

  InitServer& server_;
  ProcessTable& table_;
  InitSetup common_;
  Cgroups groups_;
  ContainmentPlan load_;
  ContainmentPlan service_;
  std::array<Containment, capacity> slots_{};
};

}  // namespace ordeal
