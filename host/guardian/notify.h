// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string_view>

#include "base/unique_fd.h"

namespace ordeal {

/// What systemd (or another supervisor that speaks sd_notify) is told: datagrams to
/// $NOTIFY_SOCKET. Without that variable, nothing. One thread; sending allocates and waits for
/// nothing, and a supervisor that is gone is no error.
class Notifier {
 public:
  /// Reads NOTIFY_SOCKET and WATCHDOG_USEC and takes them out of the environment: they are not
  /// meant for what the guardian starts.
  void open();

  /// READY=1.
  void ready(std::string_view status) noexcept;
  void status(std::string_view status) noexcept;
  /// WATCHDOG=1 once half the period has passed since the last. To be called by the tick that
  /// really checked.
  void alive(std::uint64_t now_ns) noexcept;
  /// STOPPING=1, once.
  void stopping(std::string_view status) noexcept;

 private:
  void send(std::string_view text) noexcept;

  UniqueFd socket_;
  sockaddr_un address_{};
  socklen_t address_size_ = 0;
  std::uint64_t period_ns_ = 0;  // 0: no watchdog
  std::uint64_t last_ns_ = 0;
  bool stopped_ = false;
};

}  // namespace ordeal
