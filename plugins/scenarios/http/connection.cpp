// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace http {

void Connection::open() {
  tried_ = 0;
  open_ns_ = shared_.host.now_ns();
  if (address_ >= shared_.addresses->size()) address_ = 0;
  try_next_address(EADDRNOTAVAIL);
}

// Starts with the address that worked last, and goes once round the list.
void Connection::try_next_address(std::int64_t last_error) {
  const std::vector<Address>& addresses = *shared_.addresses;
  while (tried_ < addresses.size()) {
    drop(false);
    if (tried_ > 0 && ++address_ == addresses.size()) address_ = 0;
    ++tried_;
    const Address& to = addresses[address_];
    fd_ = ::socket(to.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
      last_error = errno;
      continue;
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const bool at_once = ::connect(fd_, to.get(), to.size) == 0;
    if (!at_once && errno != EINPROGRESS) {
      last_error = errno;
      continue;
    }
    if (shared_.host.watch<&Connection::ready>(fd_, at_once ? ORDEAL_IO_READ : ORDEAL_IO_WRITE,
                                               this, &watch_) != ORDEAL_OK) {
      last_error = EMFILE;
      continue;
    }
    state_ = State::connecting;
    if (at_once) {
      connected();
    } else if (shared_.host.timer<&Connection::connect_timeout>(
                   shared_.host.now_ns() + shared_.connect_timeout_ns, this, &timer_) !=
               ORDEAL_OK) {
      timer_ = 0;  // the kernel's own time-out still ends the attempt
    }
    return;
  }
  fail_open(last_error == ETIMEDOUT ? ORDEAL_OUTCOME_TIMEOUT : ORDEAL_OUTCOME_REFUSED, last_error);
}

void Connection::fail_open(std::uint32_t outcome, std::int64_t code) {
  drop(false);
  shared_.engine.opened(session_, outcome, code);
}

void Connection::connected() {
  if (timer_ != 0) shared_.host.cancel_timer(timer_);
  timer_ = 0;
  state_ = State::open;
  const ordeal_mark mark{mark_connect, 0, shared_.host.now_ns() - open_ns_};
  shared_.engine.opened(session_, ORDEAL_OUTCOME_OK, 0, &mark, 1);
}

void Connection::connect_timeout() noexcept {
  timer_ = 0;
  try_next_address(ETIMEDOUT);
}

void Connection::ready(std::uint32_t events) noexcept {
  if (state_ == State::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) {
      try_next_address(error);
      return;
    }
    shared_.host.rewatch(watch_, ORDEAL_IO_READ);
    connected();
    return;
  }
  if ((events & ORDEAL_IO_WRITE) != 0) send_rest();
  // A hang-up or an error is found out by reading.
  if (state_ == State::open && (events & ~std::uint32_t{ORDEAL_IO_WRITE}) != 0) receive();
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
  const ssize_t n =
      ::send(fd_, request_->bytes.data() + sent_, request_->bytes.size() - sent_, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    // What the peer said before it went, if anything, is still to be read.
    if (errno == EPIPE || errno == ECONNRESET) {
      receive();
      if (request_ == nullptr || state_ != State::open) return;
      finish(ORDEAL_OUTCOME_REFUSED, EPIPE, false);
      return;
    }
    finish(ORDEAL_OUTCOME_REFUSED, errno, false);
    return;
  }
  if (n > 0) sent_ += static_cast<std::size_t>(n);
  const bool more = sent_ < request_->bytes.size();
  if (more == writing_) return;
  writing_ = more;
  shared_.host.rewatch(watch_, ORDEAL_IO_READ | (more ? std::uint32_t{ORDEAL_IO_WRITE} : 0u));
}

void Connection::receive() {
  const ssize_t n = ::recv(fd_, shared_.buffer.data(), shared_.buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const int error = n < 0 ? errno : 0;
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
  if (timer_ != 0) shared_.host.cancel_timer(timer_);
  timer_ = 0;
  if (watch_ != 0) shared_.host.unwatch(watch_);
  watch_ = 0;
  writing_ = false;
  state_ = State::closed;
  if (fd_ < 0) return;
  if (abrupt) {
    const linger reset{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  ::close(fd_);
  fd_ = -1;
}

}  // namespace http
