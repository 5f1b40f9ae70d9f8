// SPDX-License-Identifier: Apache-2.0
#include "h2_connection.h"

#include <algorithm>
#include <cerrno>

#include "h2_codes.h"

namespace http {

H2Shared::~H2Shared() {
  if (timer_ != 0) host.cancel_timer(timer_);
}

void H2Shared::flush_later(H2Connection& connection) {
  if (connection.flush_wanted_) return;
  connection.flush_wanted_ = true;
  unflushed_.push_back(&connection);
  // A time gone by: the reactor runs it after the descriptors of this turn, before it waits.
  if (timer_ == 0 && host.timer<&H2Shared::flush_all>(0, this, &timer_) != ORDEAL_OK) {
    timer_ = 0;
    flush_all();
  }
}

void H2Shared::flush_all() noexcept {
  timer_ = 0;
  flushing_.swap(unflushed_);
  const std::uint64_t now = host.now_ns();
  for (H2Connection* connection : flushing_) {
    connection->flush_wanted_ = false;
    connection->flush(now);
  }
  flushing_.clear();
}

void H2Shared::warn_once(std::string_view line) {
  if (std::find(warned_.begin(), warned_.end(), line) != warned_.end()) return;
  warned_.emplace_back(line);
  host.warning(line);
}

H2Connection::~H2Connection() {
  if (timer_ != 0) shared_.host.cancel_timer(timer_);
}

void H2Connection::open() {
  state_ = State::opening;
  transport_.open();
}

void H2Connection::fail_open(std::uint32_t outcome, std::int64_t code) {
  drop(false);
  shared_.engine.opened(id_, outcome, code);
}

void H2Connection::close(std::uint32_t how) {
  if (how == ORDEAL_CLOSE_ORDERLY && transport_.is_open() && session_.settled() &&
      pending_.empty()) {
    // Resets first: nghttp2 sends none after a GOAWAY. Whether it arrives makes no difference to
    // us.
    std::vector<char>& buffer = shared_.to_send;
    const std::uint64_t now = shared_.host.now_ns();
    std::size_t n = session_.take(buffer.data(), buffer.size(), now);
    session_.say_goodbye();
    n += session_.take(buffer.data() + n, buffer.size() - n, now);
    static_cast<void>(transport_.send(buffer.data(), n));
  }
  drop(how == ORDEAL_CLOSE_ABRUPT);
}

void H2Connection::drop(bool abrupt) {
  if (timer_ != 0) shared_.host.cancel_timer(timer_);
  timer_ = 0;
  transport_.close(abrupt);
  session_.stop();
  pending_.clear();
  pending_sent_ = 0;
  state_ = State::closed;
}

void H2Connection::transport_opened() noexcept {
  if (shared_.route.tls != nullptr && transport_.alpn() != "h2") {
    shared_.warn_once("the server did not choose HTTP/2 (ALPN h2)");
    ended(ORDEAL_OUTCOME_PROTOCOL, code_not_h2);
    return;
  }
  if (!session_.start()) {
    ended(ORDEAL_OUTCOME_REFUSED, ENOMEM);
    return;
  }
  const std::uint64_t now = shared_.host.now_ns();
  if (shared_.host.timer<&H2Connection::settle_timeout>(now + shared_.route.connect_timeout_ns,
                                                        this, &timer_) != ORDEAL_OK)
    timer_ = 0;
  flush(now);
}

void H2Connection::transport_failed(std::uint32_t outcome, std::int64_t code) noexcept {
  ended(outcome, code);
}

void H2Connection::settle_timeout() noexcept {
  timer_ = 0;
  ended(ORDEAL_OUTCOME_TIMEOUT, ETIMEDOUT);
}

void H2Connection::transport_ready(std::uint32_t events) noexcept {
  if ((events & ORDEAL_IO_WRITE) != 0) flush(shared_.host.now_ns());
  if (transport_.is_open() && (events & ~std::uint32_t{ORDEAL_IO_WRITE}) != 0) receive();
}

void H2Connection::issue(const ordeal_op& op, const Request& request) {
  session_.issue(op, request);
  if (session_.wants_to_send()) shared_.flush_later(*this);
}

void H2Connection::cancel(H2Operation& operation) {
  session_.cancel(operation);
  if (session_.wants_to_send()) shared_.flush_later(*this);
}

// Sends what nghttp2 has ready. Where the socket takes only a part, the rest is kept, and nothing
// more is taken from nghttp2 until it is gone.
void H2Connection::flush(std::uint64_t now_ns) {
  if (!transport_.is_open() || !send_pending()) return;
  std::vector<char>& buffer = shared_.to_send;
  while (const std::size_t size = session_.take(buffer.data(), buffer.size(), now_ns)) {
    const ssize_t n = transport_.send(buffer.data(), size);
    if (n == Transport::failed) {
      send_failed();
      return;
    }
    const std::size_t sent = n > 0 ? static_cast<std::size_t>(n) : 0;
    if (sent < size) {
      pending_.assign(buffer.begin() + static_cast<std::ptrdiff_t>(sent),
                      buffer.begin() + static_cast<std::ptrdiff_t>(size));
      pending_sent_ = 0;
      transport_.want_write(true);
      return;
    }
    if (!session_.wants_to_send()) break;
  }
  transport_.want_write(false);
  look_after(true);
}

// False when something is left, or the connection has ended.
bool H2Connection::send_pending() {
  while (pending_sent_ < pending_.size()) {
    const ssize_t n =
        transport_.send(pending_.data() + pending_sent_, pending_.size() - pending_sent_);
    if (n == Transport::failed) {
      send_failed();
      return false;
    }
    if (n == Transport::blocked) {
      transport_.want_write(true);
      return false;
    }
    pending_sent_ += static_cast<std::size_t>(n);
  }
  pending_.clear();
  pending_sent_ = 0;
  return true;
}

// What the server said before it went, if anything, is still to be read.
void H2Connection::send_failed() {
  const std::int64_t why = transport_.error();
  receive();
  if (transport_.is_open()) ended(ORDEAL_OUTCOME_REFUSED, why);
}

void H2Connection::receive() {
  do {
    const ssize_t n = transport_.recv(shared_.received.data(), shared_.received.size());
    if (n == Transport::blocked) return;
    if (n == Transport::failed) {
      ended(transport_.error() < 0 ? ORDEAL_OUTCOME_PROTOCOL : ORDEAL_OUTCOME_REFUSED,
            transport_.error());
      return;
    }
    if (n == 0) {
      if (state_ == State::open && session_.on_streams() == 0) {
        ended(ORDEAL_OUTCOME_OK, 0);
      } else {
        ended(ORDEAL_OUTCOME_REFUSED, ECONNRESET);
      }
      return;
    }
    look_after(
        session_.feed(shared_.received.data(), static_cast<std::size_t>(n), shared_.host.now_ns()));
  } while (transport_.buffered() && transport_.is_open());
  if (transport_.is_open() && session_.wants_to_send()) shared_.flush_later(*this);
}

// Acts on the state that nghttp2 is in.
void H2Connection::look_after(bool usable) {
  if (session_.draining() && session_.on_streams() == 0 && session_.settled()) {
    const std::uint32_t error = session_.goaway();
    ended(error == 0 ? std::uint32_t{ORDEAL_OUTCOME_OK} : h2_outcome(error),
          error == 0 ? 0 : h2_code(error));
    return;
  }
  if (!usable || session_.broken()) {
    if (session_.settled()) {
      ended(ORDEAL_OUTCOME_PROTOCOL, h2_code(NGHTTP2_PROTOCOL_ERROR));
    } else {
      shared_.warn_once(
          "the server does not speak HTTP/2: its answer does not begin with SETTINGS");
      ended(ORDEAL_OUTCOME_PROTOCOL, code_not_h2);
    }
    return;
  }
  if (session_.settled() && state_ != State::open) settled();
}

void H2Connection::settled() {
  if (timer_ != 0) shared_.host.cancel_timer(timer_);
  timer_ = 0;
  if (session_.allowed() < shared_.streams)
    shared_.warn_once("the server allows " + std::to_string(session_.allowed()) +
                      " streams at once, 'streams' is " + std::to_string(shared_.streams) +
                      ": operations wait for one");
  const ordeal_mark marks[] = {{mark_connect, 0, transport_.connect_ns()},
                               {mark_tls, 0, transport_.tls_ns()},
                               {mark_tls_resumed, 0, transport_.tls_ns()}};
  const std::uint32_t n = transport_.tls_ns() == 0 ? 1 : transport_.resumed() ? 3 : 2;
  const bool replaced = state_ == State::replacing;
  state_ = State::open;
  if (!replaced) {
    shared_.engine.opened(id_, ORDEAL_OUTCOME_OK, 0, marks, n);
    return;
  }
  for (std::uint32_t i = 0; i < n; ++i)
    shared_.engine.observe(id_, marks[i].mark, marks[i].duration_ns);
  shared_.flush_later(*this);
}

// The connection is over, or did not come to be. In good order means that no operation is harmed:
// those that wait have not been sent.
void H2Connection::ended(std::uint32_t outcome, std::int64_t code) {
  const State was = state_;
  const bool replace = outcome == ORDEAL_OUTCOME_OK && session_.answered();
  session_.end_streams(
      outcome == ORDEAL_OUTCOME_OK ? std::uint32_t{ORDEAL_OUTCOME_REFUSED} : outcome, code);
  drop(false);
  if (was == State::opening) {
    shared_.engine.opened(id_, outcome, code);
    return;
  }
  if (session_.any_waiting() && replace) {
    state_ = State::replacing;
    transport_.open();
    return;
  }
  session_.end_waiting(
      outcome == ORDEAL_OUTCOME_OK ? std::uint32_t{ORDEAL_OUTCOME_REFUSED} : outcome, code);
  shared_.engine.lost(id_, outcome, code);
}

}  // namespace http
