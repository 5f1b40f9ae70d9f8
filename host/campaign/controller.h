// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "campaign/bulletin.h"
#include "campaign/campaign.h"
#include "campaign/guardian_desk.h"
#include "campaign/ladder.h"
#include "campaign/load_run.h"
#include "campaign/loop.h"
#include "campaign/recorder.h"
#include "campaign/report_writer.h"
#include "campaign/run_dir.h"
#include "campaign/services.h"
#include "campaign/status.h"
#include "campaign/topic_hub.h"
#include "registry/registry.h"

namespace ordeal {

/// What the front hands to the controller it has the guardian start.
struct ControllerOptions {
  RunDir dir;
  std::string version;
  std::vector<std::string> plugin_dirs;
  double time_scale = 1;
  bool baseline_only = false;
  std::string command;  // how a person would run it again
};

/// The middle of a run: baseline, phases, verdict, reports. Reads as the campaign goes; everything
/// asynchronous happens in the loop while it waits. Lives in a process of its own under the
/// guardian.
class Controller {
 public:
  explicit Controller(ControllerOptions options);
  ~Controller();

  /// The whole run. Returns the exit code, which the guardian has been told as well.
  ExitCode run();

 private:
  struct Ending {
    std::string reason;  // finished, person, safety, guardian_lost, controller_error, preflight
    std::string detail;
    std::optional<ExitCode> code;  // of a run refused before load
  };

  // controller.cpp: set-up, end, what every wait checks
  Result<void> set_up();
  Result<void> start_bus();
  Result<void> start_services();
  /// Kills a guardian that lives but no longer acts. The last thing a controller does.
  void end_silent_guardian();
  ExitCode finish();
  void end_with(std::string reason, std::string detail, std::optional<ExitCode> code = {});
  /// Something ended the run from outside: stop orders, a lost guardian, a journal that fails.
  bool interrupted();
  void update_status();
  void set_state(const std::string& state);
  bool wait_durable();
  /// False: a document could not be built or no report could be asked.
  template <typename Document>
  bool report(std::uint32_t stage, const Result<Document>& document) {
    return document ? render(stage, *document) : undocumented(document.error());
  }
  bool undocumented(const Error& error);
  bool render(std::uint32_t stage, const ReportWriter::StageDocument& document);
  /// The final report names the reports that failed, too: those that did not are written again.
  void name_failed_reports();
  Result<std::unique_ptr<JournalReader>> read_journal();

  // controller_baseline.cpp
  bool baseline();
  void record_loads(LoadRun& load);
  /// Reads the feeders' files. False: one is not as it must be, which ends the run.
  bool open_feeders();

  // controller_phases.cpp
  void phases();
  /// How many phases of the plan the health score allows; all of them by default.
  std::size_t selected_phases();
  /// Whether the plan goes on after a phase, with the reason written down when it does not.
  bool goes_on_after(const PhasePlan& plan);
  /// Runs one phase; false when the campaign must end.
  bool phase(const PhasePlan& plan, std::int32_t attempt);
  void cooldown(Duration longest, const std::string& why);
  void wait_phase(const PhasePlan& plan, LoadRun& load, std::string& stop_reason);
  boost::json::object phase_result(const PhasePlan& plan, const LoadRun& load,
                                   const std::string& stop_reason, double seconds) const;
  void check_host(const PhasePlan& plan);

  ControllerOptions options_;
  SystemClock clock_;
  Loop loop_;
  Registry registry_;
  Campaign campaign_;
  std::unique_ptr<GuardianDesk> desk_;
  std::unique_ptr<Bus> bus_;
  TopicPlan topic_plan_;
  std::unique_ptr<TopicHub> topics_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Bulletin> bulletin_;
  Containment* service_containment_ = nullptr;
  std::unique_ptr<Services> services_;
  std::unique_ptr<ReportWriter> reports_;
  std::vector<ReportWriter::Outcome> last_outcomes_;
  std::optional<CpuLimit> cpu_;
  std::uint64_t next_host_check_ns_ = 0;
  QuotaUse quota_before_;           // at the start of the phase
  std::uint64_t held_back_ns_ = 0;  // of this phase, under throttle or hold
  std::string host_limit_;          // why the host stops this phase, beyond CPU
  LadderState ladder_;
  RunStatus status_;
  std::uint64_t start_ns_ = 0;
  std::uint64_t phase_start_ns_ = 0;
  std::uint64_t phase_end_ns_ = 0;
  double planned_seconds_ = 0;
  LoadRun::Feeders feeders_;
  const LoadRun* current_load_ = nullptr;
  std::uint32_t consecutive_failures_ = 0;
  double health_ = 0;  // of the baseline, 0-100
  bool loads_recorded_ = false;
  bool load_began_ = false;
  std::optional<Ending> ending_;
};

}  // namespace ordeal
