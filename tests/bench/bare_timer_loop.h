// SPDX-License-Identifier: Apache-2.0
// What send_lag measures the engine beside: a loop that sleeps until each intended start and looks
// at the clock. Without a port it does nothing else, so nothing can hold it up but the machine.
// With one it also sends a request then, and receives the answers when they come: what the engine
// has to do as well, in the plainest way.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "base/histogram.h"
#include "base/unique_fd.h"
#include "plugins/http_driver.h"

class BareTimerLoop {
 public:
  /// `port` 0: no connections.
  BareTimerLoop(std::uint16_t port, std::uint32_t connections)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (port == 0) return;
    for (std::uint32_t i = 0; i < connections; ++i) {
      connections_.emplace_back(connect_to(port));
      epoll_event event{EPOLLIN, {.u32 = i}};
      if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connections_[i].get(), &event) != 0)
        throw std::runtime_error("epoll_ctl");
      free_.push_back(i);
    }
  }

  /// `count` starts at `rate` per second; how late each was noticed.
  ordeal::Histogram run(double rate, std::uint64_t count) {
    ordeal::Histogram lag(1);
    const std::uint64_t start = HttpDriver::now() + 50'000'000;
    for (std::uint64_t i = 0; i < count;) {
      const auto intended = start + static_cast<std::uint64_t>(static_cast<double>(i) * 1e9 / rate);
      const std::uint64_t now = HttpDriver::now();
      if (now < intended) {
        wait(intended - now);
        continue;
      }
      lag.record(now - intended);
      ++i;
      if (!free_.empty()) send();
    }
    while (free_.size() < connections_.size()) wait(1'000'000'000);
    return lag;
  }

 private:
  static int connect_to(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  void send() {
    static constexpr char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    const int fd = connections_[free_.back()].get();
    free_.pop_back();
    if (::send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1)
      throw std::runtime_error("send");
  }
  void wait(std::uint64_t ns) {
    const timespec limit{static_cast<time_t>(ns / 1'000'000'000),
                         static_cast<long>(ns % 1'000'000'000)};
    epoll_event events[256];
    const int ready = ::epoll_pwait2(epoll_.get(), events, 256, &limit, nullptr);
    for (int i = 0; i < ready; ++i) {
      const std::uint32_t index = events[i].data.u32;
      char answer[16384];  // small, so in one piece
      if (::recv(connections_[index].get(), answer, sizeof answer, 0) <= 0)
        throw std::runtime_error("connection lost");
      free_.push_back(index);
    }
  }

  ordeal::UniqueFd epoll_;
  std::vector<ordeal::UniqueFd> connections_;
  std::vector<std::uint32_t> free_;
};
