// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "exchange.h"
#include "ordeal/scenario.hpp"
#include "response_parser.h"
#include "transport.h"

namespace http {

/// The timing marks, in the order they are declared.
enum Mark : std::uint32_t {
  mark_connect = 0,
  mark_first_byte = 1,
  mark_tls = 2,          // declared for https only
  mark_tls_resumed = 3,  // the handshakes that took up an earlier session, once more
};

class Connection;

/// What the connections of one instance have in common.
struct Shared {
  ordeal::Host host;
  ordeal::Engine engine;
  Route route;
  ExchangeShared& exchange;
  std::size_t pipeline = 1;                                 // requests a connection takes at a time
  std::vector<char> buffer = std::vector<char>(64 * 1024);  // one receive at a time
  Connection* oldest = nullptr;  // connections with a request in flight, by when they got busy
  Connection* newest = nullptr;
};

/// One session: an HTTP/1.1 connection that takes one request at a time, or several whose responses
/// come in their order. Its state is settled before the engine is told of anything, so it does not
/// matter what the engine does then.
class Connection final : private TransportUser {
 public:
  Connection(Shared& shared, ordeal_session_id session)
      : shared_(shared),
        session_(session),
        transport_(shared.route, *this, session),
        flights_(shared.pipeline) {}
  ~Connection() { drop(false); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Answered through opened.
  void open() { transport_.open(); }
  /// Answers the open in progress with a failure.
  void fail_open(std::uint32_t outcome, std::int64_t code);
  void close(std::uint32_t how) { drop(how == ORDEAL_CLOSE_ABRUPT); }
  /// `request` lives as long as the instance.
  void issue(const ordeal_op& op, const Request& request);
  /// Gives up a request in flight, and with it all others: only a new connection is in a known
  /// state again. False when the operation is not in flight here.
  bool cancel(std::uint64_t op_id);

  [[nodiscard]] Connection* newer() const { return newer_; }

 private:
  /// One request in flight.
  struct Flight {
    Exchange exchange;
    std::string_view bytes;  // the request's
    std::size_t sent = 0;
    std::uint64_t sent_ns = 0;
    std::uint64_t op_id = 0;
  };

  void transport_opened() noexcept override;
  void transport_failed(std::uint32_t outcome, std::int64_t code) noexcept override;
  void transport_ready(std::uint32_t events) noexcept override;
  void stream_over() noexcept;
  void begin_response();
  void send_rest();
  void receive();
  void stream_ended(std::int64_t error);
  void take(const char* data, std::size_t size);
  void finish(Exchange::Verdict verdict, bool keep);
  void end_first(Exchange::Verdict verdict);
  void pop_first();
  void drop(bool abrupt);

  /// The flight that was issued `index` after the first.
  Flight& flight(std::size_t index) {
    index += first_;
    return flights_[index < flights_.size() ? index : index - flights_.size()];
  }

  Shared& shared_;
  ordeal_session_id session_;
  Transport transport_;

  std::vector<Flight> flights_;  // a ring, the first the one whose response is due
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t whole_ = 0;  // of these, the first so many have been sent to the end
  // Of the response that is due:
  std::uint64_t received_ = 0;
  std::uint64_t first_byte_ns_ = 0;
  std::uint64_t stream_timer_ = 0;  // ends a stream of events that has been followed long enough
  ResponseParser parser_;

  Connection* older_ = nullptr;
  Connection* newer_ = nullptr;
};

}  // namespace http
