// SPDX-License-Identifier: Apache-2.0
#include "guardian/notify.h"

#include <stdlib.h>

#include <charconv>
#include <cstddef>
#include <cstring>

#include "guardian/fixed_text.h"

namespace ordeal {

namespace {
using Line = FixedText<512>;
}

void Notifier::open() {
  const char* where = ::getenv("NOTIFY_SOCKET");
  const std::string_view path = where == nullptr ? "" : where;
  const bool usable =
      !path.empty() && (path[0] == '/' || path[0] == '@') && path.size() < sizeof address_.sun_path;
  if (usable) {
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, path.data(), path.size());
    if (path[0] == '@') address_.sun_path[0] = '\0';  // abstract: has no file
    address_size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() +
                                           (path[0] == '@' ? 0 : 1));
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (const char* period = ::getenv("WATCHDOG_USEC"); period != nullptr && socket_) {
    std::uint64_t us = 0;
    std::from_chars(period, period + std::strlen(period), us);
    period_ns_ = us * 1000;
  }
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
}

void Notifier::send(std::string_view text) noexcept {
  if (!socket_) return;
  ::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address_), address_size_);
}

void Notifier::ready(std::string_view status) noexcept {
  Line line;
  line << "READY=1\nSTATUS=" << status;
  send(line.view());
}

void Notifier::status(std::string_view status) noexcept {
  Line line;
  line << "STATUS=" << status;
  send(line.view());
}

void Notifier::alive(std::uint64_t now_ns) noexcept {
  if (period_ns_ == 0 || (last_ns_ != 0 && now_ns - last_ns_ < period_ns_ / 2)) return;
  last_ns_ = now_ns;
  send("WATCHDOG=1");
}

void Notifier::stopping(std::string_view status) noexcept {
  if (stopped_) return;
  stopped_ = true;
  Line line;
  line << "STOPPING=1\nSTATUS=" << status;
  send(line.view());
}

}  // namespace ordeal
