// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <llhttp.h>

#include <cstddef>

#include "exchange.h"

namespace http {

/// Follows one response after another on a connection and keeps none of it; an Exchange is told of
/// what it wants to know. Allocates nothing.
class ResponseParser {
 public:
  enum class Step {
    more,    // the response goes on
    done,    // it is complete, though rest() may not be 0; the exchange may end
    enough,  // the exchange abandons it, and may end; the connection is of no more use
    broken,  // this is not HTTP/1.x, or not what was asked for
  };

  ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// The request of `exchange` was sent; it lasts until the response is done.
  void begin(Exchange& exchange);
  Step feed(const char* data, std::size_t size);
  /// The peer closed its side.
  Step end();

  /// Of the response done: whether the connection can take another request.
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  /// How many bytes of those fed last stand behind it.
  [[nodiscard]] std::size_t rest() const { return rest_; }

 private:
  static int headers_complete(llhttp_t* parser);
  static int message_complete(llhttp_t* parser);
  // Two: a response of which nothing but the status matters costs no calls for its parts.
  static const llhttp_settings_t plain_settings;
  static const llhttp_settings_t followed_settings;

  // A response's headers may not be longer than this, interim (1xx) ones together.
  static constexpr std::size_t max_header_bytes = 256 * 1024;

  llhttp_t parser_;
  std::size_t header_bytes_ = 0;
  std::size_t rest_ = 0;
  Exchange* exchange_ = nullptr;
  bool headers_done_ = false;
  bool done_ = false;
  bool enough_ = false;
  bool keep_alive_ = false;
};

}  // namespace http
