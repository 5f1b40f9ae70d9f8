// SPDX-License-Identifier: Apache-2.0
#include "h2_callbacks.h"

#include <algorithm>
#include <cstring>

namespace http {

namespace {

constexpr std::size_t frame_head_size = 9;

}  // namespace

nghttp2_session_callbacks* H2Session::Callbacks::make() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) return nullptr;
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, &begin_frame);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &body);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &frame_received);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &stream_closed);
  return callbacks;
}

int H2Session::Callbacks::begin_frame(nghttp2_session*, const nghttp2_frame_hd* head,
                                      void* user) noexcept {
  H2Session& s = self(user);
  if (head->stream_id == 0) return 0;
  if (H2Operation* const operation = s.find(head->stream_id)) {
    operation->bytes_in += head->length + frame_head_size;
    const bool answer = head->type == NGHTTP2_HEADERS || head->type == NGHTTP2_DATA;
    if (answer && operation->first_byte_ns == 0) operation->first_byte_ns = s.now_ns_;
  }
  return 0;
}

int H2Session::Callbacks::header(nghttp2_session*, const nghttp2_frame* frame,
                                 const std::uint8_t* name, std::size_t name_size,
                                 const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                                 void* user) noexcept {
  H2Operation* const operation = self(user).find(frame->hd.stream_id);
  if (operation == nullptr) return 0;
  if (name_size == 7 && std::memcmp(name, ":status", 7) == 0) {
    operation->status = 0;  // nghttp2 has seen to it that these are three digits
    for (std::size_t i = 0; i < value_size && i < 3; ++i)
      operation->status = operation->status * 10 + (value[i] - '0');
  } else if (operation->exchange.followed()) {
    operation->exchange.header({reinterpret_cast<const char*>(name), name_size},
                               {reinterpret_cast<const char*>(value), value_size});
  }
  return 0;
}

int H2Session::Callbacks::body(nghttp2_session*, std::uint8_t, std::int32_t stream,
                               const std::uint8_t* data, std::size_t size, void* user) noexcept {
  H2Session& s = self(user);
  H2Operation* const operation = s.find(stream);
  if (operation != nullptr && operation->exchange.followed() &&
      !operation->exchange.body(reinterpret_cast<const char*>(data), size))
    s.answer_abandoned(*operation);
  return 0;
}

int H2Session::Callbacks::frame_received(nghttp2_session*, const nghttp2_frame* frame,
                                         void* user) noexcept {
  H2Session& s = self(user);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
      if (H2Operation* const operation = s.find(frame->hd.stream_id)) {
        if (frame->hd.type == NGHTTP2_HEADERS) s.headers_complete(*operation);
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) s.answer_ended(*operation);
      }
      break;
    case NGHTTP2_SETTINGS:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) s.settled_ = true;
      break;
    case NGHTTP2_GOAWAY:
      s.draining_ = true;
      s.goaway_ = frame->goaway.error_code;
      break;
    default:
      break;
  }
  return 0;
}

int H2Session::Callbacks::frame_sent(nghttp2_session*, const nghttp2_frame* frame,
                                     void* user) noexcept {
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  H2Session& s = self(user);
  if (H2Operation* const operation = s.find(frame->hd.stream_id)) {
    if (operation->sent_ns == 0) operation->sent_ns = s.now_ns_;
    operation->bytes_out += frame->hd.length + frame_head_size;
  }
  return 0;
}

int H2Session::Callbacks::stream_closed(nghttp2_session*, std::int32_t stream, std::uint32_t error,
                                        void* user) noexcept {
  H2Session& s = self(user);
  if (s.open_streams_ > 0) --s.open_streams_;
  if (H2Operation* const operation = s.find(stream)) s.closed(*operation, error);
  return 0;
}

ssize_t H2Session::Callbacks::read_body(nghttp2_session*, std::int32_t stream, std::uint8_t* out,
                                        std::size_t size, std::uint32_t* flags,
                                        nghttp2_data_source*, void* user) noexcept {
  H2Operation* const operation = self(user).find(stream);
  if (operation == nullptr) return NGHTTP2_ERR_DEFERRED;  // given up: its reset is on the way
  const std::string_view body = operation->body();
  const std::size_t part = std::min(size, body.size() - operation->body_sent);
  std::memcpy(out, body.data() + operation->body_sent, part);
  operation->body_sent += part;
  if (operation->body_sent == body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(part);
}

}  // namespace http
