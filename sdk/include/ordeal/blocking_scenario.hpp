// SPDX-License-Identifier: Apache-2.0
/// A whole scenario over a blocking client:
///
///   struct Client {
///     struct Connection { ... };
///     explicit Client(const ordeal::Context& context);      // reads its config
///     ordeal::ScenarioInfo describe() const;                // max_in_flight stays 1
///     std::size_t threads() const;                          // see below
///     std::unique_ptr<Connection> connect() const;          // blocks
///     ordeal::BlockingResult perform(Connection&, const ordeal::BlockingOp&) const;  // blocks
///   };
///   ORDEAL_PLUGIN("org.example.db", "0.1.0",
///                 ordeal::scenario<ordeal::BlockingScenario<Client>>("db"));
///
/// The constructor, `describe` and `threads` run on [worker]; `connect`, `perform` and a
/// Connection's destructor on a thread of the pool, several at a time. Since 0.1.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "blocking.hpp"
#include "scenario.hpp"

namespace ordeal {

/// How a blocking call ended.
struct BlockingResult {
  std::uint32_t outcome = ORDEAL_OUTCOME_OK;  // ORDEAL_OUTCOME_*
  std::int64_t code = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint32_t requests = 1;
};

/// What a blocking operation needs of its ordeal_op, copied for the pool's thread.
struct BlockingOp {
  std::uint32_t kind = 0;
  std::uint32_t flags = 0;
  std::string data;
  std::uint64_t intended_ns = 0;
  std::uint64_t deadline_ns = 0;
};

/// Runs a Client's `connect` and `perform` on the threads of a BlockingPool; Connections are
/// destroyed there too. `threads()` bounds the calls that run at a time: give it as many as there
/// are sessions, or the wait for a thread is measured as the target's.
///
/// One session runs one call at a time. `connect` throws Failure to refuse: the engine tries again
/// after its back-off. `perform` needs a time limit that follows op.deadline_ns; what it throws
/// ends the operation as `refused` and the session as lost. An operation the engine gives up keeps
/// its thread until the call returns: the session is reported lost, a new connection is made for
/// it, and the old one is dropped when its call is over.
template <class Client>
class BlockingScenario final : public Scenario {
 public:
  using Connection = typename Client::Connection;

  explicit BlockingScenario(const ScenarioContext& context)
      : Scenario(context), client_(context), pool_(host(), client_.threads()) {}

  ScenarioInfo describe() override {
    ScenarioInfo info = client_.describe();
    info.max_in_flight = 1;
    return info;
  }

  void open(ordeal_session_id session) override {
    Slot& slot = slots_[session];
    slot = Slot{};
    slot.life = ++lives_;
    const std::uint64_t life = slot.life;
    pool_.run([this] { return std::shared_ptr<Connection>(client_.connect()); },
              [this, session, life](const std::exception_ptr& error,
                                    std::shared_ptr<Connection> made) noexcept {
                connected(session, life, error, std::move(made));
              });
  }

  void close(ordeal_session_id session, std::uint32_t how) override {
    static_cast<void>(how);
    const auto it = slots_.find(session);
    if (it == slots_.end()) return;
    drop(std::move(it->second.connection));
    slots_.erase(it);
  }

  void issue(const ordeal_op& op) override {
    Slot& slot = slots_.at(op.session);
    slot.op = op.id;
    slot.given_up = std::make_shared<std::atomic<bool>>(false);
    const std::uint64_t life = slot.life;
    const std::uint64_t id = op.id;
    const ordeal_session_id session = op.session;
    BlockingOp copy{op.kind, op.flags, std::string(abi::view(op.data)), op.intended_ns,
                    op.deadline_ns};
    struct Timed {
      BlockingResult result;
      std::uint64_t sent_ns = 0;
    };
    pool_.run(
        [this, connection = slot.connection, copy = std::move(copy), given_up = slot.given_up,
         clock = host()]() mutable {
          Timed timed;
          const auto mine = std::move(connection);  // let go of here, not on [worker]
          if (given_up->load()) return timed;
          timed.sent_ns = clock.now_ns();
          timed.result = client_.perform(*mine, copy);
          return timed;
        },
        [this, session, life, id](const std::exception_ptr& error, Timed timed) noexcept {
          performed(session, life, id, error, timed.result, timed.sent_ns);
        });
  }

  void cancel(std::uint64_t op_id) override {
    for (auto& [session, slot] : slots_) {
      if (slot.op != op_id) continue;
      const ordeal_session_id lost = session;
      slot.given_up->store(true);
      std::shared_ptr<Connection> connection = std::move(slot.connection);
      slots_.erase(lost);
      drop(std::move(connection));
      engine().lost(lost, ORDEAL_OUTCOME_CANCELLED);
      return;
    }
  }

 private:
  struct Slot {
    std::uint64_t life = 0;  // tells an answer for this opening from one for an earlier opening
    std::uint64_t op = 0;    // in flight, 0 when none
    std::shared_ptr<Connection> connection;
    std::shared_ptr<std::atomic<bool>> given_up;  // tells a call that has not begun not to begin
  };

  void connected(ordeal_session_id session, std::uint64_t life, const std::exception_ptr& error,
                 std::shared_ptr<Connection> made) noexcept {
    const auto it = slots_.find(session);
    if (it == slots_.end() || it->second.life != life) {
      drop(std::move(made));
      return;
    }
    if (error != nullptr || made == nullptr) {
      slots_.erase(it);
      say("connect", error);
      engine().opened(session, ORDEAL_OUTCOME_REFUSED);
      return;
    }
    it->second.connection = std::move(made);
    engine().opened(session);
  }

  void performed(ordeal_session_id session, std::uint64_t life, std::uint64_t op,
                 const std::exception_ptr& error, const BlockingResult& from,
                 std::uint64_t sent_ns) noexcept {
    const auto it = slots_.find(session);
    if (it == slots_.end() || it->second.life != life || it->second.op != op) return;
    it->second.op = 0;
    ordeal_result result{};
    result.struct_size = sizeof result;
    result.outcome = error == nullptr ? from.outcome : std::uint32_t{ORDEAL_OUTCOME_REFUSED};
    result.code = from.code;
    result.bytes_out = from.bytes_out;
    result.bytes_in = from.bytes_in;
    result.sent_ns = sent_ns;
    result.requests = from.requests;
    if (error == nullptr) {
      engine().complete(op, result);
      return;
    }
    say("perform", error);
    std::shared_ptr<Connection> connection = std::move(it->second.connection);
    slots_.erase(it);
    drop(std::move(connection));
    engine().complete(op, result);
    engine().lost(session, ORDEAL_OUTCOME_REFUSED);
  }

  /// Destroys a connection where blocking is allowed.
  void drop(std::shared_ptr<Connection> connection) noexcept {
    if (connection == nullptr) return;
    detail::logged(host(), "disconnect", [&] {
      pool_.run([connection = std::move(connection)]() mutable { connection.reset(); },
                [](const std::exception_ptr&) noexcept {});
    });
  }

  void say(const char* call, const std::exception_ptr& error) noexcept {
    if (error != nullptr) {
      detail::logged(host(), call, [&] { std::rethrow_exception(error); });
    }
  }

  std::unordered_map<ordeal_session_id, Slot> slots_;
  std::uint64_t lives_ = 0;
  const Client client_;
  BlockingPool pool_;  // last: its threads end before the rest goes
};

}  // namespace ordeal
