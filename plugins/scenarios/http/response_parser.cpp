// SPDX-License-Identifier: Apache-2.0
#include "response_parser.h"

#include <cstdint>

namespace http {

namespace {

// What headers_complete says to llhttp: it does not know of all responses that have no body
// (RFC 9112, 6.3), and would wait for as much as their headers announce.
constexpr int body_as_announced = 0;
constexpr int no_body = 1;
constexpr int malformed = -1;

}  // namespace

constinit const llhttp_settings_t ResponseParser::plain_settings = [] {
  llhttp_settings_t s{};
  s.on_headers_complete = &ResponseParser::headers_complete;
  s.on_message_complete = &ResponseParser::message_complete;
  return s;
}();

constinit const llhttp_settings_t ResponseParser::followed_settings = [] {
  llhttp_settings_t s{};
  s.on_headers_complete = &ResponseParser::headers_complete;
  s.on_message_complete = &ResponseParser::message_complete;
  s.on_header_field = [](llhttp_t* parser, const char* at, std::size_t size) {
    static_cast<ResponseParser*>(parser->data)->exchange_->header_name_part({at, size});
    return 0;
  };
  s.on_header_value = [](llhttp_t* parser, const char* at, std::size_t size) {
    static_cast<ResponseParser*>(parser->data)->exchange_->header_value_part({at, size});
    return 0;
  };
  s.on_body = [](llhttp_t* parser, const char* at, std::size_t size) {
    auto& self = *static_cast<ResponseParser*>(parser->data);
    if (self.exchange_->body(at, size)) return 0;
    self.enough_ = true;
    return static_cast<int>(HPE_USER);
  };
  return s;
}();

ResponseParser::ResponseParser() {
  llhttp_init(&parser_, HTTP_RESPONSE, &plain_settings);
  parser_.data = this;
}

void ResponseParser::begin(Exchange& exchange) {
  llhttp_reset(&parser_);
  const llhttp_settings_t& wanted = exchange.followed() ? followed_settings : plain_settings;
  parser_.settings = const_cast<llhttp_settings_t*>(&wanted);  // the C library only reads it
  exchange_ = &exchange;
  header_bytes_ = 0;
  headers_done_ = done_ = enough_ = keep_alive_ = false;
}

int ResponseParser::headers_complete(llhttp_t* parser) {
  auto& self = *static_cast<ResponseParser*>(parser->data);
  Exchange& exchange = *self.exchange_;
  const int status = parser->status_code;
  if (status < 100) return malformed;
  if (status < 200) {
    if (exchange.followed()) exchange.interim();
    // Only the final response says what becomes of the connection.
    parser->flags = static_cast<std::uint16_t>(parser->flags & ~F_CONNECTION_CLOSE);
    return no_body;
  }
  self.headers_done_ = true;
  exchange.status(status);
  return exchange.request().head || status == 204 || status == 304 ? no_body : body_as_announced;
}

int ResponseParser::message_complete(llhttp_t* parser) {
  auto& self = *static_cast<ResponseParser*>(parser->data);
  if (parser->status_code < 200) return 0;  // 100 Continue and its like: the real one follows
  self.done_ = true;
  self.keep_alive_ = llhttp_should_keep_alive(parser) != 0;
  return HPE_PAUSED;  // so that anything behind it is noticed
}

ResponseParser::Step ResponseParser::feed(const char* data, std::size_t size) {
  if (!headers_done_) {
    if (header_bytes_ > max_header_bytes) return Step::broken;
    header_bytes_ += size;
  }
  const llhttp_errno_t error = llhttp_execute(&parser_, data, size);
  if (done_ && error == HPE_PAUSED) {
    rest_ = static_cast<std::size_t>(data + size - llhttp_get_error_pos(&parser_));
    return Step::done;
  }
  if (enough_) return Step::enough;
  return error == HPE_OK ? Step::more : Step::broken;
}

ResponseParser::Step ResponseParser::end() {
  // Ends a body that is delimited by the connection's end; in any other place it is an error.
  static_cast<void>(llhttp_finish(&parser_));
  keep_alive_ = false;
  return done_ ? Step::done : Step::broken;
}

}  // namespace http
