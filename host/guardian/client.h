// SPDX-License-Identifier: Apache-2.0
// How the others use the guardian: the front starts it, the controller talks to it, `ordeal stop`
// signals it, and everyone reads its evidence.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/channel.h"
#include "base/files.h"
#include "base/protocol/guard.h"
#include "base/result.h"

namespace ordeal {

/// Where a HALT file stops every run of this user: beside the runs folder, and the machine's own
/// (<sysconf>/ordeal/HALT), which only root can write.
std::vector<std::string> halt_files();
struct Halt {
  std::string path;
  std::string text;  // what it says: who, when, why; may be empty
};
/// The first of these files that is there.
std::optional<Halt> active_halt(const std::vector<std::string>& files = halt_files());
/// Why nothing is started, and how to change that. Code preflight.
Error halted_error(const Halt& halt);
/// Writes this user's HALT file: running guardians see it within a second. Returns its path. Error:
/// internal.
Result<std::string> pull_halt(const std::string& reason);
/// Removes it. Returns its path, "" when there was none. Error: internal.
Result<std::string> lift_halt();

/// Hard limits and surroundings of one run; becomes the guardian's command line.
struct GuardianOptions {
  std::string run_dir;
  std::string run_id;
  double memory_percent = 80;  // kill when more than this is used (MemAvailable), re-read once
  double disk_percent = 90;    // of the file system of run_dir
  std::uint64_t max_duration_ns = 0;
  std::vector<std::string> controller;  // argv of the controller; empty in guard mode
  std::vector<std::string> command;     // guard mode: the command to run in a containment
  bool drill = true;
  std::uint32_t tier = 0;          // hold trees together by this one, 1 to 4; 0: the best there is
  double reserve_cpu_percent = 0;  // of the machine, left to others in advance; 0: none
  double reserve_memory_percent = 0;
  std::string proc_root = "/proc";  // of the memory check; tests put a meminfo of their own here
  std::vector<std::string> halt_files = ordeal::halt_files();
  std::string clock_shift;  // tests: a file that shifts the guardian's clocks
  std::string program;      // the guardian; "": <libexec>/ordeal-guardian
};

/// A guardian that was started. The front's. One thread.
struct StartedGuardian {
  UniqueFd pidfd;
  std::int32_t pid = 0;
};

/// Starts <libexec>/ordeal-guardian in a new session, stdio on /dev/null and
/// <run_dir>/logs/guardian.log (in guard mode the caller's own; the log is the same), and waits
/// until it has passed its kill drill, written guardian.pid and started the controller (or the
/// command). The caller should be a subreaper and reaps the guardian, whose exit status is the
/// run's exit code. Errors: preflight (drill failed, limits already exceeded, run directory in
/// use), internal (the controller cannot be executed).
Result<StartedGuardian> start_guardian(const GuardianOptions& options);

/// One record of guardian.evidence that passed its crc.
struct EvidenceRecord {
  std::uint64_t seq = 0;
  std::uint64_t mono_ns = 0;
  std::uint64_t wall_ns = 0;
  std::string type;    // armed, drill, started, ...: all of them in evidence.h
  std::string text;    // human readable, with metric, value and limit
  std::int64_t a = 0;  // type-specific numbers: exit code, tier, ns, reason, see evidence.h
  std::int64_t b = 0;
};
/// In order; records whose crc is wrong are left out. Safe while the guardian writes. Those of
/// earlier guardians of the same run (resume) come first, each ending with `end` if it got that
/// far. Error: internal, when the file is missing or not evidence.
Result<std::vector<EvidenceRecord>> read_evidence(const std::string& run_dir);

/// Identity from guardian.pid if that process still runs.
std::optional<ProcessIdentity> running_guardian(const std::string& run_dir);

/// How a stop went.
struct StopOutcome {
  bool was_running = false;
  bool acknowledged = false;        // by the guardian
  std::vector<std::int32_t> swept;  // pids killed because they carried the run's id
};
/// Orderly (returns once acknowledged) or forced (returns once nothing of the run but the front is
/// left). Works without guardian and controller: sweeps by ORDEAL_RUN_ID, never by name.
Result<StopOutcome> stop_run(const std::string& run_dir, const std::string& run_id, bool force);

/// Pids of the live processes that were started with ORDEAL_RUN_ID=run_id in their environment.
std::vector<std::int32_t> processes_of_run(const std::string& run_id);

/// What runs left behind whose guardian is gone: kills every process that carries the id of such a
/// run below `runs`, by id and start time, and its descendants. Runs that are just starting are
/// left alone. Returns the pids killed.
std::vector<std::int32_t> sweep_orphans(const std::string& runs);

/// Kills every process that carries ORDEAL_RUN_ID=run_id, and the descendants of these (pidfd,
/// start time checked; never by name), except `spare` and the caller, until none is left or
/// `timeout_ms` passed. Returns the pids killed.
std::vector<std::int32_t> sweep_run(const std::string& run_id, std::int32_t spare, int timeout_ms);

/// The controller's end of the line, over the descriptors it was started with.
class GuardianLink {
 public:
  /// Error: internal when this process was not started by a guardian.
  static Result<std::unique_ptr<GuardianLink>> inherited();
  GuardianLink(Channel channel, SharedCounters* counters);

  [[nodiscard]] SharedCounters& counters() { return *counters_; }
  [[nodiscard]] Channel& channel() { return channel_; }
  /// True once the guardian's counter stood still for 2 s or its channel closed. Call it at least
  /// twice a second: after a longer gap (suspend) the 2 s begin anew.
  [[nodiscard]] bool guardian_lost(std::uint64_t now_ns);

  Result<void> make_containment(ContainmentKind kind, std::uint32_t id);
  Result<void> kill_containment(std::uint32_t id);
  Result<void> report_status(bool final, ExitCode code, std::string_view note);

 private:
  Channel channel_;
  SharedCounters* counters_;
  std::uint64_t last_count_ = 0;
  std::uint64_t last_change_ns_ = 0;
  std::uint64_t last_call_ns_ = 0;
};

}  // namespace ordeal
