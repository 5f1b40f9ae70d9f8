// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ordeal/abi/scenario.h"
#include "ordeal/host.hpp"
#include "resolver.h"
#include "tls_client.h"
#include "tls_codes.h"

namespace http {

/// How the transports of one instance reach the target. Outlives them.
struct Route {
  ordeal::Host host;
  const std::vector<Address>* addresses = nullptr;  // not empty when a transport is opened
  std::uint64_t connect_timeout_ns = 0;             // for one address, TLS handshake included
  bool spread = false;       // sessions start over all addresses, not all with the first
  TlsClient* tls = nullptr;  // null: bytes go as they are
};

/// What an error of an open transport makes of the operations under way.
[[nodiscard]] inline std::uint32_t outcome_of(std::int64_t error) {
  return error < 0 && error != tls_truncated ? ORDEAL_OUTCOME_PROTOCOL : ORDEAL_OUTCOME_REFUSED;
}

/// Who a transport works for. Called on [worker], also from inside Transport::open.
class TransportUser {
 public:
  /// The stream stands; connect_ns(), tls_ns(), resumed() and alpn() are known.
  virtual void transport_opened() noexcept = 0;
  /// No address could be opened; the transport is closed. `outcome` and `code` are for
  /// Engine::opened.
  virtual void transport_failed(std::uint32_t outcome, std::int64_t code) noexcept = 0;
  /// Something can be received or sent on the open stream, or it has ended: ORDEAL_IO_*.
  virtual void transport_ready(std::uint32_t events) noexcept = 0;

 protected:
  ~TransportUser() = default;
};

/// One connected byte stream over TCP or a unix socket, plain or TLS. Opens, and is watched,
/// through the host's reactor. All functions on [worker]. Opened again and again; allocates nothing
/// afterwards when plain.
class Transport {
 public:
  /// What send and recv say when no byte moved.
  static constexpr ssize_t blocked = -1;  // readiness will be told
  static constexpr ssize_t failed = -2;   // error() says why; close it

  /// `number` is the session's: it decides which address comes first when they are spread.
  Transport(const Route& route, TransportUser& user, std::size_t number)
      : route_(route), user_(user), number_(number) {}
  ~Transport() { close(false); }
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Connects to one address after another until one takes it, the one that worked last first.
  /// Answered through transport_opened or transport_failed.
  void open();
  /// Ends the stream or the attempt to open it; nothing is answered. Abrupt: with a reset.
  void close(bool abrupt);
  [[nodiscard]] bool is_open() const { return state_ == State::open; }

  /// Bytes taken, or blocked, or failed. Ask want_write for readiness when not all were taken.
  ssize_t send(const char* data, std::size_t size) {
    return ssl_ == nullptr ? settle(::send(socket_.fd, data, size, MSG_NOSIGNAL))
                           : tls_send(data, size);
  }
  /// Bytes received, 0 at the end of the stream, or blocked, or failed.
  ssize_t recv(char* data, std::size_t size) {
    return ssl_ == nullptr ? settle(::recv(socket_.fd, data, size, 0)) : tls_recv(data, size);
  }
  /// Why send, recv or open failed: an errno, or a code of tls_codes.h.
  [[nodiscard]] std::int64_t error() const { return error_; }
  /// After recv: bytes are left that no readiness will announce, so receive again.
  [[nodiscard]] bool buffered() const { return ssl_ != nullptr && tls_buffered(); }
  /// Whether transport_ready is to tell of room to send. Costs nothing when it is so already.
  void want_write(bool on) {
    if (on != writing_) watch_for(on);
  }

  /// Of the last opening: how long until the stream stood, failed addresses included; and of that,
  /// the TLS handshake after it (not included; 0 when plain).
  [[nodiscard]] std::uint64_t connect_ns() const { return connect_ns_; }
  [[nodiscard]] std::uint64_t tls_ns() const { return tls_ns_; }
  /// Whether TLS took up an earlier session.
  [[nodiscard]] bool resumed() const { return resumed_; }
  /// The protocol agreed upon by ALPN, or "".
  [[nodiscard]] std::string_view alpn() const;

 private:
  enum class State { closed, connecting, handshaking, open };

  void try_next_address();
  bool try_address(const Address& to);
  void attempt_failed(std::int64_t error);
  void connected();
  void handshake();
  void opened();
  void ready(std::uint32_t events) noexcept;
  void timed_out() noexcept;
  void watch_for(bool write);
  ssize_t settle(ssize_t n) {
    if (n >= 0) return n;
    if (errno == EAGAIN || errno == EINTR) return blocked;
    error_ = errno;
    return failed;
  }
  ssize_t tls_send(const char* data, std::size_t size);
  ssize_t tls_recv(char* data, std::size_t size);
  [[nodiscard]] bool tls_buffered() const;
  void tls_end(bool farewell);

  const Route& route_;
  TransportUser& user_;
  std::size_t number_;
  State state_ = State::closed;
  bool writing_ = false;  // watched for room to send
  bool resumed_ = false;
  bool broken_ = false;  // TLS: nothing more can be said
  TlsSocket socket_;
  ssl_st* ssl_ = nullptr;
  std::uint64_t watch_ = 0;
  std::uint64_t timer_ = 0;
  std::int64_t error_ = 0;
  std::int64_t telling_error_ = 0;  // of an earlier address, that says more than a refusal
  std::size_t address_ = 0;         // of the list, the one being tried or in use
  std::size_t tried_ = 0;
  bool chosen_ = false;  // address_ has been
  std::uint64_t started_ns_ = 0;
  std::uint64_t connect_ns_ = 0;
  std::uint64_t tls_ns_ = 0;
};

}  // namespace http
