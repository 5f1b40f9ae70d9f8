// SPDX-License-Identifier: Apache-2.0
/// Scenarios in C++: derive from Scenario, name the class in ORDEAL_PLUGIN (plugin.hpp).
/// abi/scenario.h is the specification; here only what the C++ form adds. All [worker]. Since 0.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/scenario.h"
#include "component.hpp"

namespace ordeal {

namespace detail {
struct ScenarioThunks;
}

/// The engine's side of a scenario instance. Copyable; valid as long as the instance. All [worker].
class Engine {
 public:
  explicit Engine(const ordeal_engine* engine) noexcept : engine_(engine) {}

  /// Ends an operation, exactly once. May be called from inside Scenario::issue.
  void complete(std::uint64_t op_id, const ordeal_result& result) const noexcept {
    engine_->complete(engine_, op_id, &result);
  }
  /// Ends an operation that put nothing but an outcome and a code on record.
  void complete(std::uint64_t op_id, std::uint32_t outcome, std::int64_t code = 0) const noexcept {
    ordeal_result result{};
    result.struct_size = sizeof result;
    result.outcome = outcome;
    result.code = code;
    complete(op_id, result);
  }
  /// Answers Scenario::open. May be called from inside it.
  void opened(ordeal_session_id session, std::uint32_t outcome = ORDEAL_OUTCOME_OK,
              std::int64_t code = 0, const ordeal_mark* marks = nullptr,
              std::uint32_t n_marks = 0) const noexcept {
    engine_->opened(engine_, session, outcome, code, marks, n_marks);
  }
  /// An open session has ended by itself; its operations have been completed before.
  void lost(ordeal_session_id session, std::uint32_t outcome,
            std::int64_t code = 0) const noexcept {
    engine_->lost(engine_, session, outcome, code);
  }
  /// Records a duration that arrived unasked; `mark` indexes ScenarioInfo::marks. Lost on an engine
  /// that does not take observations.
  void observe(ordeal_session_id session, std::uint32_t mark,
               std::uint64_t value_ns) const noexcept {
    const ordeal_engine known = abi::read(engine_);
    if (known.observe != nullptr) known.observe(engine_, session, mark, value_ns);
  }

 private:
  const ordeal_engine* engine_;
};

struct ScenarioContext : Context {
  Engine engine;
};

/// What a scenario says about itself.
struct ScenarioInfo {
  std::vector<std::string> kinds;   // names of the operation kinds; at least one, at most 64
  std::vector<std::string> marks;   // names of the timing marks; at most 16
  std::uint32_t max_in_flight = 1;  // operations one session takes at a time
  bool slow = false;                // latencies in microseconds instead of nanoseconds
};

/// One instance per worker; every function is called on [worker].
class Scenario {
 public:
  explicit Scenario(const ScenarioContext& context) noexcept
      : host_(context.host), engine_(context.engine) {}
  virtual ~Scenario() = default;
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  /// Called once, directly after the constructor. An exception refuses the component.
  virtual ScenarioInfo describe() = 0;
  /// Starts to open a session; answer through engine().opened, at once or later. What it throws is
  /// the host's "could not be opened", with the text as reason.
  virtual void open(ordeal_session_id session) = 0;
  /// Closes a session; `how` is ORDEAL_CLOSE_*. What it throws is logged.
  virtual void close(ordeal_session_id session, std::uint32_t how) = 0;
  /// Starts an operation. `op` is valid until it is completed. Should not throw: an exception is
  /// logged, the operation is completed as cancelled with code ORDEAL_E_INTERNAL, and a second
  /// completion makes the engine count it as misbehaviour.
  virtual void issue(const ordeal_op& op) = 0;
  /// Gives up an operation: it must not be completed any more. What it throws is logged.
  virtual void cancel(std::uint64_t op_id) = 0;
  /// No more operations will come. A hint; override it only when there is something to do.
  virtual void drain(std::uint64_t deadline_ns) { static_cast<void>(deadline_ns); }

 protected:
  [[nodiscard]] const Host& host() const noexcept { return host_; }
  [[nodiscard]] const Engine& engine() const noexcept { return engine_; }

 private:
  friend struct detail::ScenarioThunks;
  Host host_;
  Engine engine_;
  ScenarioInfo info_;  // keeps alive what `describe` handed to the host
  std::vector<ordeal_str> kinds_;
  std::vector<ordeal_str> marks_;
};

namespace detail {

/// The C functions over Scenario: `instance` is the Scenario itself, so a call costs one virtual
/// call.
struct ScenarioThunks {
  static void destroy(void* instance) noexcept { delete static_cast<Scenario*>(instance); }

  static std::int32_t describe(void* instance, ordeal_scenario_info* out) noexcept {
    auto& self = *static_cast<Scenario*>(instance);
    return guarded(self.host_, [&] {
      if (out == nullptr) throw Failure(ORDEAL_E_INVALID, "describe: info is NULL");
      if (self.kinds_.empty()) {
        self.info_ = self.describe();
        // Kept when they are whole: memory may run out in the middle.
        std::vector<ordeal_str> kinds;
        std::vector<ordeal_str> marks;
        for (const std::string& kind : self.info_.kinds) kinds.push_back(abi::str(kind));
        for (const std::string& mark : self.info_.marks) marks.push_back(abi::str(mark));
        self.kinds_ = std::move(kinds);
        self.marks_ = std::move(marks);
      }
      ordeal_scenario_info info{};
      info.struct_size = sizeof info;
      info.n_kinds = static_cast<std::uint32_t>(self.kinds_.size());
      info.kinds = self.kinds_.data();
      info.marks = self.marks_.data();
      info.n_marks = static_cast<std::uint32_t>(self.marks_.size());
      info.max_in_flight = self.info_.max_in_flight;
      info.slow = self.info_.slow ? 1 : 0;
      abi::fill(out, info);
    });
  }

  static std::int32_t open(void* instance, ordeal_session_id session) noexcept {
    auto& self = *static_cast<Scenario*>(instance);
    return guarded(self.host_, [&] { self.open(session); });
  }
  static void close(void* instance, ordeal_session_id session, std::uint32_t how) noexcept {
    auto& self = *static_cast<Scenario*>(instance);
    logged(self.host_, "close", [&] { self.close(session, how); });
  }
  static void issue(void* instance, const ordeal_op* op) noexcept {
    auto& self = *static_cast<Scenario*>(instance);
    const std::uint64_t id = op->id;  // `op` is gone once it has been completed
    if (logged(self.host_, "issue", [&] { self.issue(*op); })) return;
    self.engine_.complete(id, ORDEAL_OUTCOME_CANCELLED, ORDEAL_E_INTERNAL);
    self.engine_.complete(id, ORDEAL_OUTCOME_CANCELLED, ORDEAL_E_INTERNAL);
  }
  static void cancel(void* instance, std::uint64_t op_id) noexcept {
    auto& self = *static_cast<Scenario*>(instance);
    logged(self.host_, "cancel", [&] { self.cancel(op_id); });
  }
  static void drain(void* instance, std::uint64_t deadline_ns) noexcept {
    auto& self = *static_cast<Scenario*>(instance);
    logged(self.host_, "drain", [&] { self.drain(deadline_ns); });
  }
};

}  // namespace detail
}  // namespace ordeal
