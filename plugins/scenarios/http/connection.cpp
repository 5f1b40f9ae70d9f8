// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <array>
#include <cerrno>

#include "tls_codes.h"

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
  Flight& next = flight(count_);
  if (const std::int64_t code = next.exchange.begin(shared_.exchange, request, op); code != 0) {
    shared_.engine.complete(op.id, ORDEAL_OUTCOME_FAIL, code);
    return;
  }
  next.bytes = next.exchange.bytes();
  next.sent = 0;
  next.sent_ns = 0;
  next.op_id = op.id;
  if (count_++ == 0) {
    older_ = shared_.newest;
    newer_ = nullptr;
    (older_ != nullptr ? older_->newer_ : shared_.oldest) = this;
    shared_.newest = this;
    begin_response();
    // Without a timer the operation's own time-out still ends the stream.
    if (const std::uint64_t limit = next.exchange.limit_ns(); limit != 0)
      static_cast<void>(shared_.host.timer<&Connection::stream_over>(shared_.host.now_ns() + limit,
                                                                     this, &stream_timer_));
  }
  send_rest();
}

void Connection::begin_response() {
  parser_.begin(flights_[first_].exchange);
  received_ = 0;
  first_byte_ns_ = 0;
}

void Connection::stream_over() noexcept {
  stream_timer_ = 0;
  finish(flights_[first_].exchange.end(), false);
}

void Connection::send_rest() {
  while (whole_ < count_) {
    Flight& next = flight(whole_);
    if (next.sent == 0) next.sent_ns = shared_.host.now_ns();
    const ssize_t n = transport_.send(next.bytes.data() + next.sent, next.bytes.size() - next.sent);
    if (n == Transport::failed) {
      // What the peer said before it went, if anything, is still to be read.
      const std::int64_t error = transport_.error();
      if (error == EPIPE || error == ECONNRESET) {
        receive();
        if (count_ == 0 || !transport_.is_open()) return;
      }
      finish({outcome_of(error), error == ECONNRESET ? EPIPE : error}, false);
      return;
    }
    if (n > 0) next.sent += static_cast<std::size_t>(n);
    if (next.sent < next.bytes.size()) {
      transport_.want_write(true);
      return;
    }
    ++whole_;
  }
  transport_.want_write(false);
}

void Connection::receive() {
  do {
    const ssize_t n = transport_.recv(shared_.buffer.data(), shared_.buffer.size());
    if (n == Transport::blocked) return;
    if (n > 0) {
      take(shared_.buffer.data(), static_cast<std::size_t>(n));
    } else {
      stream_ended(n == 0 ? 0 : transport_.error());
    }
  } while (transport_.is_open() && transport_.buffered());
}

// `error` 0: the peer has closed its side.
void Connection::stream_ended(std::int64_t error) {
  if (count_ == 0) {
    // Idle: the end of keep-alive.
    if (error == tls_truncated) error = 0;
    drop(false);
    shared_.engine.lost(session_, error == 0 ? std::uint32_t{ORDEAL_OUTCOME_OK} : outcome_of(error),
                        error);
  } else if (error == 0 && parser_.end() == ResponseParser::Step::done) {
    finish(flights_[first_].exchange.end(), false);
  } else {
    finish({outcome_of(error), error == 0 ? ECONNRESET : error}, false);
  }
}

// Bytes received: the response that is due or a part of it, and what stands behind it.
void Connection::take(const char* data, std::size_t size) {
  std::uint64_t now = 0;
  while (count_ > 0 && flights_[first_].sent > 0) {
    if (received_ == 0) {
      if (now == 0) now = shared_.host.now_ns();
      first_byte_ns_ = now;
    }
    received_ += size;
    const Flight& due = flights_[first_];
    switch (parser_.feed(data, size)) {
      case ResponseParser::Step::more:
        return;
      case ResponseParser::Step::broken:
        finish({ORDEAL_OUTCOME_PROTOCOL, 0}, false);
        return;
      case ResponseParser::Step::enough:
        finish(flights_[first_].exchange.end(), false);
        return;
      case ResponseParser::Step::done:
        break;
    }
    const std::size_t rest = parser_.rest();
    if (rest > 0 && count_ == 1) {
      // More than was asked for.
      finish({ORDEAL_OUTCOME_PROTOCOL, 0}, false);
      return;
    }
    received_ -= rest;
    // A response before the whole request was sent leaves the rest of it unsendable.
    const bool keep = parser_.keep_alive() && due.sent == due.bytes.size();
    finish(flights_[first_].exchange.end(), keep);
    if (rest == 0 || !keep) return;
    data += size - rest;
    size = rest;
  }
  // Nobody asked for them.
  if (!transport_.is_open()) return;
  if (count_ > 0) {
    finish({ORDEAL_OUTCOME_PROTOCOL, 0}, false);
    return;
  }
  drop(false);
  shared_.engine.lost(session_, ORDEAL_OUTCOME_PROTOCOL);
}

// Ends the request whose response was due; without `keep` the connection too, with all behind it.
void Connection::finish(Exchange::Verdict verdict, bool keep) {
  if (keep) {
    end_first(verdict);
    return;
  }
  transport_.close(false);
  end_first(verdict);
  // After a whole response the connection has ended as agreed, whatever the response said.
  const bool answered = verdict.outcome == ORDEAL_OUTCOME_OK ||
                        verdict.outcome == ORDEAL_OUTCOME_FAIL ||
                        verdict.outcome == ORDEAL_OUTCOME_THROTTLED;
  while (count_ > 0)
    end_first(answered ? Exchange::Verdict{ORDEAL_OUTCOME_REFUSED, ECONNRESET} : verdict);
  shared_.engine.lost(session_, answered ? std::uint32_t{ORDEAL_OUTCOME_OK} : verdict.outcome,
                      answered ? 0 : verdict.code);
}

void Connection::end_first(Exchange::Verdict verdict) {
  const Flight& first = flights_[first_];
  std::array<ordeal_mark, 2> marks;
  ordeal_result result{};
  result.struct_size = sizeof result;
  result.outcome = verdict.outcome;
  result.code = verdict.code;
  result.bytes_out = first.sent;
  result.bytes_in = received_;
  result.sent_ns = first.sent > 0 ? first.sent_ns : 0;
  result.requests = first.sent > 0 ? 1 : 0;
  result.marks = marks.data();
  if (first_byte_ns_ != 0)
    marks[result.n_marks++] = {mark_first_byte, 0, first_byte_ns_ - first.sent_ns};
  if (const std::uint64_t first_event = first.exchange.first_event_ns(); first_event != 0)
    marks[result.n_marks++] = {shared_.exchange.mark_first_event, 0, first_event - first.sent_ns};
  const std::uint64_t id = first.op_id;
  pop_first();
  shared_.engine.complete(id, result);
}

void Connection::pop_first() {
  if (stream_timer_ != 0) shared_.host.cancel_timer(stream_timer_);
  stream_timer_ = 0;
  if (whole_ > 0) --whole_;
  if (++first_ == flights_.size()) first_ = 0;
  if (--count_ > 0) {
    begin_response();
    return;
  }
  (older_ != nullptr ? older_->newer_ : shared_.oldest) = newer_;
  (newer_ != nullptr ? newer_->older_ : shared_.newest) = older_;
}

bool Connection::cancel(std::uint64_t op_id) {
  std::size_t at = 0;
  while (at < count_ && flight(at).op_id != op_id) ++at;
  if (at == count_) return false;
  transport_.close(true);
  while (count_ > 0) {
    if (flights_[first_].op_id == op_id) {
      pop_first();
    } else {
      end_first({ORDEAL_OUTCOME_CANCELLED, 0});
    }
  }
  shared_.engine.lost(session_, ORDEAL_OUTCOME_OK);
  return true;
}

void Connection::drop(bool abrupt) {
  while (count_ > 0) pop_first();
  transport_.close(abrupt);
}

}  // namespace http
