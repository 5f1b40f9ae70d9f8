// SPDX-License-Identifier: Apache-2.0
// A server that answers with whatever bytes a test wants, on a thread of its own.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "plugins/loopback_server.h"

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
    server_.start([this](int fd) { return std::make_unique<Client>(fd, answer_); });
  }

  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] int accepted() const { return server_.accepted(); }

 private:
  using AnswerTo = std::function<Answer(const std::string&, int)>;

  class Client final : public LoopbackServer::Client {
   public:
    Client(int fd, const AnswerTo& answer) : LoopbackServer::Client(fd), answer_(answer) {}

    bool read() override {
      char part[65536];
      const ssize_t n = ::recv(fd(), part, sizeof part, 0);
      if (n <= 0) return false;
      received_.append(part, static_cast<std::size_t>(n));
      const std::size_t end = received_.find("\r\n\r\n");
      if (end == std::string::npos) return true;
      const std::size_t at = received_.find("Content-Length: ");
      const std::size_t body = at < end ? std::stoul(received_.substr(at + 16)) : 0;
      if (received_.size() < end + 4 + body) return true;
      const Answer answer = answer_(received_, number_++);
      received_.clear();
      return send(answer);
    }

   private:
    bool send(const Answer& answer) const {
      const std::size_t piece = answer.bytes.size() / answer.pieces + 1;
      for (std::size_t from = 0; from < answer.bytes.size(); from += piece) {
        if (from > 0) std::this_thread::sleep_for(std::chrono::milliseconds(answer.pause_ms));
        // Whoever has gone meanwhile is found out by reading.
        send_all(answer.bytes.data() + from, std::min(piece, answer.bytes.size() - from));
      }
      if (answer.reset) {
        const linger now{1, 0};
        ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
      }
      return !answer.close && !answer.reset;
    }

    const AnswerTo& answer_;
    int number_ = 0;
    std::string received_;
  };

  AnswerTo answer_;
  LoopbackServer server_;  // last: its thread uses the rest
};
