// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <llhttp.h>

#include <cstddef>

namespace http {

/// Follows one response after another on a connection without keeping any of it. Allocates nothing.
class ResponseParser {
 public:
  enum class Step {
    more,    // the response goes on
    done,    // it is complete, and nothing came after it
    broken,  // this is not HTTP/1.x, or not what was asked for
  };

  ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// A new request was sent; `head` says that its response has no body.
  void begin(bool head);
  Step feed(const char* data, std::size_t size);
  /// The peer closed its side.
  Step end();

  /// Of the response done: status code, and whether the connection can take another request.
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }

 private:
  static int headers_complete(llhttp_t* parser);
  static int message_complete(llhttp_t* parser);
  static const llhttp_settings_t settings;

  // A response's headers may not be longer than this, interim (1xx) ones together.
  static constexpr std::size_t max_header_bytes = 256 * 1024;

  llhttp_t parser_;
  std::size_t header_bytes_ = 0;
  int status_ = 0;
  bool head_ = false;
  bool headers_done_ = false;
  bool done_ = false;
  bool keep_alive_ = false;
};

}  // namespace http
