// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/protocol/guard.h"
#include "guardian/cgroup.h"
#include "guardian/frames.h"
#include "guardian/process_table.h"

namespace ordeal {

/// How the members of a containment are held together; numbers as in the design.
enum class Tier : std::uint32_t {
  none = 0,
  limited_namespace = 1,  // T1: T2, and cgroups that limit memory, CPU and processes
  pid_namespace = 2,      // T2: the kernel ends everything with the init
  cgroup_kill = 3,        // T3: the kernel ends everything in the group
  subreaper = 4,          // T4: the init (and the guardian) kill descendants until none is left
};

constexpr bool in_namespace(Tier tier) {
  return tier == Tier::limited_namespace || tier == Tier::pid_namespace;
}

/// How processes are held back where no cgroup does it; each of them on its own.
struct HoldBack {
  std::uint32_t spare_cpus = 0;  // of those allowed, these many are left alone
  int nice = 0;                  // added
  std::uint64_t data_bytes = 0;  // RLIMIT_DATA; 0: as it is
};

/// What an init is told by the guardian that cloned it.
struct InitSetup {
  int channel = -1;   // to whoever asks for processes (controller)
  int lifeline = -1;  // read end of a pipe: hang-up means that the guardian is gone or wants an end
  int drill = -1;     // write end of a pipe: play the kill drill's dummy tree instead of serving
  Tier tier = Tier::pid_namespace;
  ContainmentKind kind = ContainmentKind::load;
  ContainmentGroup group;  // entered before anything is started
  HoldBack hold_back;
  bool new_user = false;    // in a user namespace of its own
  bool fresh_proc = false;  // in a mount namespace of its own that gets its own /proc
  uid_t uid = 0;            // outside
  gid_t gid = 0;
  std::array<char, 128> run_id{};
  std::array<char, 4096> run_dir{};
};

/// The first process of a containment: reaps everything, starts and signals processes on request,
/// reports how they ended. Allocates nothing, so that the guardian can clone it at any time: make
/// one on the heap before arming; every clone has its own copy.
class InitServer {
 public:
  /// `table` is only used in tiers T3 and T4.
  explicit InitServer(ProcessTable& table) noexcept : table_(table) {}

  /// Never returns. To be called in the child of clone_process.
  [[noreturn]] void run(const InitSetup& setup) noexcept;

  /// Namespaces, identity maps, /proc. 0 or errno; what is only desirable (a fresh /proc) does not
  /// fail but clears `has_fresh_proc`. Also used by the guardian's probe.
  static int settle(const InitSetup& setup, bool& has_fresh_proc) noexcept;

 private:
  static constexpr std::size_t max_peers = 256;
  static constexpr std::size_t max_children = 4096;
  static constexpr std::size_t max_strings = 4096;
  static constexpr std::uint32_t no_peer = 0xffffffff;

  struct Peer {
    int fd = -1;
    bool blocked = false;  // does not read: nothing more is taken from it meanwhile
  };
  struct Child {
    pid_t pid = 0;  // 0: free slot
    std::uint32_t token = 0;
    std::uint32_t peer = no_peer;
    bool ended = false;  // still to be reported
    int status = 0;
    std::uint64_t user_ns = 0;
    std::uint64_t system_ns = 0;
    std::uint64_t max_rss_bytes = 0;
  };
  struct Start;

  [[noreturn]] void serve() noexcept;
  [[noreturn]] void end_everything() noexcept;
  void play_drill(int pipe) noexcept;
  void reap() noexcept;
  void report(Child& child) noexcept;
  void report_pending(std::uint32_t peer) noexcept;
  void take(std::uint32_t peer) noexcept;
  void lose(std::uint32_t peer) noexcept;
  void send_signal(std::uint32_t peer, std::uint32_t token, int signal) noexcept;
  bool reply(std::uint32_t peer, const OutgoingFrame& frame,
             std::span<const int> fds = {}) noexcept;
  std::uint32_t add_peer(int fd) noexcept;

  // init_start.cpp
  void start(std::uint32_t peer, IncomingFrame& frame) noexcept;
  int read_start(std::uint32_t peer, const IncomingFrame& frame, Start& start) noexcept;
  int prepare(const IncomingFrame& frame, Start& start) noexcept;
  [[noreturn]] void become(const Start& start, const IncomingFrame& frame) noexcept;
  char* keep(std::string_view text) noexcept;
  void hold_back() const noexcept;

  InitSetup setup_;
  int signals_ = -1;
  std::array<Peer, max_peers> peers_{};
  std::array<Child, max_children> children_{};
  alignas(8) std::array<std::byte, frame_max> buffer_{};
  std::array<char, 2 * frame_max> arena_{};
  std::size_t arena_used_ = 0;
  std::array<char*, max_strings> argv_{};
  std::array<char*, max_strings> env_{};
  ProcessTable& table_;
};

}  // namespace ordeal
