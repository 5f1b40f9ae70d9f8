// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "connection.h"
#include "h2_session.h"
#include "ordeal/scenario.hpp"
#include "transport.h"

namespace http {

class H2Connection;

/// What the HTTP/2 connections of one instance have in common. All functions on [worker].
class H2Shared {
 public:
  H2Shared(ExchangeShared& exchange, const Route& how, std::uint32_t at_once)
      : host(exchange.host),
        engine(exchange.engine),
        route(how),
        streams(at_once),
        operations(exchange) {}
  ~H2Shared();
  H2Shared(const H2Shared&) = delete;
  H2Shared& operator=(const H2Shared&) = delete;

  /// `connection` is flushed at the end of the reactor's present turn, so that all that was issued
  /// and answered meanwhile leaves in one piece.
  void flush_later(H2Connection& connection);
  /// The same line of log is written once.
  void warn_once(std::string_view line);

  ordeal::Host host;
  ordeal::Engine engine;
  const Route& route;
  std::uint32_t streams;
  H2Operations operations;
  std::vector<char> received = std::vector<char>(64 * 1024);
  std::vector<char> to_send = std::vector<char>(64 * 1024);

 private:
  void flush_all() noexcept;

  std::vector<H2Connection*> unflushed_;
  std::vector<H2Connection*> flushing_;
  std::vector<std::string> warned_;
  std::uint64_t timer_ = 0;
};

/// One session: an HTTP/2 connection with several operations at a time. One that the server ends in
/// good order (GOAWAY) while operations wait is replaced without the engine noticing; those that
/// the server says it did not look at are `refused`.
class H2Connection final : private TransportUser, private H2SessionUser {
 public:
  H2Connection(H2Shared& shared, ordeal_session_id session)
      : shared_(shared),
        id_(session),
        transport_(shared.route, *this, session),
        session_(shared.operations, *this, session, shared.streams) {}
  ~H2Connection();
  H2Connection(const H2Connection&) = delete;
  H2Connection& operator=(const H2Connection&) = delete;

  /// Answered through opened, once the server has shown that it speaks HTTP/2.
  void open();
  /// Answers the open in progress with a failure.
  void fail_open(std::uint32_t outcome, std::int64_t code);
  void close(std::uint32_t how);
  /// `request` lives as long as the instance.
  void issue(const ordeal_op& op, const Request& request);
  /// One of this connection's own.
  void cancel(H2Operation& operation);

 private:
  friend class H2Shared;
  enum class State { closed, opening, open, replacing };

  void transport_opened() noexcept override;
  void transport_failed(std::uint32_t outcome, std::int64_t code) noexcept override;
  void transport_ready(std::uint32_t events) noexcept override;
  void session_wants_to_send() noexcept override { shared_.flush_later(*this); }

  void flush(std::uint64_t now_ns);
  bool send_pending();
  void send_failed();
  void receive();
  void look_after(bool usable);
  void settled();
  void settle_timeout() noexcept;
  void ended(std::uint32_t outcome, std::int64_t code);
  void drop(bool abrupt);

  H2Shared& shared_;
  ordeal_session_id id_;
  State state_ = State::closed;
  bool flush_wanted_ = false;
  Transport transport_;
  H2Session session_;
  std::vector<char> pending_;  // taken from session_, not yet by the socket
  std::size_t pending_sent_ = 0;
  std::uint64_t timer_ = 0;  // for the server's SETTINGS
};

}  // namespace http
