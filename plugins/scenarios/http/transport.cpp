// SPDX-License-Identifier: Apache-2.0
#include "transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "ordeal/abi/scenario.h"

namespace http {

namespace {

std::uint32_t outcome_of(std::int64_t error) {
  if (error == ETIMEDOUT) return ORDEAL_OUTCOME_TIMEOUT;
  return error < 0 ? ORDEAL_OUTCOME_PROTOCOL : ORDEAL_OUTCOME_REFUSED;
}

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
  user_.transport_failed(outcome_of(error_), error_);
}

// False when it failed at once, with error_ set.
bool Transport::try_address(const Address& to) {
  fd_ = ::socket(to.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    error_ = errno;
    return false;
  }
  if (to.get()->sa_family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  const bool at_once = ::connect(fd_, to.get(), to.size) == 0;
  if (!at_once && errno != EINPROGRESS) {
    error_ = errno;
    return false;
  }
  writing_ = !at_once;
  if (route_.host.watch<&Transport::ready>(fd_, at_once ? ORDEAL_IO_READ : ORDEAL_IO_WRITE, this,
                                           &watch_) != ORDEAL_OK) {
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
  opened();
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
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
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
  state_ = State::closed;
  if (fd_ < 0) return;
  if (abrupt) {
    const linger reset{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  ::close(fd_);
  fd_ = -1;
}

ssize_t Transport::tls_send(const char*, std::size_t) { return failed; }
ssize_t Transport::tls_recv(char*, std::size_t) { return failed; }
bool Transport::tls_buffered() const { return false; }
std::string_view Transport::alpn() const { return {}; }

}  // namespace http
