// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ordeal/abi/scenario.h"
#include "ordeal/host.hpp"

namespace ordeal::testing {

/// How one operation ended.
struct Completion {
  ordeal_result result{};  // without `marks`, which is copied below
  std::vector<ordeal_mark> marks;
};
/// An `opened` or a `lost`.
struct SessionEvent {
  ordeal_session_id session = 0;
  std::uint32_t outcome = 0;
  std::int64_t code = 0;
  std::vector<ordeal_mark> marks;
};
struct Observation {
  ordeal_session_id session = 0;
  std::uint32_t mark = 0;
  std::uint64_t value_ns = 0;
};

/// The engine's side of a scenario, which only keeps what it is told. One thread.
class FakeEngine {
 public:
  FakeEngine() {
    engine_.struct_size = sizeof engine_;
    engine_.self = this;
    engine_.complete = complete;
    engine_.opened = opened;
    engine_.lost = lost;
    engine_.observe = observe;
  }
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  [[nodiscard]] const ordeal_engine* handle() const { return &engine_; }

  /// A new operation, valid as long as the engine; ids are never reused.
  const ordeal_op* op(ordeal_session_id session, std::uint32_t kind = 0, std::string data = {},
                      std::uint64_t intended_ns = 0, std::uint64_t deadline_ns = UINT64_MAX) {
    auto made = std::make_unique<Operation>();
    made->data = std::move(data);
    made->op.struct_size = sizeof made->op;
    made->op.session = session;
    made->op.id = next_id_++;
    made->op.kind = kind;
    made->op.data = abi::str(made->data);
    made->op.intended_ns = intended_ns;
    made->op.deadline_ns = deadline_ns;
    const ordeal_op* op = &made->op;
    operations_[op->id] = std::move(made);
    return op;
  }
  /// Marks an operation as cancelled: a later completion of it is misbehaviour.
  void cancelled(std::uint64_t op_id) { cancelled_.insert(op_id); }

  /// Completions by operation id.
  [[nodiscard]] const std::map<std::uint64_t, Completion>& completions() const {
    return completions_;
  }
  [[nodiscard]] bool completed(std::uint64_t op_id) const { return completions_.count(op_id) != 0; }
  /// Completions with this outcome.
  [[nodiscard]] std::size_t count(std::uint32_t outcome) const {
    std::size_t n = 0;
    for (const auto& [id, completion] : completions_) {
      n += completion.result.outcome == outcome ? 1U : 0U;
    }
    return n;
  }
  [[nodiscard]] const std::vector<SessionEvent>& opened_events() const { return opened_; }
  [[nodiscard]] const std::vector<SessionEvent>& lost_events() const { return lost_; }
  [[nodiscard]] const std::vector<Observation>& observations() const { return observations_; }
  /// Second completions, and completions of ids nobody issued or that were cancelled.
  [[nodiscard]] std::size_t misbehaviour() const { return misbehaviour_; }

 private:
  struct Operation {
    ordeal_op op{};
    std::string data;
  };

  static FakeEngine& of(const ordeal_engine* engine) {
    return *static_cast<FakeEngine*>(engine->self);
  }
  static void complete(const ordeal_engine* engine, std::uint64_t op_id,
                       const ordeal_result* result) noexcept {
    FakeEngine& self = of(engine);
    if (self.operations_.count(op_id) == 0 || self.cancelled_.count(op_id) != 0 ||
        self.completed(op_id)) {
      ++self.misbehaviour_;
      return;
    }
    Completion& to = self.completions_[op_id];
    to.result = abi::read(result);
    to.marks.assign(to.result.marks, to.result.marks + to.result.n_marks);
    to.result.marks = nullptr;
  }
  static void opened(const ordeal_engine* engine, ordeal_session_id session, std::uint32_t outcome,
                     std::int64_t code, const ordeal_mark* marks, std::uint32_t n_marks) noexcept {
    of(engine).opened_.push_back({session, outcome, code, {marks, marks + n_marks}});
  }
  static void lost(const ordeal_engine* engine, ordeal_session_id session, std::uint32_t outcome,
                   std::int64_t code) noexcept {
    of(engine).lost_.push_back({session, outcome, code, {}});
  }
  static void observe(const ordeal_engine* engine, ordeal_session_id session, std::uint32_t mark,
                      std::uint64_t value_ns) noexcept {
    of(engine).observations_.push_back({session, mark, value_ns});
  }

  ordeal_engine engine_{};
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, std::unique_ptr<Operation>> operations_;
  std::set<std::uint64_t> cancelled_;
  std::map<std::uint64_t, Completion> completions_;
  std::vector<SessionEvent> opened_;
  std::vector<SessionEvent> lost_;
  std::vector<Observation> observations_;
  std::size_t misbehaviour_ = 0;
};

}  // namespace ordeal::testing
