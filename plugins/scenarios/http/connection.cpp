// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <array>
#include <cerrno>

namespace http {

void Connection::fail_open(std::uint32_t outcome, std::int64_t code) {
  drop(false);
  shared_.engine.opened(session_, outcome, code);
}

void Connection::transport_opened() noexcept {
  const ordeal_mark marks[] = {{mark_connect, 0, transport_.connect_ns()},
                               {mark_tls, 0, transport_.tls_ns()},
                               {mark_tls_resumed, 0, transport_.tls_ns()}};
  const std::uint32_t known = transport_.tls_ns() == 0 ? 1 : transport_.resumed() ? 3 : 2;
  shared_.engine.opened(session_, ORDEAL_OUTCOME_OK, 0, marks, known);
}

void Connection::transport_failed(std::uint32_t outcome, std::int64_t code) noexcept {
  shared_.engine.opened(session_, outcome, code);
}

void Connection::transport_ready(std::uint32_t events) noexcept {
  if ((events & ORDEAL_IO_WRITE) != 0) send_rest();
  // A hang-up or an error is found out by reading.
  if (transport_.is_open() && (events & ~std::uint32_t{ORDEAL_IO_WRITE}) != 0) receive();
}

void Connection::issue(const ordeal_op& op, const Request& request) {
  if (const std::int64_t code = exchange_.begin(shared_.exchange, request, op); code != 0) {
    shared_.engine.complete(op.id, ORDEAL_OUTCOME_FAIL, code);
    return;
  }
  busy_ = true;
  op_id_ = op.id;
  bytes_ = exchange_.bytes();
  sent_ = 0;
  received_ = 0;
  first_byte_ns_ = 0;
  older_ = shared_.newest;
  newer_ = nullptr;
  (older_ != nullptr ? older_->newer_ : shared_.oldest) = this;
  shared_.newest = this;
  parser_.begin(exchange_);
  sent_ns_ = shared_.host.now_ns();
  // Without a timer the operation's own time-out still ends the stream.
  if (const std::uint64_t limit = exchange_.limit_ns(); limit != 0)
    static_cast<void>(
        shared_.host.timer<&Connection::stream_over>(sent_ns_ + limit, this, &stream_timer_));
  send_rest();
}

void Connection::stream_over() noexcept {
  stream_timer_ = 0;
  finish(exchange_.end(), false);
}

void Connection::send_rest() {
  if (!busy_) return;
  const ssize_t n = transport_.send(bytes_.data() + sent_, bytes_.size() - sent_);
  if (n == Transport::failed) {
    // What the peer said before it went, if anything, is still to be read.
    const std::int64_t error = transport_.error();
    if (error == EPIPE || error == ECONNRESET) {
      receive();
      if (!busy_ || !transport_.is_open()) return;
    }
    finish({ORDEAL_OUTCOME_REFUSED, error == ECONNRESET ? EPIPE : error}, false);
    return;
  }
  if (n > 0) sent_ += static_cast<std::size_t>(n);
  transport_.want_write(sent_ < bytes_.size());
}

void Connection::receive() {
  const ssize_t n = transport_.recv(shared_.buffer.data(), shared_.buffer.size());
  if (n == Transport::blocked) return;
  const std::int64_t error = n < 0 ? transport_.error() : 0;
  if (!busy_) {
    // Idle: the end of keep-alive, or bytes that nobody asked for.
    drop(false);
    const std::uint32_t outcome = n == 0  ? ORDEAL_OUTCOME_OK
                                  : n < 0 ? ORDEAL_OUTCOME_REFUSED
                                          : ORDEAL_OUTCOME_PROTOCOL;
    shared_.engine.lost(session_, outcome, error);
    return;
  }
  if (n < 0) {
    finish({ORDEAL_OUTCOME_REFUSED, error}, false);
    return;
  }
  if (n > 0 && received_ == 0) first_byte_ns_ = shared_.host.now_ns();
  received_ += static_cast<std::uint64_t>(n);
  switch (n > 0 ? parser_.feed(shared_.buffer.data(), static_cast<std::size_t>(n))
                : parser_.end()) {
    case ResponseParser::Step::more:
      return;
    case ResponseParser::Step::broken:
      finish(n > 0 ? Exchange::Verdict{ORDEAL_OUTCOME_PROTOCOL, 0}
                   : Exchange::Verdict{ORDEAL_OUTCOME_REFUSED, ECONNRESET},
             false);
      return;
    case ResponseParser::Step::enough:
      finish(exchange_.end(), false);
      return;
    case ResponseParser::Step::done:
      // A response before the whole request was sent leaves the rest of it unsendable.
      finish(exchange_.end(), parser_.keep_alive() && sent_ == bytes_.size());
  }
}

void Connection::finish(Exchange::Verdict verdict, bool keep) {
  std::array<ordeal_mark, 2> marks;
  ordeal_result result{};
  result.struct_size = sizeof result;
  result.outcome = verdict.outcome;
  result.code = verdict.code;
  result.bytes_out = sent_;
  result.bytes_in = received_;
  result.sent_ns = sent_ > 0 ? sent_ns_ : 0;
  result.requests = sent_ > 0 ? 1 : 0;
  result.marks = marks.data();
  if (first_byte_ns_ != 0)
    marks[result.n_marks++] = {mark_first_byte, 0, first_byte_ns_ - sent_ns_};
  if (const std::uint64_t first_event = exchange_.first_event_ns(); first_event != 0)
    marks[result.n_marks++] = {shared_.exchange.mark_first_event, 0, first_event - sent_ns_};
  const std::uint64_t id = op_id_;
  unlink();
  if (keep) {
    shared_.engine.complete(id, result);
    return;
  }
  drop(false);
  shared_.engine.complete(id, result);
  // After a whole response the connection has ended as agreed, whatever the response said.
  const bool answered = verdict.outcome == ORDEAL_OUTCOME_OK ||
                        verdict.outcome == ORDEAL_OUTCOME_FAIL ||
                        verdict.outcome == ORDEAL_OUTCOME_THROTTLED;
  shared_.engine.lost(session_, answered ? std::uint32_t{ORDEAL_OUTCOME_OK} : verdict.outcome,
                      answered ? 0 : verdict.code);
}

void Connection::cancel() {
  drop(true);
  shared_.engine.lost(session_, ORDEAL_OUTCOME_OK);
}

void Connection::unlink() {
  if (!busy_) return;
  if (stream_timer_ != 0) shared_.host.cancel_timer(stream_timer_);
  stream_timer_ = 0;
  (older_ != nullptr ? older_->newer_ : shared_.oldest) = newer_;
  (newer_ != nullptr ? newer_->older_ : shared_.newest) = older_;
  busy_ = false;
  op_id_ = 0;
}

void Connection::drop(bool abrupt) {
  unlink();
  transport_.close(abrupt);
}

}  // namespace http
