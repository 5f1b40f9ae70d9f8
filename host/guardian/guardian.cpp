// SPDX-License-Identifier: Apache-2.0
// The guardian's loop: signals, the controller's requests, and the clock.
#include "guardian/guardian.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

#include "base/codec.h"
#include "guardian/kernel.h"
#include "guardian/pidfd.h"

namespace ordeal {

namespace {

constexpr std::uint64_t step_ns = 2'000'000;  // between passes of a kill that needs several
constexpr std::uint64_t longest_wait_ns = 100'000'000;  // whatever the clock does

}  // namespace

int Guardian::run() noexcept {
  const bool started = options_.guard_mode ? start_command() : start_controller();
  return started ? loop() : end_everything();
}

int Guardian::loop() noexcept {
  armed_ns_ = memory_seen_ns_ = disk_seen_ns_ = next_tick_ns_ = next_disk_ns_ = next_host_ns_ =
      clock_.now();
  bool stepping = false;
  while (!ending_) {
    std::array<pollfd, 2> polled{{{signals_.get(), POLLIN, 0}, {channel_.get(), POLLIN, 0}}};
    const std::uint64_t before = clock_.now();
    std::uint64_t wait = next_tick_ns_ > before ? next_tick_ns_ - before : 0;
    wait = std::min(wait, longest_wait_ns);
    if (stepping) wait = std::min(wait, step_ns);
    const timespec timeout{static_cast<time_t>(wait / 1'000'000'000u),
                           static_cast<long>(wait % 1'000'000'000u)};
    ::ppoll(polled.data(), channel_ ? 2 : 1, &timeout, nullptr);
    take_signals();
    take_frames();
    const std::uint64_t now = clock_.now();
    if (now >= next_tick_ns_ || next_tick_ns_ - now > 2 * longest_wait_ns) tick(now);
    stepping = containments_.step(std::span(&controller_, controller_alive() ? 1 : 0));
    announce_ended();
    advance(now);
  }
  return end_everything();
}

void Guardian::take_signals() noexcept {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    take_signal(static_cast<int>(info.ssi_signo), static_cast<pid_t>(info.ssi_pid));
  reap();
}

void Guardian::take_signal(int signal, pid_t from) noexcept {
  if (signal == SIGCHLD) return;
  if (signal == SIGQUIT) {
    stop_forced(signal, from);
  } else if (!options_.guard_mode) {
    if (stage_ == Stage::stopping)
      stop_forced(signal, from);
    else
      person_stops(signal, from);
  } else {
    Text text;
    text << "signal " << signal << " from process " << from << ", passed on to the command";
    if (command_pidfd_)
      signal_pidfd(command_pidfd_.get(), signal);
    else
      end_with(128 + signal, "stopped before the command ran");
    note("stop_requested", text.view(), static_cast<int>(StopReason::person), signal);
  }
}

void Guardian::person_stops(int signal, pid_t from) noexcept {
  Text text;
  text << "orderly stop: signal " << signal << " from process " << from;
  stop_orderly(StopReason::person, {"person/1", clock_.now(), 0}, text);
  note("stop_requested", text.view(), static_cast<int>(StopReason::person), signal);
}

void Guardian::reap() noexcept {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
    if (pid <= 0) return;
    if (pid == controller_) {
      controller_ = 0;
      controller_status_ = status;
    } else {
      containments_.reaped(pid, status);
    }
  }
}

bool Guardian::send(const OutgoingFrame& frame, std::span<const int> fds) noexcept {
  return channel_ && send_frame(channel_.get(), frame.bytes(), fds) == 0;
}

void Guardian::take_frames() noexcept {
  // A bound, so that a flood of requests cannot hold up the checks.
  for (int i = 0; i < 64 && channel_; ++i) {
    IncomingFrame frame;
    const Received received = receive_frame(channel_.get(), buffer_, frame);
    if (received == Received::nothing) return;
    if (received == Received::closed) {
      channel_.reset();
      return;
    }
    take_frame(frame);
    frame.close_fds();
  }
}

void Guardian::take_frame(const IncomingFrame& frame) noexcept {
  Decoder in(frame.payload);
  if (options_.guard_mode) {
    if (frame.type == GuardMessage::started) {
      in.u32();
      const int error = in.i32();
      Text text;
      text << options_.argv[0];
      if (error != 0) {
        text << ": " << std::strerror(error);
        end_with(error == ENOENT ? 127 : 126, text.view());
      } else if (frame.n_fds > 0) {
        command_pidfd_ = UniqueFd(::dup(frame.fds[0]));
        note("started", text.view(), containments_.slots()[0].init);
        announce_ready();
      }
    } else if (frame.type == GuardMessage::exited) {
      in.u32();
      const int status = in.i32();
      command_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return;
  }
  switch (frame.type) {
    case GuardMessage::make_containment: {
      const auto kind = in.u32();
      const auto id = in.u32();
      if (in.ok()) make_containment(static_cast<ContainmentKind>(kind), id);
      break;
    }
    case GuardMessage::kill_containment: {
      Containment* containment = containments_.find(in.u32());
      if (in.ok() && containment != nullptr) containments_.kill(*containment);
      break;
    }
    case GuardMessage::status: {
      const bool final = in.u32() != 0;
      const int code = in.i32();
      Text text;
      text << "controller" << (final ? ", final" : "") << ": code " << code << ", " << in.text();
      if (in.ok() && final) told_final_ = code;
      log(text.view());
      break;
    }
    case GuardMessage::limits: {
      const auto least = in.u64();
      const auto percent = in.f64();
      if (!in.ok()) break;
      memory_available_least_ = std::max(memory_available_least_, least);
      if (percent > 0) disk_percent_ = std::min(disk_percent_, percent);
      break;
    }
    default:
      break;
  }
}

void Guardian::make_containment(ContainmentKind kind, std::uint32_t id) noexcept {
  int channel = -1;
  int error = EINVAL;
  // Nothing new is started once it has to end, but what writes the reports.
  if (over() || (stage_ == Stage::stopping && kind != ContainmentKind::service))
    error = ESHUTDOWN;
  else if (kind == ContainmentKind::load || kind == ContainmentKind::target ||
           kind == ContainmentKind::service)
    error = make_contained(kind, id, channel);
  const UniqueFd closer(channel);
  OutgoingFrame answer(GuardMessage::containment_made);
  answer.u32(id).i32(error).u32(static_cast<std::uint32_t>(containments_.plan_for(kind).tier));
  const bool told = send(answer, std::span(&channel, error == 0 ? 1 : 0));
  Text text;
  text << name_of(kind);
  if (error != 0) text << ": " << std::strerror(error);
  if (error == 0 && !told) {
    containments_.kill(*containments_.find(id));
    text << ": nobody takes it";
  }
  note("containment_made", text.view(), id,
       static_cast<std::int64_t>(containments_.plan_for(kind).tier));
}

/// The kernel keeps a run out of the reserve by killing; it must not look like a crash.
void Guardian::watch_memory_limit(Containment& c) noexcept {
  const std::uint64_t kills = Cgroups::oom_kills(c.group);
  if (kills <= c.oom_kills) return;
  Text text;
  text << "memory: the run reached the "
       << containments_.groups().limits().memory_bytes / (1u << 20)
       << " MiB that the reserve leaves it; the kernel killed " << kills - c.oom_kills
       << (kills - c.oom_kills == 1 ? " process of " : " processes of ") << name_of(c.kind) << " "
       << c.id;
  c.oom_kills = kills;
  note("memory_limit", text.view(), static_cast<std::int64_t>(kills), c.id);
}

void Guardian::announce_ended() noexcept {
  for (auto& c : containments_.slots()) {
    if (c.state == Containment::State::unused) continue;
    watch_memory_limit(c);
    if (c.state != Containment::State::ended) continue;
    const std::uint64_t ns = c.ended_ns - c.signalled_ns;
    if (!options_.guard_mode && channel_) {
      OutgoingFrame frame(GuardMessage::containment_ended);
      frame.u32(c.id).u32(0).u64(ns);
      const int error = send_frame(channel_.get(), frame.bytes());
      if (error == EAGAIN || error == ENOBUFS) continue;  // again at the next tick
    }
    Text text;
    text << name_of(c.kind);
    if (c.asked)
      text << ": killed, empty after " << Decimal{static_cast<double>(ns) / 1e6, 2} << " ms";
    else if (WIFSIGNALED(c.status))
      text << ": its init died of signal " << WTERMSIG(c.status);
    else
      text << ": its init ended with " << WEXITSTATUS(c.status);
    note("containment_ended", text.view(), c.id, static_cast<std::int64_t>(ns));
    if (options_.guard_mode && !c.asked && !command_code_) command_code_ = 128 + SIGKILL;
    containments_.forget(c);
    if (stop_.decided_ns != 0 && stop_.load_empty_ns == 0 &&
        !containments_.any(ContainmentKind::load) && !containments_.any(ContainmentKind::target))
      stop_.load_empty_ns = clock_.now();
  }
}

void Guardian::log(std::string_view text) noexcept {
  using namespace std::chrono;
  const auto ns = clock_.wall();
  const sys_seconds now{seconds{ns / 1'000'000'000u}};
  const auto day = floor<days>(now);
  const year_month_day date{day};
  const hh_mm_ss time{now - day};
  const auto two = [](auto n) { return n < 10 ? "0" : ""; };
  const auto month = static_cast<unsigned>(date.month());
  const auto day_of_month = static_cast<unsigned>(date.day());
  FixedText<640> line;
  line << static_cast<int>(date.year()) << "-" << two(month) << month << "-" << two(day_of_month)
       << day_of_month << "T" << two(time.hours().count()) << time.hours().count() << ":"
       << two(time.minutes().count()) << time.minutes().count() << ":"
       << two(time.seconds().count()) << time.seconds().count() << "Z guardian " << text << "\n";
  // A full disk or a closed terminal must not stop the guardian; the evidence has it too.
  if (::write(log_.get(), line.c_str(), line.view().size()) < 0) return;
}

void Guardian::note(std::string_view type, std::string_view text, std::int64_t a,
                    std::int64_t b) noexcept {
  evidence_.record(type, text, a, b);
  FixedText<600> line;
  line << type << ": " << text;
  if (a != 0 || b != 0) line << " (" << a << ", " << b << ")";
  log(line.view());
}

}  // namespace ordeal
