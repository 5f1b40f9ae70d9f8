// SPDX-License-Identifier: Apache-2.0
// Listens on loopback and serves its clients on a thread of its own; what is said to them is the
// matter of who derives a client.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

class LoopbackServer {
 public:
  /// One connection. All functions on the server's thread.
  class Client {
   public:
    /// Owns `fd`, which is blocking.
    explicit Client(int fd) : fd_(fd) {}
    virtual ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    /// When it was accepted, and whenever something can be read. False: it is over.
    virtual bool greet() { return true; }
    virtual bool read() = 0;

   protected:
    bool send_all(const void* data, std::size_t size) const {
      for (std::size_t sent = 0; sent < size;) {
        const ssize_t n =
            ::send(fd_, static_cast<const char*>(data) + sent, size - sent, MSG_NOSIGNAL);
        if (n <= 0) return false;
        sent += static_cast<std::size_t>(n);
      }
      return true;
    }

   private:
    int fd_;
  };
  using Accept = std::function<std::unique_ptr<Client>(int fd)>;

  /// Listens at once; nobody is accepted before start().
  LoopbackServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("loopback server");
    port_ = ntohs(address.sin_port);
  }
  ~LoopbackServer() {
    stop();
    ::close(listener_);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  void start(Accept accept) {
    thread_ = std::thread([this, accept = std::move(accept)] { serve(accept); });
  }
  /// Ends all connections. Before what the clients use is gone.
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  void serve(const Accept& accept) {
    std::vector<std::unique_ptr<Client>> clients;
    while (!stop_) {
      std::vector<pollfd> polled{{listener_, POLLIN, 0}};
      for (const auto& client : clients) polled.push_back({client->fd(), POLLIN, 0});
      if (::poll(polled.data(), polled.size(), 10) <= 0) continue;
      for (std::size_t i = clients.size(); i-- > 0;)
        if (polled[i + 1].revents != 0 && !clients[i]->read())
          clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
      if (polled[0].revents == 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++accepted_;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      std::unique_ptr<Client> client = accept(fd);
      if (client->greet()) clients.push_back(std::move(client));
    }
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};
