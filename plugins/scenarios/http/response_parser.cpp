// SPDX-License-Identifier: Apache-2.0
#include "response_parser.h"

namespace http {

constinit const llhttp_settings_t ResponseParser::settings = [] {
  llhttp_settings_t s{};
  s.on_headers_complete = &ResponseParser::headers_complete;
  s.on_message_complete = &ResponseParser::message_complete;
  return s;
}();

ResponseParser::ResponseParser() {
  llhttp_init(&parser_, HTTP_RESPONSE, &settings);
  parser_.data = this;
}

void ResponseParser::begin(bool head) {
  llhttp_reset(&parser_);
  header_bytes_ = 0;
  head_ = head;
  headers_done_ = done_ = keep_alive_ = false;
}

int ResponseParser::headers_complete(llhttp_t* parser) {
  auto& self = *static_cast<ResponseParser*>(parser->data);
  const bool interim = parser->status_code < 200;
  self.headers_done_ = !interim;
  return self.head_ && !interim ? 1 : 0;  // 1: there is no body
}

int ResponseParser::message_complete(llhttp_t* parser) {
  auto& self = *static_cast<ResponseParser*>(parser->data);
  if (parser->status_code < 200) return 0;  // 100 Continue and its like: the real one follows
  self.done_ = true;
  self.status_ = parser->status_code;
  self.keep_alive_ = llhttp_should_keep_alive(parser) != 0;
  return HPE_PAUSED;  // so that anything behind it is noticed
}

ResponseParser::Step ResponseParser::feed(const char* data, std::size_t size) {
  if (!headers_done_) {
    if (header_bytes_ > max_header_bytes) return Step::broken;
    header_bytes_ += size;
  }
  const llhttp_errno_t error = llhttp_execute(&parser_, data, size);
  if (done_ && error == HPE_PAUSED)
    return llhttp_get_error_pos(&parser_) == data + size ? Step::done : Step::broken;
  return error == HPE_OK ? Step::more : Step::broken;
}

ResponseParser::Step ResponseParser::end() {
  // Ends a body that is delimited by the connection's end; in any other place it is an error.
  static_cast<void>(llhttp_finish(&parser_));
  keep_alive_ = false;
  return done_ ? Step::done : Step::broken;
}

}  // namespace http
