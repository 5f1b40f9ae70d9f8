// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <llhttp.h>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace ordeal::demo {

/// One request as far as this server cares.
struct Request {
  enum class Kind : std::uint8_t { work, status, not_found, not_allowed, bad };
  Kind kind = Kind::bad;
  bool keep_alive = false;
  bool head = false;  // answered without a body
};

/// One client's connection: parses what arrives into requests, in order, and buffers what is to be
/// sent. Knows nothing of timers or of other connections. One thread.
class Connection {
 public:
  explicit Connection(UniqueFd fd);
  // The parser holds its address.
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }

  /// Parses bytes received. What cannot be parsed becomes a `bad` request, and ends the input.
  void feed(std::span<const char> bytes);
  /// The client has sent all it will.
  void end_input() { input_ended_ = true; }

  /// False: nothing more is to be read (ended, or enough requests are waiting).
  [[nodiscard]] bool wants_input() const;
  [[nodiscard]] std::deque<Request>& requests() { return requests_; }

  /// Buffers the answer to the first request and takes that off the queue.
  void answer(int status, std::string_view reason, std::string_view type, std::string_view body);
  /// Sends what it can. False: the connection is broken.
  bool flush();
  [[nodiscard]] bool has_output() const { return sent_ < output_.size(); }
  /// All is said: nothing to send, nothing waiting, no more input.
  [[nodiscard]] bool finished() const;

  bool in_service = false;     // its first request is being served or queued for it
  std::uint32_t interest = 0;  // the events epoll watches for

 private:
  static const llhttp_settings_t& settings();
  static int on_begin(llhttp_t* parser);
  static int on_url(llhttp_t* parser, const char* at, std::size_t size);
  static int on_headers_complete(llhttp_t* parser);
  static int on_message_complete(llhttp_t* parser);
  void reject();

  UniqueFd fd_;
  llhttp_t parser_;
  std::string url_;
  std::size_t head_bytes_ = 0;
  bool in_head_ = true;
  bool input_ended_ = false;
  std::deque<Request> requests_;
  std::string output_;
  std::size_t sent_ = 0;
};

}  // namespace ordeal::demo
