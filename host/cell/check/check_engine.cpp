// SPDX-License-Identifier: Apache-2.0
#include "cell/check/check_engine.h"

#include <numeric>

#include "cell/check/heap.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

const char* outcome_name(std::uint32_t outcome) {
  constexpr const char* names[] = {"ok",        "fail",     "timeout", "refused",
                                   "throttled", "protocol", "dropped", "cancelled"};
  return outcome < ORDEAL_OUTCOME_COUNT ? names[outcome] : "an unknown outcome";
}

}  // namespace

CheckEngine::CheckEngine(CheckHost& host, Sizes sizes) : host_(host) {
  engine_ = guarded_struct(ordeal_engine{0, 0, this, complete, opened, lost, observe}, sizes,
                           sizeof(void (*)()));
}

CheckEngine& CheckEngine::of(const ordeal_engine* engine) {
  return *static_cast<CheckEngine*>(engine->self);
}

void CheckEngine::declared(std::uint32_t marks) { marks_ = marks; }

void CheckEngine::opening(ordeal_session_id session) {
  const HeapPause pause;
  sessions_[session] = Session::opening;
}

void CheckEngine::closed(ordeal_session_id session) {
  const HeapPause pause;
  sessions_[session] = Session::none;
}

void CheckEngine::cancel(std::uint64_t id) {
  const HeapPause pause;
  operations_[id].cancelled = true;
}

CheckEngine::Session CheckEngine::session(ordeal_session_id session) const {
  const auto found = sessions_.find(session);
  return found == sessions_.end() ? Session::none : found->second;
}

const ordeal_op* CheckEngine::issue(ordeal_session_id session, std::uint32_t kind,
                                    std::uint64_t deadline_ns, Sizes sizes) {
  const HeapPause pause;
  ordeal_op op{};
  op.session = session;
  op.id = next_id_++;
  op.kind = kind;
  op.intended_ns = Stopwatch::now_ns();
  op.deadline_ns = deadline_ns;
  operations_[op.id].session = session;
  return guarded_struct(op, full(sizes));
}

bool CheckEngine::completed(std::uint64_t id) const {
  const auto found = operations_.find(id);
  return found != operations_.end() && found->second.completions > 0;
}

std::uint64_t CheckEngine::total() const {
  return std::accumulate(std::begin(outcomes_), std::end(outcomes_), std::uint64_t{0});
}

void CheckEngine::wrong(std::string text) { host_.misuse(Misuse::Kind::engine, std::move(text)); }

void CheckEngine::check_marks(const char* function, const ordeal_mark* marks, std::uint32_t n) {
  if (n > 0 && marks == nullptr) {
    wrong(std::string(function) + " with marks that are NULL");
    return;
  }
  for (std::uint32_t i = 0; i < n && i < 64; ++i) {
    if (marks[i].mark >= marks_)
      wrong(std::string(function) + " with mark " + std::to_string(marks[i].mark) + "; " +
            std::to_string(marks_) + " are declared");
  }
}

void CheckEngine::check_outcome(const char* function, std::uint32_t outcome) {
  if (outcome >= ORDEAL_OUTCOME_COUNT)
    wrong(std::string(function) + " with outcome " + std::to_string(outcome) +
          ", which does not exist");
  if (outcome == ORDEAL_OUTCOME_TIMEOUT || outcome == ORDEAL_OUTCOME_DROPPED)
    wrong(std::string(function) + " with outcome " + outcome_name(outcome) +
          ", which is the engine's to decide");
}

void CheckEngine::complete(const ordeal_engine* engine, std::uint64_t id,
                           const ordeal_result* result) noexcept {
  const HeapPause pause;
  CheckEngine& self = of(engine);
  if (!self.host_.on_worker("engine.complete")) return;
  const std::string which = "operation " + std::to_string(id);
  const auto found = self.operations_.find(id);
  if (found == self.operations_.end()) return self.wrong("complete of an operation never issued");
  if (result == nullptr) return self.wrong("complete without a result");
  Operation& operation = found->second;
  if (++operation.completions == 2) return self.wrong(which + " was completed twice");
  if (operation.completions > 2) return;
  if (operation.cancelled) self.wrong(which + " was completed after it had been cancelled");
  const ordeal_result known = abi::read(result);
  if (known.struct_size < 8) self.wrong("complete with a result without struct_size");
  self.check_outcome("complete", known.outcome);
  self.check_marks("complete", known.marks, known.n_marks);
  if (known.sent_ns > Stopwatch::now_ns())
    self.wrong("complete with sent_ns in the future (CLOCK_MONOTONIC is meant)");
  if (known.outcome < ORDEAL_OUTCOME_COUNT) ++self.outcomes_[known.outcome];
}

void CheckEngine::opened(const ordeal_engine* engine, ordeal_session_id session,
                         std::uint32_t outcome, std::int64_t code, const ordeal_mark* marks,
                         std::uint32_t n_marks) noexcept {
  const HeapPause pause;
  CheckEngine& self = of(engine);
  if (!self.host_.on_worker("engine.opened")) return;
  self.check_outcome("opened", outcome);
  self.check_marks("opened", marks, n_marks);
  self.last_code_ = code;
  if (self.session(session) != Session::opening)
    return self.wrong("opened for session " + std::to_string(session) +
                      ", which was not being opened");
  self.sessions_[session] = outcome == ORDEAL_OUTCOME_OK ? Session::open : Session::refused;
}

void CheckEngine::lost(const ordeal_engine* engine, ordeal_session_id session,
                       std::uint32_t outcome, std::int64_t) noexcept {
  const HeapPause pause;
  CheckEngine& self = of(engine);
  if (!self.host_.on_worker("engine.lost")) return;
  self.check_outcome("lost", outcome);
  if (self.session(session) != Session::open)
    return self.wrong("lost for session " + std::to_string(session) + ", which is not open");
  for (const auto& [id, operation] : self.operations_) {
    if (operation.session == session && operation.completions == 0 && !operation.cancelled)
      self.wrong("lost for session " + std::to_string(session) + " with operation " +
                 std::to_string(id) + " still in flight");
  }
  self.sessions_[session] = Session::refused;
}

void CheckEngine::observe(const ordeal_engine* engine, ordeal_session_id session,
                          std::uint32_t mark, std::uint64_t) noexcept {
  const HeapPause pause;
  CheckEngine& self = of(engine);
  if (!self.host_.on_worker("engine.observe")) return;
  if (mark >= self.marks_)
    self.wrong("observe of mark " + std::to_string(mark) + "; " + std::to_string(self.marks_) +
               " are declared");
  if (self.session(session) != Session::open)
    self.wrong("observe for session " + std::to_string(session) + ", which is not open");
}

}  // namespace ordeal::check
