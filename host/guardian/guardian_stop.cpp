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

void Guardian::stop_orderly(int signal, pid_t from) noexcept {
  Text text;
  text << "orderly stop: signal " << signal << " from process " << from;
  if (stage_ == Stage::running) {
    stage_ = Stage::stopping;
    reason_ = StopReason::person;
    detail_ = text;
    const std::uint64_t now = monotonic_ns();
    kill_load_at_ = now + load_patience_ns;
    kill_all_at_ = now + report_patience_ns;
    send_stop();
  }
  note("stop_requested", text.view(), static_cast<int>(StopReason::person), signal);
}

void Guardian::stop_forced(int signal, pid_t from) noexcept {
  containments_.kill_all();
  if (controller_alive()) signal_pidfd(controller_pidfd_.get(), SIGKILL);
  Text text;
  text << "forced stop: signal " << signal << " from process " << from;
  note("stop_requested", text.view(), static_cast<int>(StopReason::person_force), signal);
  end_with(code_of(ExitCode::stopped), text.view());
}

void Guardian::hit_limit(StopReason reason, std::string_view detail) noexcept {
  if (options_.guard_mode) {
    containments_.kill_all();
    note("limit", detail, static_cast<int>(reason));
    end_with(code_of(ExitCode::safety_stop), detail);
    return;
  }
  containments_.kill_kind(ContainmentKind::load);
  containments_.kill_kind(ContainmentKind::target);
  stage_ = Stage::limited;
  reason_ = reason;
  detail_ = {};
  detail_ << detail;
  kill_all_at_ = monotonic_ns() + journal_patience_ns;
  send_stop();
  note("limit", detail, static_cast<int>(reason));
}

void Guardian::controller_silent(std::string_view which, std::uint64_t silence_ns) noexcept {
  containments_.kill_all();
  signal_pidfd(controller_pidfd_.get(), SIGABRT);
  stage_ = Stage::aborting;
  reason_ = StopReason::controller_silent;
  kill_all_at_ = monotonic_ns() + core_patience_ns;
  Text text;
  text << "the controller's " << which << " stood still for "
       << Decimal{static_cast<double>(silence_ns) / 1e9, 1} << " s, limit 2 s";
  why_ = text;
  note("controller_silent", text.view(), static_cast<int>(StopReason::controller_silent),
       static_cast<std::int64_t>(silence_ns));
}

void Guardian::advance(std::uint64_t now) noexcept {
  if (ending_) return;
  if (options_.guard_mode) {
    if (command_code_) end_with(*command_code_, "the command ended");
    return;
  }
  if (!controller_alive()) {
    conclude();
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
  containments_.kill_all();
  take_frames();  // its last words
  const auto code = final_code();
  if (stage_ == Stage::limited && !code) {
    end_with(code_of(ExitCode::safety_stop), detail_.view());
  } else if (stage_ == Stage::aborting) {
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
      if (const auto* entry = table_.first_marked(); entry != nullptr)
        survivor << ", first " << entry->pid << " in state " << std::string_view(&entry->state, 1);
    }
    sleep_ns(1'000'000);
  }
  const std::uint64_t ns = monotonic_ns() - begin;
  announce_ended();
  if (empty) left = 0;
  Text text;
  text << "everything ended: " << left << " processes left" << (empty ? "" : survivor.view())
       << " after " << Decimal{static_cast<double>(ns) / 1e6, 2} << " ms";
  note("killed", text.view(), static_cast<std::int64_t>(left), static_cast<std::int64_t>(ns));
  note("end", why_.view(), exit_code_);
  evidence_.sync();
  return exit_code_;
}

}  // namespace ordeal
