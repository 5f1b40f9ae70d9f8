// SPDX-License-Identifier: Apache-2.0
// A phase from begin to finish, and the pump that turns state into calls of the plugin.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/descriptor_use.h"
#include "engine/worker_impl.h"

namespace ordeal {

namespace {

constexpr std::uint32_t max_sessions = 1'000'000;
// Plugin calls in one go, before the reactor looks at its descriptors again.
constexpr std::uint32_t pump_budget = 256;

std::uint64_t later(std::uint64_t at, std::uint64_t by) {
  return by > std::numeric_limits<std::uint64_t>::max() - at
             ? std::numeric_limits<std::uint64_t>::max()
             : at + by;
}

Error bad(std::string what, std::string expected) {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = std::move(what);
  error.expected = std::move(expected);
  return error;
}

}  // namespace

Result<void> Worker::Impl::begin(const LoadSpec& spec) {
  if (instance_ == nullptr || active_) {
    Error error;
    error.what = active_ ? "a phase is in progress" : "no scenario is attached";
    return error;
  }
  if (spec.sessions == 0 || spec.sessions > max_sessions)
    return bad("connections: " + std::to_string(spec.sessions), "1 to 1000000 per worker");
  if (spec.timeout_ns == 0) return bad("timeout: 0", "above 0");
  if (spec.max_operations > 0 && spec.operations_done >= spec.max_operations)
    return bad("operations_done: " + std::to_string(spec.operations_done),
               "less than the " + std::to_string(spec.max_operations) + " there are");
  if (spec.duration_ns == 0 && spec.max_operations == 0)
    return bad("duration: 0", "above 0, or a bound on the number of operations");
  auto mix = KindMix::make(info_.kinds, spec.mix, spec.seed);
  if (!mix) return std::move(mix).error();
  if (auto planned = plan_kinds(spec); !planned) return planned;

  mix_ = std::move(mix).value();
  spec_ = spec;
  const std::uint64_t now = clock_.monotonic_ns();
  if (spec_.start_ns == 0) spec_.start_ns = now;
  if (auto planned = plan_arrivals(); !planned) return planned;
  warm_up_end_ns_ = later(spec_.start_ns, spec_.warm_up_ns);
  end_ns_ = spec_.duration_ns == 0 ? std::numeric_limits<std::uint64_t>::max()
                                   : later(spec_.start_ns, spec_.duration_ns);
  active_ = true;
  started_ = over_ = stopped_ = now_is_fresh_ = false;
  started_operations_ = spec_.operations_done;
  factor_ = 1;
  last_open_code_ = 0;
  sessions_.reset(spec_.sessions);
  sessions_in_use_ = spec_.sessions;
  waiting_bound_ = waiting_room();
  think_random_ = Random(spec_.seed, Random::Stream::think);
  if (feeder_) feeder_->begin(spec_.worker, spec_.workers, spec_.seed, spec_.records_done);
  usage_.restart();
  static_cast<void>(reactor_.take_loop_use());
  recorder_.counts().start_ns = now;
  for (std::uint32_t i = 0; i < spec_.sessions; ++i) want(i);
  if (open_load()) {
    started_ = true;
    if (next_arrival_ns() < end_ns_) arrival_timer_.set(next_arrival_ns());
  } else {
    start_timer_.set(spec_.start_ns);
  }
  if (end_ns_ != std::numeric_limits<std::uint64_t>::max()) end_timer_.set(end_ns_);
  schedule();
  return {};
}

void Worker::Impl::start_closed() {
  started_ = true;
  pump();
}

void Worker::Impl::throttle(double factor) {
  if (!active_ || std::isnan(factor)) return;
  factor_ = std::clamp(factor, 0.0, 1.0);
  if (open_load()) {
    const std::uint64_t now = clock_.monotonic_ns();
    arrive_all(now);
    if (over_) return;
    if (recorded_) {
      recorded_->set_factor(now, factor_);
    } else {
      arrivals_.set_factor(now, factor_);
    }
    arrival_timer_.cancel();
    if (const std::uint64_t next = next_arrival_ns(); next < end_ns_) arrival_timer_.set(next);
    if (factor_ == 0) cancel_waiting();  // intended, but by our own decision never attempted
  } else {
    sessions_in_use_ = static_cast<std::uint32_t>(std::ceil(factor_ * spec_.sessions));
    admit_sessions();
  }
  schedule();
}

// Closed load: exactly the sessions below sessions_in_use_ may be ready.
void Worker::Impl::admit_sessions() {
  for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
    if (i >= sessions_in_use_) {
      sessions_.remove_ready(i);
    } else {
      offer(i);
    }
  }
}

void Worker::Impl::stop(std::uint64_t drain_ns) {
  if (!active_) return;
  stopped_ = true;
  if (!over_) phase_over();
  cancel_waiting();
  if (drain_ns == 0) {
    cancel_all();
  } else {
    drain_timer_.set(later(clock_.monotonic_ns(), drain_ns));
  }
  schedule();
}

// The end of the phase's time, or of its number of operations: those in flight and those waiting
// still have until their own deadlines.
void Worker::Impl::phase_over() {
  if (over_) return;
  const std::uint64_t now = clock_.monotonic_ns();
  arrive_all(now);
  if (over_) return;  // the last arrivals were the bound
  over_ = true;
  arrival_timer_.cancel();
  start_timer_.cancel();
  end_timer_.cancel();
  if (factory_.drain) factory_.drain(instance_, later(std::min(now, end_ns_), longest_timeout_ns_));
  schedule();
}

void Worker::Impl::cancel_waiting() {
  waiting_.drain([&](const Waiting& w) {
    if (!warm_up(w.since_ns)) recorder_.outcome(w.kind, Outcome::cancelled, 0);
  });
  const std::uint64_t now = clock_.monotonic_ns();
  again_line_.drain([&](const Again& a) { end_attempts(a, Outcome::cancelled, now); });
  for (; !again_later_.empty(); again_later_.pop()) {
    const Again& a = again_later_.top();
    free_place(a);
    end_attempts(a, Outcome::cancelled, now);
  }
}

void Worker::Impl::cancel_all() {
  const std::uint64_t now = clock_.monotonic_ns();
  while (Operation* operation = operations_.first()) give_up(*operation, Outcome::cancelled, now);
  schedule();
}

void Worker::Impl::schedule() {
  if (pumping_) again_ = true;
  if (pumping_ || scheduled_ || !active_) return;
  scheduled_ = true;
  reactor_.defer(
      [](void* user) noexcept {
        auto& self = *static_cast<Impl*>(user);
        self.scheduled_ = false;
        self.pump();
      },
      this);
}

void Worker::Impl::pump() {
  if (pumping_ || !active_) return;
  pumping_ = true;
  again_ = false;
  std::uint32_t budget = pump_budget;
  pump_sessions(budget);
  while (budget > 0 && !again_line_.empty() && sessions_.any_ready()) {
    try_now(sessions_.front());
    --budget;
  }
  if (open_load()) {
    while (budget > 0 && !waiting_.empty() && sessions_.any_ready()) {
      const Waiting next = waiting_.pop();
      issue(sessions_.front(), next.kind, next.since_ns, fresh_now());
      --budget;
    }
  } else {
    while (budget > 0 && started_ && !over_ && sessions_.any_ready()) {
      issue_closed(sessions_.front());
      --budget;
    }
  }
  now_is_fresh_ = false;
  pumping_ = false;
  if (sessions_.hopeful() == 0) drop_waiting();
  if (budget == 0 || again_) schedule();
  finish_if_done();
}

void Worker::Impl::pump_sessions(std::uint32_t& budget) {
  if (!to_renew_.empty()) renew_sessions();
  while (budget > 0 && !wanted_.empty()) {
    const std::uint32_t session = wanted_.front();
    wanted_.pop_front();
    if (sessions_[session].state != State::wanted) continue;
    open_session(session);
    --budget;
  }
}

void Worker::Impl::finish_if_done() {
  if (!active_ || !over_ || operations_.in_flight() != 0 || !nothing_waits()) return;
  close_sessions();
  deadline_timer_.cancel();
  retry_timer_.cancel();
  drain_timer_.cancel();
  rest_timer_.cancel();
  thinking_ = {};
  to_renew_.clear();
  active_ = false;
  // Last: it may begin the next phase.
  if (on_finished_) on_finished_();
}

IntervalFrame Worker::Impl::swap() {
  const std::uint64_t now = clock_.monotonic_ns();
  const ThreadUsage::Used used = usage_.take();  // up to the same moment
  // So that `offered` is what the schedule says up to now, not what timers have noticed.
  if (active_ && !pumping_) arrive_all(now);
  IntervalFrame& counts = recorder_.counts();
  GeneratorUse& generator = counts.generator;
  const Reactor::LoopUse loop = reactor_.take_loop_use();
  // Looking out for the next send stops for anything there is to do: that time was free.
  generator.cpu_ns = used.cpu_ns - std::min(used.cpu_ns, loop.lookout_ns);
  generator.run_delay_ns = used.run_delay_ns;
  if (!warm_up(counts.start_ns)) {
    generator.late_loop_ns = loop.late_ns;
    generator.longest_loop_ns = loop.longest_ns;
  }
  const DescriptorUse descriptors = descriptor_use();
  generator.descriptors = descriptors.used;
  generator.descriptors_limit = descriptors.limit;
  counts.in_flight = operations_.in_flight();
  counts.sessions_open = sessions_.open();
  return recorder_.swap(now);
}

}  // namespace ordeal
