// SPDX-License-Identifier: Apache-2.0
// What keeps a session from its next operation for a while: think times, the wait before a further
// attempt, and the end of its share of operations.
#include <algorithm>

#include "engine/worker_impl.h"

namespace ordeal {

namespace {

constexpr std::uint32_t most_doublings = 10;

}  // namespace

// False when the outcome is the last word. In closed load the operation keeps its place in the
// session, so that there are never more of them than places.
bool Worker::Impl::try_again(const Operation& operation, Outcome outcome, std::int64_t code,
                             std::uint64_t now) {
  const RetryPolicy& policy = spec_.retry;
  if ((policy.outcomes >> static_cast<std::uint32_t>(outcome) & 1u) == 0) return false;
  if (stopped_ || operation.attempt >= policy.attempts ||
      again_later_.size() + again_line_.size() >= waiting_bound_)
    return false;
  const std::uint64_t backoff = policy.backoff_ns
                                << std::min(operation.attempt - 1, most_doublings);
  // Not beyond the phase: it ends within one timeout of its time.
  if (backoff >= end_ns_ - std::min(now, end_ns_)) return false;
  const ordeal_op& op = operation.op;
  if (!open_load()) ++sessions_[op.session].resting;
  again_later_.push({now + backoff, op.intended_ns, code, op.kind, operation.attempt + 1,
                     op.session, outcome, operation.record});
  watch_rests();
  return true;
}

void Worker::Impl::free_place(const Again& again) {
  if (open_load()) return;
  --sessions_[again.session].resting;
  offer(again.session);
}

void Worker::Impl::try_now(std::uint32_t session) {
  const Again next = again_line_.pop();
  issue(session, next.kind, next.intended_ns, fresh_now(), next.attempt, next.record);
}

void Worker::Impl::end_attempts(const Again& again, Outcome outcome, std::uint64_t now) {
  if (warm_up(again.intended_ns)) return;
  recorder_.outcome(again.kind, outcome, outcome == again.outcome ? again.code : 0);
  if (outcome != Outcome::cancelled)
    recorder_.kind(again.kind).latency.record(now - std::min(again.intended_ns, now));
}

void Worker::Impl::think(std::uint32_t session, std::uint64_t now) {
  const ThinkTime& t = spec_.think;
  double ns = static_cast<double>(t.from_ns);
  if (t.shape == ThinkTime::Shape::uniform)
    ns += think_random_.unit() * static_cast<double>(t.to_ns - t.from_ns);
  if (t.shape == ThinkTime::Shape::exponential) ns *= think_random_.exponential();
  ++sessions_[session].resting;
  thinking_.emplace(now + static_cast<std::uint64_t>(ns), session);
  watch_rests();
}

// One timer for all rests, at the earliest end of one.
void Worker::Impl::watch_rests() {
  std::uint64_t next = UINT64_MAX;
  if (!thinking_.empty()) next = thinking_.top().first;
  if (!again_later_.empty()) next = std::min(next, again_later_.top().since_ns);
  if (next == UINT64_MAX || (rest_timer_.is_set() && watched_rest_ns_ <= next)) return;
  watched_rest_ns_ = next;
  rest_timer_.set(next);
}

void Worker::Impl::rests_over() {
  const std::uint64_t now = clock_.monotonic_ns();
  for (; !thinking_.empty() && thinking_.top().first <= now; thinking_.pop()) {
    const std::uint32_t session = thinking_.top().second;
    --sessions_[session].resting;
    offer(session);
  }
  for (; !again_later_.empty() && again_later_.top().since_ns <= now; again_later_.pop()) {
    const Again& next = again_later_.top();
    again_line_.push(next, kinds_[next.kind].lane);
    watch_deadline(next.since_ns + kinds_[next.kind].timeout_ns);
    free_place(next);
  }
  watch_rests();
  pump();
}

// Sessions that have done their share: closed and opened anew, unless that happened by itself.
void Worker::Impl::renew_sessions() {
  for (const std::uint32_t session : to_renew_) {
    SessionTable::Session& s = sessions_[session];
    if (s.state != State::open || s.in_flight > 0 || s.issued < spec_.operations_per_session)
      continue;
    sessions_.remove_ready(session);
    sessions_.set_state(session, State::closed);
    ++recorder_.counts().sessions_renewed;
    factory_.close(instance_, session, ORDEAL_CLOSE_ORDERLY);
    if (!over_ || !nothing_waits()) want(session);
  }
  to_renew_.clear();
}

}  // namespace ordeal
