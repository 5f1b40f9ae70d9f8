// SPDX-License-Identifier: Apache-2.0
// Sessions: opening, back-off, loss, closing.
#include <cerrno>

#include "engine/descriptor_use.h"
#include "engine/worker_impl.h"

namespace ordeal {

void Worker::Impl::want(std::uint32_t session) {
  sessions_.set_state(session, State::wanted);
  wanted_.push_back(session);
}

// Makes a session ready when it can take one more operation.
void Worker::Impl::offer(std::uint32_t session) {
  const SessionTable::Session& s = sessions_[session];
  if (can_take(s) && (open_load() || session < sessions_in_use_)) sessions_.push_ready(session);
}

void Worker::Impl::open_session(std::uint32_t session) {
  sessions_.set_state(session, State::opening);
  const std::int32_t status = factory_.open(instance_, session);
  if (status != ORDEAL_OK && sessions_[session].state == State::opening)
    open_failed(session, status, clock_.monotonic_ns());
}

void Worker::Impl::opened(std::uint32_t session, std::uint32_t outcome, std::int64_t code,
                          const ordeal_mark* marks, std::uint32_t n_marks) {
  if (session >= sessions_.size() || sessions_[session].state != State::opening ||
      outcome >= ORDEAL_OUTCOME_COUNT) {
    ++recorder_.counts().misbehaviour;
    return;
  }
  if (outcome == ORDEAL_OUTCOME_OK) {
    sessions_.set_state(session, State::open);
    sessions_[session].answered = false;
    sessions_[session].issued = 0;
    ++recorder_.counts().sessions_opened;
    // What is measured outside any operation counts with the first kind of the mix.
    if (n_marks > 0) record_marks(recorder_.kind(mix_.first()), marks, n_marks);
    offer(session);
  } else {
    count_exhaustion(code);
    open_failed(session, code, clock_.monotonic_ns());
  }
  schedule();
}

// What a plugin says of descriptors can be checked, and another protocol's 24 is not our EMFILE.
void Worker::Impl::count_exhaustion(std::int64_t code) {
  GeneratorUse& generator = recorder_.counts().generator;
  if (code == EADDRNOTAVAIL) ++generator.no_port;
  if ((code == EMFILE || code == ENFILE) && out_of_descriptors()) ++generator.no_descriptor;
}

void Worker::Impl::open_failed(std::uint32_t session, std::int64_t code, std::uint64_t now) {
  ++recorder_.counts().sessions_failed;
  last_open_code_ = code;
  back_off(session, now, true);
  // Closed load has no schedule that says how many operations were missed: each failed attempt to
  // open stands for one that could not be made.
  if (!open_load() && started_ && !over_ && !warm_up(now)) {
    ++recorder_.counts().offered;
    recorder_.outcome(mix_.next(), Outcome::dropped, code);
  }
}

void Worker::Impl::back_off(std::uint32_t session, std::uint64_t now, bool refused) {
  sessions_.fail(session, now, refused);
  retries_.emplace(sessions_[session].retry_ns, session);
  if (!retry_timer_.is_set() || retries_.top().second == session)
    retry_timer_.set(retries_.top().first);
}

void Worker::Impl::retry() {
  const std::uint64_t now = clock_.monotonic_ns();
  while (!retries_.empty() && retries_.top().first <= now) {
    const auto [at, session] = retries_.top();
    retries_.pop();
    if (sessions_[session].state == State::waiting && sessions_[session].retry_ns == at)
      want(session);
  }
  if (!retries_.empty()) retry_timer_.set(retries_.top().first);
  pump();
}

void Worker::Impl::lost(std::uint32_t session, std::uint32_t outcome, std::int64_t code) {
  if (session >= sessions_.size() || sessions_[session].state != State::open ||
      outcome >= ORDEAL_OUTCOME_COUNT) {
    ++recorder_.counts().misbehaviour;
    return;
  }
  // Operations the plugin should have completed before.
  for (std::size_t lane = 0; lane < operations_.lanes(); ++lane)
    for (Operation* next = operations_.first(lane); sessions_[session].in_flight > 0 && next;) {
      Operation* const operation = next;
      next = operations_.after(*operation);
      if (operation->op.session != session) continue;
      ++recorder_.counts().misbehaviour;
      ordeal_result result{};
      result.struct_size = sizeof result;
      result.outcome =
          outcome == ORDEAL_OUTCOME_OK ? std::uint32_t{ORDEAL_OUTCOME_REFUSED} : outcome;
      result.code = code;
      complete(operation->op.id, &result);
    }
  sessions_.remove_ready(session);
  const bool orderly = outcome == ORDEAL_OUTCOME_OK && sessions_[session].answered;
  if (over_ && nothing_waits()) {
    sessions_.set_state(session, State::closed);
  } else if (orderly) {
    want(session);
  } else {
    // Also an orderly end before anything was answered: a target that accepts and closes at once
    // must not be opened in a tight loop. Nor must one whose operation we gave up, but that is not
    // a refusal: what waits goes on waiting, up to its timeout.
    back_off(session, clock_.monotonic_ns(), outcome != ORDEAL_OUTCOME_OK);
  }
  schedule();
}

void Worker::Impl::observe(std::uint32_t session, std::uint32_t metric, std::uint64_t value_ns) {
  if (session >= sessions_.size() || metric >= info_.marks.size() || !active_) {
    ++recorder_.counts().misbehaviour;
    return;
  }
  recorder_.kind(mix_.first()).marks[metric].record(value_ns);
}

void Worker::Impl::close_sessions() {
  for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
    const State state = sessions_[i].state;
    sessions_.remove_ready(i);
    sessions_.set_state(i, State::closed);
    if (state == State::open || state == State::opening)
      factory_.close(instance_, i, ORDEAL_CLOSE_ORDERLY);
  }
  wanted_.clear();
  retries_ = {};
}

}  // namespace ordeal
