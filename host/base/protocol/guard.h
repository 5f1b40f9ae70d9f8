// SPDX-License-Identifier: Apache-2.0
// What guardian, controller, front and the inits of containments say to one another.
#pragma once

#include <atomic>
#include <cstdint>

namespace ordeal {

/// Types of messages between guardian (G), controller (C) and a containment's init (I). Payloads
/// are little-endian fields in the order given (text = u32 length + bytes; see base/codec.h).
/// Messages to and from the guardian always fit one frame.
enum class GuardMessage : std::uint16_t {
  // C -> G
  make_containment = 1,  // u32 kind (ContainmentKind), u32 id (chosen by C, never reused)
  kill_containment = 2,  // u32 id: SIGKILL for everything in it
  status = 3,            // u32 final (0/1), i32 exit code so far, text note
  limits = 4,  // u64 memory bytes available at least, f64 disk percent at most (tighten only)
  // G -> C
  containment_made = 16,   // u32 id, i32 errno (0: made), u32 tier; fd[0]: channel to its init
  containment_ended = 17,  // u32 id, u32 survivors (0), u64 ns from signal to empty
  stop = 18,               // u32 level (1 stop, 2 abort), u32 reason (StopReason), text detail
  pressure = 20,  // u32 level of the ladder (0 over, 2 throttle, 3 hold, 4 stop phase), the
                  // highest of all sensors; text metric, value, limit of what changed
  ready = 19,     // u32 tier of load, u32 tier of service, u64 kill drill ns, text
                  // what is reserved, text cpu.stat of the run's cgroup ("": none)
  // C -> I
  start = 32,   // u32 token, u32 flags (StartFlag), u32 n_argv, text*, u32 n_env, text*, text cwd;
                // fds: as many as become 3, 4, ... in the child
  signal = 33,  // u32 token, i32 signal
                // Tokens are the asker's own. The init serves start/signal on the first channel and
                // on those it made for StartFlag::init_channel; when one of the latter closes, the
                // children asked for over it are killed.
  // I -> C
  started =
      48,  // u32 token, i32 errno (0: runs); fds when it runs: pidfd, and with StartFlag::pipes
           // stdin (write), stdout (read), stderr (read)
  exited = 49,  // u32 token, i32 wait status, u64 user ns, u64 system ns, u64 max rss bytes
};

enum class ContainmentKind : std::uint32_t { load = 1, target = 2, service = 3 };

/// Bits of `start`. Stdio is /dev/null unless a bit says otherwise.
enum class StartFlag : std::uint32_t {
  keep_stdio = 1,  // the guardian's own
  null_stdio = 2,
  init_channel = 4,  // a channel to the init is inserted as the child's fd 4 (cell_init_fd): the
                     // message's fds become 3, 5, 6, ...
  pipes = 8,         // three pipes, whose ends `started` carries
  stdio_fds = 16,    // the first three fds of the message become 0, 1, 2; the rest 3, ...
};

enum class StopReason : std::uint32_t {
  none = 0,
  person = 1,  // ordeal stop, SIGINT or SIGTERM
  memory_limit = 2,
  disk_limit = 3,
  duration_limit = 4,
  controller_silent = 5,
  controller_died = 6,
  person_force = 7,  // ordeal stop --force
  halt = 8,          // a HALT file: no run of this user may go on
};

/// In a memfd shared by guardian and controller: dead man's switch both ways. Each critical loop
/// adds one to its own counter at least every 100 ms. One of the controller's that stands still for
/// 2 s: the guardian kills the tree; for 5 s: it aborts the controller (SIGABRT, SIGKILL 1 s
/// later). The guardian's stands still for 2 s: the controller ends the run with 116 and kills the
/// guardian.
struct SharedCounters {
  static constexpr std::uint32_t expected_magic = 0x44524f43;
  std::uint32_t magic = expected_magic;
  std::uint32_t controller_armed = 0;          // 1 once the controller counts
  std::atomic<std::uint64_t> guardian{0};      // guardian's tick
  std::atomic<std::uint64_t> scheduler{0};     // controller's main loop
  std::atomic<std::uint64_t> dispatcher{0};    // never counts: whoever publishes dispatches
  std::atomic<std::uint64_t> journal{0};       // controller's journal thread
  std::atomic<std::uint32_t> final_status{0};  // 1: the controller has written its last record
  std::atomic<std::int32_t> exit_code{0};      // valid with final_status
};

/// Descriptors of the controller at exec, and how the guardian names them in its environment.
inline constexpr int controller_channel_fd = 3;   // to the guardian
inline constexpr int controller_counters_fd = 4;  // SharedCounters

/// Descriptors of a cell at exec.
inline constexpr int cell_channel_fd = 3;  // to the controller (or the front)
inline constexpr int cell_init_fd = 4;     // to the init, for ordeal.host.process/1; may be absent

/// Every process of a run carries this in its environment; orphans are swept by it.
inline constexpr const char* run_id_variable = "ORDEAL_RUN_ID";

/// In the run directory, written once by the guardian: who to signal.
///   guardian.pid:  "<pid> <start ticks> <boot id>\n"
/// Signals to the guardian: SIGTERM orderly stop, SIGQUIT forced stop (everything dies at once).
/// It acknowledges by an evidence record, and its last act is the record `end`.
inline constexpr const char* guardian_pid_file = "guardian.pid";
inline constexpr const char* evidence_file = "guardian.evidence";

}  // namespace ordeal
