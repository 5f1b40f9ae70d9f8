// SPDX-License-Identifier: Apache-2.0
#include "transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace http {

namespace {

// What this machine lacks, whatever the address.
bool is_local(std::int64_t error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

void Transport::open() {
  const std::size_t count = route_.addresses->size();
  if (!chosen_ || address_ >= count) {
    address_ = route_.spread && count > 0 ? number_ % count : 0;
    chosen_ = true;
  }
  tried_ = 0;
  error_ = EDESTADDRREQ;
  telling_error_ = 0;
  started_ns_ = route_.host.now_ns();
  connect_ns_ = tls_ns_ = 0;
  resumed_ = false;
  try_next_address();
}

// Goes once round the list.
void Transport::try_next_address() {
  const std::vector<Address>& addresses = *route_.addresses;
  while (tried_ < addresses.size()) {
    close(false);
    if (tried_ > 0 && ++address_ >= addresses.size()) address_ = 0;
    ++tried_;
    if (try_address(addresses[address_])) return;
    if (is_local(error_)) break;
    // No local port is left. IPv6 says the same where it is switched off.
    if (error_ == EADDRNOTAVAIL && addresses[address_].get()->sa_family == AF_INET)
      telling_error_ = error_;
  }
  close(false);
  if (telling_error_ != 0) error_ = telling_error_;
  user_.transport_failed(
      error_ == ETIMEDOUT ? std::uint32_t{ORDEAL_OUTCOME_TIMEOUT} : outcome_of(error_), error_);
}

// False when it failed at once, with error_ set.
bool Transport::try_address(const Address& to) {
  socket_.fd = ::socket(to.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_.fd < 0) {
    error_ = errno;
    return false;
  }
  if (to.get()->sa_family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(socket_.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  const bool at_once = ::connect(socket_.fd, to.get(), to.size) == 0;
  if (!at_once && errno != EINPROGRESS) {
    error_ = errno;
    return false;
  }
  writing_ = !at_once;
  if (route_.host.watch<&Transport::ready>(socket_.fd, at_once ? ORDEAL_IO_READ : ORDEAL_IO_WRITE,
                                           this, &watch_) != ORDEAL_OK) {
    error_ = EMFILE;
    return false;
  }
  state_ = State::connecting;
  if (!at_once || route_.tls != nullptr) {
    // Without a timer the kernel's own limit still ends the attempt.
    if (route_.host.timer<&Transport::timed_out>(route_.host.now_ns() + route_.connect_timeout_ns,
                                                 this, &timer_) != ORDEAL_OK)
      timer_ = 0;
  }
  if (at_once) connected();
  return true;
}

void Transport::attempt_failed(std::int64_t error) {
  error_ = error;
  try_next_address();
}

void Transport::connected() {
  connect_ns_ = route_.host.now_ns() - started_ns_;
  if (route_.tls == nullptr) {
    opened();
    return;
  }
  state_ = State::handshaking;
  broken_ = false;
  ssl_ = route_.tls->start(socket_);
  if (ssl_ == nullptr) {
    attempt_failed(ENOMEM);
  } else {
    handshake();
  }
}

void Transport::handshake() {
  const int said = SSL_do_handshake(ssl_);
  if (said == 1) {
    tls_ns_ = route_.host.now_ns() - started_ns_ - connect_ns_;
    resumed_ = SSL_session_reused(ssl_) == 1;
    opened();
    return;
  }
  const bool write = SSL_want_write(ssl_) == 1;
  const std::int64_t error = route_.tls->why(ssl_, said, socket_);
  if (error == 0) {
    want_write(write);
    return;
  }
  broken_ = true;
  if (error > 0 || error == tls_truncated) {
    attempt_failed(error > 0 ? error : ECONNRESET);
  } else {
    // What it said will be no different on its other addresses.
    tried_ = route_.addresses->size();
    attempt_failed(error);
  }
}

void Transport::opened() {
  if (timer_ != 0) route_.host.cancel_timer(timer_);
  timer_ = 0;
  want_write(false);
  state_ = State::open;
  user_.transport_opened();
}

void Transport::timed_out() noexcept {
  timer_ = 0;
  attempt_failed(ETIMEDOUT);
}

void Transport::ready(std::uint32_t events) noexcept {
  if (state_ == State::open) [[likely]] {
    user_.transport_ready(events);
    return;
  }
  if (state_ == State::handshaking) {
    handshake();
    return;
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket_.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) {
    attempt_failed(error);
  } else {
    connected();
  }
}

void Transport::watch_for(bool write) {
  writing_ = write;
  route_.host.rewatch(watch_, ORDEAL_IO_READ | (write ? std::uint32_t{ORDEAL_IO_WRITE} : 0u));
}

void Transport::close(bool abrupt) {
  if (timer_ != 0) route_.host.cancel_timer(timer_);
  timer_ = 0;
  if (watch_ != 0) route_.host.unwatch(watch_);
  watch_ = 0;
  writing_ = false;
  if (ssl_ != nullptr) tls_end(state_ == State::open && !abrupt && !broken_);
  state_ = State::closed;
  if (socket_.fd < 0) return;
  if (abrupt) {
    const linger reset{1, 0};
    ::setsockopt(socket_.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  ::close(socket_.fd);
  socket_.fd = -1;
}

// All that fits, not one record: so that readiness is asked for only when there is no more room.
ssize_t Transport::tls_send(const char* data, std::size_t size) {
  std::size_t sent = 0;
  while (sent < size) {
    if (ERR_peek_error() != 0) ERR_clear_error();  // left there by others
    const int said =
        SSL_write(ssl_, data + sent, static_cast<int>(std::min<std::size_t>(size - sent, INT_MAX)));
    if (said > 0) {
      sent += static_cast<std::size_t>(said);
      continue;
    }
    const std::int64_t error = route_.tls->why(ssl_, said, socket_);
    if (error == 0) break;
    error_ = error;
    broken_ = true;
    return failed;
  }
  return sent > 0 ? static_cast<ssize_t>(sent) : blocked;
}

ssize_t Transport::tls_recv(char* data, std::size_t size) {
  if (ERR_peek_error() != 0) ERR_clear_error();
  const int said = SSL_read(ssl_, data, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  if (said > 0) return said;
  if ((SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0) return 0;
  const std::int64_t error = route_.tls->why(ssl_, said, socket_);
  if (error == 0) return blocked;
  error_ = error;
  broken_ = true;
  return failed;
}

bool Transport::tls_buffered() const { return SSL_has_pending(ssl_) == 1; }

void Transport::tls_end(bool farewell) {
  if (farewell) {
    SSL_shutdown(ssl_);
    ERR_clear_error();
  } else if (state_ == State::open) {
    // A stream that ends without it would take its session along.
    SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  SSL_free(ssl_);
  ssl_ = nullptr;
}

std::string_view Transport::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_ != nullptr) SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

}  // namespace http
