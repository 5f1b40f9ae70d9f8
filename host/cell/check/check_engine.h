// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "cell/check/check_host.h"
#include "ordeal/abi/scenario.h"

namespace ordeal::check {

/// The engine's side of a scenario under test: believes nothing it is told. One thread; lives as
/// long as the process, as its host does.
class CheckEngine {
 public:
  CheckEngine(CheckHost& host, Sizes sizes);
  CheckEngine(const CheckEngine&) = delete;
  CheckEngine& operator=(const CheckEngine&) = delete;

  [[nodiscard]] const ordeal_engine* handle() const { return engine_; }
  /// What the instance has declared; known after describe.
  void declared(std::uint32_t marks);

  enum class Session { none, opening, open, refused };
  void opening(ordeal_session_id session);
  void closed(ordeal_session_id session);
  [[nodiscard]] Session session(ordeal_session_id session) const;
  [[nodiscard]] std::int64_t last_code() const { return last_code_; }

  /// A new operation in flight. `op` lives as long as the engine.
  const ordeal_op* issue(ordeal_session_id session, std::uint32_t kind, std::uint64_t deadline_ns,
                         Sizes sizes);
  /// The engine gives it up: it must not be completed any more.
  void cancel(std::uint64_t id);
  [[nodiscard]] bool completed(std::uint64_t id) const;
  /// Operations completed with this outcome.
  [[nodiscard]] std::uint64_t count(std::uint32_t outcome) const { return outcomes_[outcome]; }
  [[nodiscard]] std::uint64_t total() const;

 private:
  struct Operation {
    ordeal_session_id session = 0;
    std::uint32_t completions = 0;
    bool cancelled = false;
  };

  static CheckEngine& of(const ordeal_engine* engine);
  static void complete(const ordeal_engine*, std::uint64_t, const ordeal_result*) noexcept;
  static void opened(const ordeal_engine*, ordeal_session_id, std::uint32_t, std::int64_t,
                     const ordeal_mark*, std::uint32_t) noexcept;
  static void lost(const ordeal_engine*, ordeal_session_id, std::uint32_t, std::int64_t) noexcept;
  static void observe(const ordeal_engine*, ordeal_session_id, std::uint32_t,
                      std::uint64_t) noexcept;
  void wrong(std::string text);
  void check_marks(const char* function, const ordeal_mark* marks, std::uint32_t n);
  void check_outcome(const char* function, std::uint32_t outcome);

  CheckHost& host_;
  ordeal_engine* engine_ = nullptr;
  std::uint32_t marks_ = 0;
  std::uint64_t next_id_ = 1;
  std::int64_t last_code_ = 0;
  std::map<std::uint64_t, Operation> operations_;
  std::map<ordeal_session_id, Session> sessions_;
  std::uint64_t outcomes_[ORDEAL_OUTCOME_COUNT] = {};
};

}  // namespace ordeal::check
