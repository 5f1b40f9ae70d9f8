// SPDX-License-Identifier: Apache-2.0
// The guardian of one run: outermost process of the tree, one thread, no allocation once armed.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/protocol/guard.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "guardian/containment.h"
#include "guardian/evidence.h"
#include "guardian/fixed_text.h"
#include "guardian/frames.h"
#include "guardian/init.h"
#include "guardian/memory_watch.h"
#include "guardian/notify.h"
#include "guardian/options.h"
#include "guardian/pressure_watch.h"
#include "guardian/process_table.h"
#include "guardian/run_clock.h"
#include "guardian/sensor_history.h"
#include "guardian/sensors.h"

namespace ordeal {

class Guardian {
 public:
  /// Everything that may fail or allocate: evidence, sensors, tier, drill, guardian.pid. Errors:
  /// preflight, also recorded as evidence where that exists.
  static Result<std::unique_ptr<Guardian>> arm(const Options& options);
  ~Guardian();

  /// Starts the controller (or the command) and watches until the end. Returns the exit code.
  int run() noexcept;

 private:
  enum class Stage {
    running,
    stopping,  // a person asked; the controller writes its reports
    limited,   // a limit was hit; the controller may journal
    silent,    // the controller is: its tree is killed, it has three seconds more
    aborting,  // it still is; it may leave a core
  };
  using Text = FixedText<400>;

  /// What a stop was decided by. Times are of clock_.
  struct Cause {
    std::string_view rule;  // with the version of its meaning
    std::uint64_t seen_ns = 0;
    std::uint64_t dwell_ns = 0;
  };

  Guardian(const Options& options, RunClock clock, Evidence evidence, Sensors sensors);

  // guardian_arm.cpp
  Result<void> check_halt_before();
  Result<void> check_limits_before();
  Result<void> prove_containment();
  Result<void> prepare();
  void lock_memory(Text& note);
  void make_stop_id();
  Error refusal(std::string what);

  // guardian_start.cpp
  bool start_controller();
  bool start_command();
  void announce_ready() noexcept;
  int make_contained(ContainmentKind kind, std::uint32_t id, int& channel) noexcept;
  [[noreturn]] void become_controller(int channel, int failure) noexcept;

  // guardian.cpp
  int loop() noexcept;
  void take_signals() noexcept;
  void take_signal(int signal, pid_t from) noexcept;
  void person_stops(int signal, pid_t from) noexcept;
  void reap() noexcept;
  void take_frames() noexcept;
  void take_frame(const IncomingFrame& frame) noexcept;
  void make_containment(ContainmentKind kind, std::uint32_t id) noexcept;
  void announce_ended() noexcept;
  void watch_memory_limit(Containment& containment) noexcept;
  bool send(const OutgoingFrame& frame, std::span<const int> fds = {}) noexcept;

  // guardian_tick.cpp
  void tick(std::uint64_t now) noexcept;
  void lose_time(std::int64_t late) noexcept;
  bool check_memory(std::uint64_t now) noexcept;
  void check_disk() noexcept;
  void check_duration(std::uint64_t now) noexcept;
  void check_host(std::uint64_t now) noexcept;
  void check_controller(std::uint64_t now) noexcept;
  void look_at_processes(std::uint64_t now) noexcept;
  void tell_pressure(std::size_t changes) noexcept;
  [[nodiscard]] std::uint64_t memory_floor(const MemoryReading& memory) const noexcept;

  // guardian_stop.cpp
  void stop_orderly(StopReason reason, const Cause& cause, const Text& text) noexcept;
  void stop_forced(int signal, pid_t from) noexcept;
  void hit_limit(StopReason reason, const Cause& cause, std::string_view detail) noexcept;
  void controller_silent(std::string_view which, std::uint64_t since, std::uint64_t now) noexcept;
  void abort_controller(std::uint64_t now) noexcept;
  void advance(std::uint64_t now) noexcept;
  void conclude() noexcept;
  void send_stop() noexcept;
  void end_with(int code, std::string_view why) noexcept;
  int end_everything() noexcept;
  [[nodiscard]] std::optional<int> final_code() const noexcept;
  [[nodiscard]] bool controller_alive() const noexcept { return controller_ > 0; }
  /// The load is already dead.
  [[nodiscard]] bool over() const noexcept {
    return stage_ == Stage::limited || stage_ == Stage::silent || stage_ == Stage::aborting;
  }

  // guardian_halt.cpp
  void check_halt() noexcept;
  const char* halted(Text& text) const noexcept;

  // guardian_evidence.cpp
  void begin_stop(const Cause& cause) noexcept;
  void record_surroundings() noexcept;
  void record_stop() noexcept;
  void name_survivors(Text& text) noexcept;
  void log(std::string_view text) noexcept;
  void note(std::string_view type, std::string_view text, std::int64_t a = 0,
            std::int64_t b = 0) noexcept;

  Options options_;
  RunClock clock_;
  Evidence evidence_;
  Sensors sensors_;
  ProcessTable table_;
  InitServer init_;
  Containments containments_;
  UniqueFd signals_;
  UniqueFd log_;
  UniqueFd counters_fd_;
  SharedCounters* counters_ = nullptr;
  std::uint64_t drill_ns_ = 0;
  std::string reserved_;
  double memory_percent_;
  double disk_percent_;
  std::uint64_t memory_available_least_ = 0;

  // The controller; in guard mode there is none, and the channel leads to the init.
  pid_t controller_ = 0;
  UniqueFd controller_pidfd_;
  UniqueFd channel_;
  int controller_status_ = 0;
  std::optional<int> told_final_;  // by a status message
  UniqueFd command_pidfd_;
  std::optional<int> command_code_;
  std::vector<std::byte> command_frame_;
  std::vector<char*> argv_;  // of the controller, as execvp wants it

  Stage stage_ = Stage::running;
  StopReason reason_ = StopReason::none;
  Text detail_;
  bool stop_unsent_ = false;
  std::uint64_t kill_load_at_ = 0;  // 0: not planned
  std::uint64_t kill_all_at_ = 0;
  std::uint64_t abort_at_ = 0;
  std::uint64_t still_over_at_ = 0;
  std::uint64_t final_deadline_ = 0;

  bool ending_ = false;
  int exit_code_ = 0;
  Text why_;

  std::uint64_t armed_ns_ = 0;
  std::uint64_t next_tick_ns_ = 0;
  std::uint64_t next_disk_ns_ = 0;
  std::uint64_t next_host_ns_ = 0;
  std::uint64_t next_top_ns_ = 0;
  std::uint64_t memory_seen_ns_ = 0;
  std::uint64_t disk_seen_ns_ = 0;
  std::uint64_t tick_ns_ = 20'000'000;
  std::uint32_t blind_ticks_ = 0;  // in a row
  struct Watched {
    std::uint64_t count = 0;
    std::uint64_t changed_ns = 0;
  };
  Watched scheduler_;
  Watched journal_;

  MemoryWatch memory_watch_;
  PressureWatch pressure_;
  PressureWatch::Changes changes_{};
  SensorHistory history_;
  Notifier notifier_;
  struct Top {
    std::uint64_t ns = 0;  // 0: never looked
    std::size_t count = 0;
    ProcessTable::Heaviest by_memory{};
    ProcessTable::Heaviest by_cpu{};
  };
  Top top_;
  /// The first stop of the run; times of clock_, 0: not yet.
  struct Stop {
    Cause cause;
    std::uint64_t decided_ns = 0;
    std::uint64_t signalled_ns = 0;
    std::uint64_t load_empty_ns = 0;
    bool surroundings = false;
  };
  Stop stop_;
  FixedText<40> stop_id_;
  alignas(8) std::array<std::byte, frame_max> buffer_{};
};

}  // namespace ordeal
