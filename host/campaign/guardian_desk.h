// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "campaign/containment.h"
#include "campaign/loop.h"
#include "guardian/client.h"

namespace ordeal {

/// The controller's dealings with the guardian: heartbeats both ways, containments, stop orders.
/// One thread, the loop's.
class GuardianDesk {
 public:
  GuardianDesk(Loop& loop, std::unique_ptr<GuardianLink> link, std::string cell, std::string logs);
  ~GuardianDesk();

  /// Waits for the guardian's word that the drill was passed. Error: internal.
  Result<void> wait_ready();
  [[nodiscard]] std::uint32_t load_tier() const { return load_tier_; }
  [[nodiscard]] std::uint32_t service_tier() const { return service_tier_; }
  [[nodiscard]] std::uint64_t drill_ns() const { return drill_ns_; }
  /// What is left to the rest of the machine, and how that is enforced.
  [[nodiscard]] const std::string& reserved() const { return reserved_; }
  /// cpu.stat of the run's cgroup, "" if there is none.
  [[nodiscard]] const std::string& cpu_stat() const { return cpu_stat_; }

  /// Makes a containment; at most 5 s. The pointer lives until end_containment. Error: internal.
  Result<Containment*> make_containment(ContainmentKind kind);
  /// Has everything in it killed, and waits (at most 5 s) until it is empty.
  void end_containment(Containment* containment);

  /// 0 nothing, 1 stop, 2 abort: what was ordered from outside, the highest so far.
  [[nodiscard]] std::uint32_t stop_level() const { return stop_level_; }
  [[nodiscard]] StopReason stop_reason() const { return stop_reason_; }
  [[nodiscard]] const std::string& stop_detail() const { return stop_detail_; }
  /// What the guardian's softer levels ask for, 0 to 4 as the ladder's (0: nothing), and the last
  /// change in words: metric, value, limit.
  [[nodiscard]] std::uint32_t pressure_level() const { return pressure_level_; }
  [[nodiscard]] const std::string& pressure() const { return pressure_; }
  /// Told of every change, on the loop's thread.
  void on_pressure(std::function<void(std::uint32_t level, const std::string& what)> told) {
    on_pressure_ = std::move(told);
  }
  /// The guardian is gone: the run must end, 116.
  [[nodiscard]] bool guardian_lost() const { return lost_; }

  [[nodiscard]] SharedCounters& counters() { return link_->counters(); }
  void report_status(bool final, ExitCode code, const std::string& note);

 private:
  void readable();
  void message(Message& message);
  void beat();

  Loop& loop_;
  std::unique_ptr<GuardianLink> link_;
  std::string cell_;
  std::string logs_;
  Loop::Id watch_ = 0;
  Loop::Id beat_ = 0;
  bool ready_ = false;
  bool lost_ = false;
  std::uint32_t load_tier_ = 0;
  std::uint32_t service_tier_ = 0;
  std::uint64_t drill_ns_ = 0;
  std::string reserved_;
  std::string cpu_stat_;
  std::uint32_t next_id_ = 1;
  std::map<std::uint32_t, std::unique_ptr<Containment>> containments_;
  std::map<std::uint32_t, std::int32_t> refused_;
  std::map<std::uint32_t, bool> ended_;
  std::uint32_t stop_level_ = 0;
  StopReason stop_reason_ = StopReason::none;
  std::string stop_detail_;
  std::uint32_t pressure_level_ = 0;
  std::string pressure_;
  std::function<void(std::uint32_t, const std::string&)> on_pressure_;
};

}  // namespace ordeal
