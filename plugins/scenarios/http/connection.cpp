// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <cerrno>

namespace http {

void Connection::fail_open(std::uint32_t outcome, std::int64_t code) {
  drop(false);
  shared_.engine.opened(session_, outcome, code);
}

void Connection::transport_opened() noexcept {
  const ordeal_mark mark{mark_connect, 0, transport_.connect_ns()};
  shared_.engine.opened(session_, ORDEAL_OUTCOME_OK, 0, &mark, 1);
}

void Connection::transport_failed(std::uint32_t outcome, std::int64_t code) noexcept {
  shared_.engine.opened(session_, outcome, code);
}

void Connection::transport_ready(std::uint32_t events) noexcept {
  if ((events & ORDEAL_IO_WRITE) != 0) send_rest();
  // A hang-up or an error is found out by reading.
  if (transport_.is_open() && (events & ~std::uint32_t{ORDEAL_IO_WRITE}) != 0) receive();
}

void Connection::issue(std::uint64_t op_id, const Request& request) {
  request_ = &request;
  op_id_ = op_id;
  sent_ = 0;
  received_ = 0;
  first_byte_ns_ = 0;
  older_ = shared_.newest;
  newer_ = nullptr;
  (older_ != nullptr ? older_->newer_ : shared_.oldest) = this;
  shared_.newest = this;
  parser_.begin(request.head);
  sent_ns_ = shared_.host.now_ns();
  send_rest();
}

void Connection::send_rest() {
  if (request_ == nullptr) return;
  const ssize_t n = transport_.send(request_->bytes.data() + sent_, request_->bytes.size() - sent_);
  if (n == Transport::failed) {
    // What the peer said before it went, if anything, is still to be read.
    const std::int64_t error = transport_.error();
    if (error == EPIPE || error == ECONNRESET) {
      receive();
      if (request_ == nullptr || !transport_.is_open()) return;
    }
    finish(ORDEAL_OUTCOME_REFUSED, error == ECONNRESET ? EPIPE : error, false);
    return;
  }
  if (n > 0) sent_ += static_cast<std::size_t>(n);
  transport_.want_write(sent_ < request_->bytes.size());
}

void Connection::receive() {
  const ssize_t n = transport_.recv(shared_.buffer.data(), shared_.buffer.size());
  if (n == Transport::blocked) return;
  const std::int64_t error = n < 0 ? transport_.error() : 0;
  if (request_ == nullptr) {
    // Idle: the end of keep-alive, or bytes that nobody asked for.
    drop(false);
    const std::uint32_t outcome = n == 0  ? ORDEAL_OUTCOME_OK
                                  : n < 0 ? ORDEAL_OUTCOME_REFUSED
                                          : ORDEAL_OUTCOME_PROTOCOL;
    shared_.engine.lost(session_, outcome, error);
    return;
  }
  if (n < 0) {
    finish(ORDEAL_OUTCOME_REFUSED, error, false);
    return;
  }
  if (n > 0 && received_ == 0) first_byte_ns_ = shared_.host.now_ns();
  received_ += static_cast<std::uint64_t>(n);
  const ResponseParser::Step step =
      n > 0 ? parser_.feed(shared_.buffer.data(), static_cast<std::size_t>(n)) : parser_.end();
  if (step == ResponseParser::Step::more) return;
  if (step == ResponseParser::Step::broken) {
    finish(n > 0 ? ORDEAL_OUTCOME_PROTOCOL : ORDEAL_OUTCOME_REFUSED, n > 0 ? 0 : ECONNRESET, false);
    return;
  }
  const int status = parser_.status();
  const bool expected = status >= 0 &&
                        static_cast<std::size_t>(status) < request_->expected.size() &&
                        request_->expected[static_cast<std::size_t>(status)];
  const std::uint32_t outcome = expected        ? ORDEAL_OUTCOME_OK
                                : status == 429 ? ORDEAL_OUTCOME_THROTTLED
                                                : ORDEAL_OUTCOME_FAIL;
  // A response before the whole request was sent leaves the rest of it unsendable.
  finish(outcome, status, parser_.keep_alive() && sent_ == request_->bytes.size());
}

void Connection::finish(std::uint32_t outcome, std::int64_t code, bool keep) {
  ordeal_mark mark{mark_first_byte, 0, 0};
  ordeal_result result{};
  result.struct_size = sizeof result;
  result.outcome = outcome;
  result.code = code;
  result.bytes_out = sent_;
  result.bytes_in = received_;
  result.sent_ns = sent_ > 0 ? sent_ns_ : 0;
  result.requests = sent_ > 0 ? 1 : 0;
  if (first_byte_ns_ != 0) {
    mark.duration_ns = first_byte_ns_ - sent_ns_;
    result.marks = &mark;
    result.n_marks = 1;
  }
  const std::uint64_t id = op_id_;
  unlink();
  if (keep) {
    shared_.engine.complete(id, result);
    return;
  }
  drop(false);
  shared_.engine.complete(id, result);
  // After a whole response the connection has ended as agreed, whatever the response said.
  const bool answered = outcome == ORDEAL_OUTCOME_OK || outcome == ORDEAL_OUTCOME_FAIL ||
                        outcome == ORDEAL_OUTCOME_THROTTLED;
  shared_.engine.lost(session_, answered ? std::uint32_t{ORDEAL_OUTCOME_OK} : outcome,
                      answered ? 0 : code);
}

void Connection::cancel() {
  drop(true);
  shared_.engine.lost(session_, ORDEAL_OUTCOME_OK);
}

void Connection::unlink() {
  if (request_ == nullptr) return;
  (older_ != nullptr ? older_->newer_ : shared_.oldest) = newer_;
  (newer_ != nullptr ? newer_->older_ : shared_.newest) = older_;
  request_ = nullptr;
  op_id_ = 0;
}

void Connection::drop(bool abrupt) {
  unlink();
  transport_.close(abrupt);
}

}  // namespace http
