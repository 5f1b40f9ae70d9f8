// SPDX-License-Identifier: Apache-2.0
// Operations: arrival, issue, completion, and the ends the engine itself decides.
#include <algorithm>
#include <cstring>

#include "engine/worker_impl.h"

namespace ordeal {

namespace {

constexpr std::uint32_t arrivals_in_one_go = 1024;

bool has_latency(Outcome outcome) {
  return outcome != Outcome::dropped && outcome != Outcome::cancelled;
}
bool is_answer(Outcome outcome) {
  return outcome == Outcome::ok || outcome == Outcome::fail || outcome == Outcome::throttled;
}

}  // namespace

void Worker::Impl::issue(std::uint32_t session, std::uint32_t kind, std::uint64_t intended,
                         std::uint64_t now, std::uint32_t attempt, std::uint64_t record) {
  if (feeder_ && attempt == 1 && !take_record(record)) return no_record_left(kind, intended);
  SessionTable::Session& s = sessions_[session];
  sessions_.remove_ready(session);
  ++s.in_flight;
  ++s.issued;
  if (can_take(s)) sessions_.push_ready(session);  // behind the others
  Operation& operation = operations_.acquire();
  operation.issued_ns = now;
  ordeal_op& op = operation.op;
  op.session = session;
  op.kind = kind;
  if (spec_.probe) op.flags |= ORDEAL_OP_PROBE;
  if (warm_up(intended)) op.flags |= ORDEAL_OP_WARM_UP;
  op.intended_ns = intended;
  op.deadline_ns = intended + kinds_[kind].timeout_ns;
  operation.lane = kinds_[kind].lane;
  operation.attempt = attempt;
  // A further attempt has a timeout of its own, but does not hold up the end of the phase.
  if (attempt > 1) op.deadline_ns = std::min(now, end_ns_) + kinds_[kind].timeout_ns;
  if (feeder_) {
    operation.record = record;
    const std::string_view data = feeder_->read(record, operation.data);
    op.data = {data.data(), data.size()};
  }
  operations_.link(operation);
  watch_deadline(op.deadline_ns);
  factory_.issue(instance_, &op);
}

// Open load goes on: what its schedule asks for and was never sent is to be seen.
void Worker::Impl::no_record_left(std::uint32_t kind, std::uint64_t intended) {
  if (!warm_up(intended)) recorder_.outcome(kind, Outcome::dropped, no_record_code);
  if (!open_load()) phase_over();
}

void Worker::Impl::issue_closed(std::uint32_t session) {
  const std::uint64_t now = fresh_now();
  if (now >= end_ns_) {
    phase_over();
    return;
  }
  if (!warm_up(now)) ++recorder_.counts().offered;
  const bool last = start_operation();
  issue(session, mix_.next(), now, now);
  if (last) phase_over();
}

void Worker::Impl::arrival_due() { arrive(clock_.monotonic_ns()); }

// Takes every arrival whose time has come. `send_lag` is the generator's own lateness: from the
// intended start to the moment the operation is issued when a session was free, or else to the
// moment the arrival was noticed; waiting for the target is not in it.
void Worker::Impl::arrive(std::uint64_t now) {
  bool now_used = false;
  if (!pumping_) again_ = false;
  for (std::uint32_t left = arrivals_in_one_go; left > 0 && !over_; --left) {
    const std::uint64_t intended = next_arrival_ns();
    if (intended > now || !may_arrive(intended)) break;
    const bool last = start_operation();
    const bool measured = !warm_up(intended);
    const std::uint32_t kind = take_arrival();
    if (measured) ++recorder_.counts().offered;
    if (now_used) now = clock_.monotonic_ns();
    if (measured) recorder_.counts().send_lag.record(now - intended);
    if (sessions_.hopeful() == 0) {
      if (measured) recorder_.outcome(kind, Outcome::dropped, last_open_code_);
    } else if (sessions_.any_ready() && waiting_.empty() && again_line_.empty() && !pumping_) {
      pumping_ = true;  // what the plugin says inside is acted upon afterwards
      issue(sessions_.front(), kind, intended, now);
      pumping_ = false;
      now_used = true;
    } else if (waiting_.size() < waiting_bound_) {
      waiting_.push({intended, kind}, kinds_[kind].lane);
      watch_deadline(intended + kinds_[kind].timeout_ns);
    } else if (measured) {
      recorder_.outcome(kind, Outcome::dropped, 0);
    }
    if (last) phase_over();
  }
  if (!over_) {
    arrival_timer_.cancel();
    if (const std::uint64_t next = next_arrival_ns(); next < end_ns_) arrival_timer_.set(next);
  }
  if (again_ || !waiting_.empty()) schedule();
}

bool Worker::Impl::may_arrive(std::uint64_t intended) const {
  return intended < end_ns_ &&
         (spec_.max_operations == 0 || started_operations_ < spec_.max_operations);
}

void Worker::Impl::arrive_all(std::uint64_t now) {
  while (open_load() && !over_ && next_arrival_ns() <= now && may_arrive(next_arrival_ns()))
    arrive(now);
}

void Worker::Impl::complete(std::uint64_t id, const ordeal_result* said) {
  Operation* const operation = operations_.find(id);
  if (operation == nullptr || said == nullptr) {
    if (said != nullptr && operations_.take_given_up(id)) {
      ++recorder_.counts().late;
    } else {
      ++recorder_.counts().misbehaviour;
    }
    return;
  }
  ordeal_result copy{};
  if (said->struct_size < sizeof copy) {
    std::memcpy(&copy, said, said->struct_size);
    said = &copy;
  }
  now_ = clock_.monotonic_ns();
  now_is_fresh_ = true;
  const ordeal_op& op = operation->op;
  auto outcome = static_cast<Outcome>(said->outcome);
  if (said->outcome >= ORDEAL_OUTCOME_COUNT) {
    outcome = Outcome::protocol;
    ++recorder_.counts().misbehaviour;
  }
  // Its session went down with another operation that was given up, and ends as that one did: when
  // the target was too slow for one, those behind it must not be lost to the counts.
  if (outcome == Outcome::cancelled) outcome = given_up_as_;
  count_sent(*operation, said->requests);
  const bool again = try_again(*operation, outcome, said->code, now_);
  if ((op.flags & ORDEAL_OP_WARM_UP) == 0) {
    if (!again) recorder_.outcome(op.kind, outcome, said->code);
    KindInterval& kind = recorder_.kind(op.kind);
    kind.bytes_out += said->bytes_out;
    kind.bytes_in += said->bytes_in;
    if (has_latency(outcome) && !again) {
      kind.latency.record(now_ - std::min(op.intended_ns, now_));
      if (said->sent_ns != 0)
        kind.service.record(now_ - std::clamp(said->sent_ns, operation->issued_ns, now_));
    }
    if (said->n_marks > 0) record_marks(kind, said->marks, said->n_marks);
  }
  const std::uint32_t session = op.session;
  SessionTable::Session& s = sessions_[session];
  if (is_answer(outcome)) {
    s.answered = true;
    s.backoff_ns = 0;
  }
  --s.in_flight;
  operations_.release(*operation, false);
  ended_on(session, again, now_);
  offer(session);
  if (!open_load() || !waiting_.empty() || !again_line_.empty() || over_) schedule();
}

void Worker::Impl::count_sent(const Operation& operation, std::uint32_t requests) {
  if (requests == 0) return;
  WireCounts& wire = recorder_.counts().wire;
  const ordeal_op& op = operation.op;
  if (operation.attempt > 1) {
    wire.retried += requests;
    return;
  }
  if ((op.flags & ORDEAL_OP_PROBE) != 0) {
    ++wire.probe;
  } else if ((op.flags & ORDEAL_OP_WARM_UP) != 0) {
    ++wire.warm_up;
  } else {
    ++wire.measured;
  }
  wire.retried += requests - 1;
}

void Worker::Impl::record_marks(KindInterval& kind, const ordeal_mark* marks,
                                std::uint32_t n_marks) {
  if (marks == nullptr || n_marks > 64) {
    ++recorder_.counts().misbehaviour;
    return;
  }
  for (std::uint32_t i = 0; i < n_marks; ++i) {
    if (marks[i].mark < kind.marks.size()) {
      kind.marks[marks[i].mark].record(marks[i].duration_ns);
    } else {
      ++recorder_.counts().misbehaviour;
    }
  }
}

// Timeout or stop. The plugin may answer with lost() from inside cancel.
void Worker::Impl::give_up(Operation& operation, Outcome outcome, std::uint64_t now) {
  const ordeal_op& op = operation.op;
  const std::uint64_t id = op.id;
  const std::uint32_t session = op.session;
  ++recorder_.counts().wire.cancelled;
  const bool again = try_again(operation, outcome, 0, now);
  if ((op.flags & ORDEAL_OP_WARM_UP) == 0 && !again) {
    recorder_.outcome(op.kind, outcome, 0);
    if (has_latency(outcome)) {
      recorder_.kind(op.kind).latency.record(now - std::min(op.intended_ns, now));
      recorder_.kind(op.kind).service.record(now - std::min(operation.issued_ns, now));
    }
  }
  --sessions_[session].in_flight;
  operations_.release(operation, true);
  ended_on(session, again, now);
  given_up_as_ = outcome;
  factory_.cancel(instance_, id);
  given_up_as_ = Outcome::cancelled;
  offer(session);
}

// An operation waits for a free session no longer than its timeout: who asked for it would have
// given up by then, whatever the reason. Dropped are those that found no room to wait, or no
// session that could be opened.
void Worker::Impl::expire() {
  const std::uint64_t now = clock_.monotonic_ns();
  while (Operation* operation = operations_.first()) {
    if (operation->op.deadline_ns > now) break;
    give_up(*operation, Outcome::timeout, now);
  }
  waiting_.expire(now, [&](const Waiting& w) {
    if (warm_up(w.since_ns)) return;
    recorder_.outcome(w.kind, Outcome::timeout, 0);
    recorder_.kind(w.kind).latency.record(now - w.since_ns);
  });
  again_line_.expire(now, [&](const Again& a) { end_attempts(a, a.outcome, now); });
  if (const Operation* first = operations_.first()) watch_deadline(first->op.deadline_ns);
  for (const std::uint64_t next : {waiting_.deadline_ns(), again_line_.deadline_ns()})
    if (next != UINT64_MAX) watch_deadline(next);
  pump();
}

// One timer for all: it fires no later than the earliest deadline. Completed operations leave it
// alone; then it fires for nothing, once per timeout at most.
void Worker::Impl::watch_deadline(std::uint64_t deadline) {
  if (deadline_timer_.is_set() && watched_deadline_ns_ <= deadline) return;
  watched_deadline_ns_ = deadline;
  deadline_timer_.set(deadline);
}

void Worker::Impl::drop_waiting() {
  waiting_.drain([&](const Waiting& w) {
    if (!warm_up(w.since_ns)) recorder_.outcome(w.kind, Outcome::dropped, last_open_code_);
  });
}

}  // namespace ordeal
