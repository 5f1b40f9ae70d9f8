// SPDX-License-Identifier: Apache-2.0
// A server that answers with whatever bytes a test wants, on a thread of its own.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

class RawServer {
 public:
  /// What to do after a request was read: the bytes to send, and whether to close then.
  struct Answer {
    std::string bytes;
    bool close = false;
    std::size_t pieces = 1;  // sent in so many parts
    bool reset = false;      // close with a reset
    int pause_ms = 1;        // between the parts
  };
  /// `answer` gets the request and its number on the connection, from 0. Called on the thread.
  explicit RawServer(std::function<Answer(const std::string&, int)> answer)
      : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("raw server");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  struct Client {
    int fd;
    int number = 0;
    std::string received;
  };

  void serve() {
    std::vector<Client> clients;
    while (!stop_) {
      std::vector<pollfd> polled{{listener_, POLLIN, 0}};
      for (const Client& c : clients) polled.push_back({c.fd, POLLIN, 0});
      if (::poll(polled.data(), polled.size(), 10) <= 0) continue;
      for (std::size_t i = clients.size(); i-- > 0;)
        if (polled[i + 1].revents != 0 && !read_from(clients[i])) {
          ::close(clients[i].fd);
          clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
        }
      if (polled[0].revents != 0) {
        const int fd = ::accept(listener_, nullptr, nullptr);
        if (fd >= 0) clients.push_back({fd, 0, {}});
        ++accepted_;
      }
    }
    for (const Client& c : clients) ::close(c.fd);
  }

  // False when the connection is to be closed.
  bool read_from(Client& c) {
    char part[65536];
    const ssize_t n = ::recv(c.fd, part, sizeof part, 0);
    if (n <= 0) return false;
    c.received.append(part, static_cast<std::size_t>(n));
    const std::size_t end = c.received.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    const std::size_t at = c.received.find("Content-Length: ");
    const std::size_t body = at < end ? std::stoul(c.received.substr(at + 16)) : 0;
    if (c.received.size() < end + 4 + body) return true;
    const Answer answer = answer_(c.received, c.number++);
    c.received.clear();
    const std::size_t piece = answer.bytes.size() / answer.pieces + 1;
    for (std::size_t from = 0; from < answer.bytes.size(); from += piece) {
      if (from > 0) std::this_thread::sleep_for(std::chrono::milliseconds(answer.pause_ms));
      ::send(c.fd, answer.bytes.data() + from, std::min(piece, answer.bytes.size() - from),
             MSG_NOSIGNAL);
    }
    if (answer.reset) {
      const linger now{1, 0};
      ::setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    return !answer.close && !answer.reset;
  }

  std::function<Answer(const std::string&, int)> answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};
