// SPDX-License-Identifier: Apache-2.0
// How a run ends. Signals first, records afterwards: a record may wait for the disk.
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>

#include "guardian/guardian.h"
#include "guardian/kernel.h"
#include "guardian/pidfd.h"

namespace ordeal {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t load_patience_ns = 1'800'000'000;  // after an orderly stop
constexpr std::uint64_t report_patience_ns = 12 * second;  // for the controller's reports
constexpr std::uint64_t journal_patience_ns = 2 * second;  // after a limit was hit
constexpr std::uint64_t abort_patience_ns = 5 * second;    // of silence, before SIGABRT
constexpr std::uint64_t core_patience_ns = second;         // after SIGABRT
constexpr std::uint64_t exit_patience_ns = 10 * second;    // after the final status
constexpr std::uint64_t end_patience_ns = 5 * second;      // for processes the kernel holds

constexpr int code_of(ExitCode code) { return static_cast<int>(code); }

}  // namespace

std::optional<int> Guardian::final_code() const noexcept {
  if (told_final_) return told_final_;
  if (counters_->final_status.load(std::memory_order_acquire) == 1)
    return counters_->exit_code.load(std::memory_order_relaxed);
  return std::nullopt;
}

void Guardian::send_stop() noexcept {
  OutgoingFrame frame(GuardMessage::stop);
  frame.u32(stage_ == Stage::stopping ? 1 : 2).u32(static_cast<std::uint32_t>(reason_));
  frame.text(detail_.view());
  stop_unsent_ = channel_ && !send(frame);
}

void Guardian::stop_orderly(StopReason reason, const Cause& cause, const Text& text) noexcept {
  if (stage_ != Stage::running) return;
  begin_stop(cause);
  stage_ = Stage::stopping;
  reason_ = reason;
  detail_ = text;
  const std::uint64_t now = clock_.now();
  kill_load_at_ = now + load_patience_ns;
  kill_all_at_ = now + report_patience_ns;
  if (options_.guard_mode) {
    kill_all_at_ = kill_load_at_;
    if (command_pidfd_) signal_pidfd(command_pidfd_.get(), SIGTERM);
  } else {
    send_stop();
  }
  stop_.signalled_ns = clock_.now();
  notifier_.stopping(text.view());
}

void Guardian::stop_forced(int signal, pid_t from) noexcept {
  begin_stop({"person-force/1", clock_.now(), 0});
  containments_.kill_all();
  if (controller_alive()) signal_pidfd(controller_pidfd_.get(), SIGKILL);
  if (stop_.signalled_ns == 0) stop_.signalled_ns = clock_.now();
  Text text;
  text << "forced stop: signal " << signal << " from process " << from;
  note("stop_requested", text.view(), static_cast<int>(StopReason::person_force), signal);
  end_with(code_of(ExitCode::stopped), text.view());
}

void Guardian::hit_limit(StopReason reason, const Cause& cause, std::string_view detail) noexcept {
  begin_stop(cause);
  if (options_.guard_mode) {
    containments_.kill_all();
    stop_.signalled_ns = clock_.now();
    note("limit", detail, static_cast<int>(reason));
    record_surroundings();
    end_with(code_of(ExitCode::safety_stop), detail);
    return;
  }
  containments_.kill_kind(ContainmentKind::load);
  containments_.kill_kind(ContainmentKind::target);
  if (stop_.signalled_ns == 0) stop_.signalled_ns = clock_.now();
  stage_ = Stage::limited;
  reason_ = reason;
  detail_ = {};
  detail_ << detail;
  kill_all_at_ = clock_.now() + journal_patience_ns;
  send_stop();
  note("limit", detail, static_cast<int>(reason));
  record_surroundings();
  notifier_.stopping(detail);
}

/// What it started dies at once. It may only have been held up, and gets the rest of five seconds
/// to come back, write the end into its journal and leave.
void Guardian::controller_silent(std::string_view which, std::uint64_t since,
                                 std::uint64_t now) noexcept {
  begin_stop({"controller-silent/1", since, now - since});
  containments_.kill_all();
  if (stop_.signalled_ns == 0) stop_.signalled_ns = clock_.now();
  stage_ = Stage::silent;
  reason_ = StopReason::controller_silent;
  kill_load_at_ = kill_all_at_ = 0;
  abort_at_ = since + abort_patience_ns;
  Text text;
  text << "the controller's " << which << " stood still for "
       << Decimal{static_cast<double>(now - since) / 1e9, 1} << " s, limit 2 s";
  why_ = detail_ = text;
  send_stop();
  note("controller_silent", text.view(), static_cast<int>(StopReason::controller_silent),
       static_cast<std::int64_t>(now - since));
  record_surroundings();
  notifier_.stopping(text.view());
}

void Guardian::abort_controller(std::uint64_t now) noexcept {
  signal_pidfd(controller_pidfd_.get(), SIGABRT);
  stage_ = Stage::aborting;
  kill_all_at_ = now + core_patience_ns;
  abort_at_ = 0;
  note("controller_aborted", "5 s after the controller's last sign of life: SIGABRT",
       static_cast<int>(StopReason::controller_silent));
}

void Guardian::advance(std::uint64_t now) noexcept {
  if (ending_) return;
  if (options_.guard_mode) {
    const bool halted = reason_ == StopReason::halt;
    if (command_code_)
      end_with(halted ? code_of(ExitCode::stopped) : *command_code_,
               halted ? detail_.view() : "the command ended");
    else if (kill_all_at_ != 0 && now >= kill_all_at_)
      end_with(code_of(ExitCode::stopped), detail_.view());
    return;
  }
  if (!controller_alive()) {
    conclude();
    return;
  }
  if (abort_at_ != 0 && now >= abort_at_) {
    abort_controller(now);
    return;
  }
  if (kill_load_at_ != 0 && now >= kill_load_at_) {
    containments_.kill_kind(ContainmentKind::load);
    kill_load_at_ = 0;
  }
  if (kill_all_at_ != 0 && now >= kill_all_at_) {
    if (stage_ == Stage::stopping)
      end_with(final_code().value_or(code_of(ExitCode::stopped)),
               "the controller did not end within 12 s of an orderly stop");
    else if (stage_ == Stage::aborting)
      end_with(code_of(ExitCode::incomplete), why_.view());
    else
      end_with(final_code().value_or(code_of(ExitCode::safety_stop)), detail_.view());
    return;
  }
  if (const auto code = final_code()) {
    if (final_deadline_ == 0) final_deadline_ = now + exit_patience_ns;
    if (now >= final_deadline_)
      end_with(*code, "the controller did not end within 10 s of its final status");
  }
}

void Guardian::conclude() noexcept {
  const std::uint64_t seen = clock_.now();
  containments_.kill_all();
  take_frames();  // its last words
  const auto code = final_code();
  if (!code && stage_ == Stage::running) {
    begin_stop({"controller-died/1", seen, 0});
    stop_.signalled_ns = clock_.now();
  }
  if (stage_ == Stage::limited && !code) {
    end_with(code_of(ExitCode::safety_stop), detail_.view());
  } else if (stage_ == Stage::silent || stage_ == Stage::aborting) {
    end_with(code_of(ExitCode::incomplete), why_.view());
  } else if (code) {
    end_with(*code, "the controller finished");
  } else {
    Text text;
    text << "the controller died without a final status: ";
    if (WIFSIGNALED(controller_status_))
      text << "signal " << WTERMSIG(controller_status_);
    else
      text << "exit " << WEXITSTATUS(controller_status_);
    note("controller_died", text.view(), controller_status_);
    record_surroundings();
    end_with(code_of(ExitCode::incomplete), text.view());
  }
}

void Guardian::end_with(int code, std::string_view why) noexcept {
  if (ending_) return;
  ending_ = true;
  exit_code_ = code;
  Text text;  // `why` may lie in why_
  text << why;
  why_ = text;
}

int Guardian::end_everything() noexcept {
  notifier_.stopping(why_.view());
  const std::uint64_t begin = monotonic_ns();
  containments_.kill_all();
  if (controller_alive()) signal_pidfd(controller_pidfd_.get(), SIGKILL);
  bool empty = false;
  std::size_t left = 0;
  Text survivor;
  for (int round = 0;; ++round) {
    pid_t pid = 0;
    do {
      int status = 0;
      pid = ::waitpid(-1, &status, WNOHANG | __WALL);
      if (pid > 0 && pid == controller_)
        controller_ = 0;
      else if (pid > 0)
        containments_.reaped(pid, status);
    } while (pid > 0);
    // A subreaper without children has no descendants.
    empty = pid < 0 && errno == ECHILD;
    if (empty || monotonic_ns() - begin > end_patience_ns) break;
    // At first only wait: inits end their trees faster than /proc can be read.
    if (round >= 5 && table_.scan()) {
      table_.mark_descendants(::getpid());
      left = table_.kill_marked();
      survivor = {};
      name_survivors(survivor);
    }
    sleep_ns(1'000'000);
  }
  const std::uint64_t ns = monotonic_ns() - begin;
  announce_ended();
  record_stop();
  if (empty) left = 0;
  Text text;
  text << "everything ended: " << left << " processes left" << (empty ? "" : survivor.view())
       << " after " << Decimal{static_cast<double>(ns) / 1e6, 2} << " ms";
  note("killed", text.view(), static_cast<std::int64_t>(left), static_cast<std::int64_t>(ns));
  containments_.end();
  note("end", why_.view(), exit_code_);
  evidence_.sync();
  return exit_code_;
}

}  // namespace ordeal
