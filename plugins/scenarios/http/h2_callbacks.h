// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "h2_session.h"

namespace http {

/// What nghttp2 calls while a session feeds it or takes from it. None of these may throw.
struct H2Session::Callbacks {
  /// The caller's, to be freed with nghttp2_session_callbacks_del; null without memory.
  static nghttp2_session_callbacks* make();
  /// Not among them: it belongs to a request, whose body it gives.
  static ssize_t read_body(nghttp2_session*, std::int32_t stream, std::uint8_t* out,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                           void* user) noexcept;

  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) noexcept;
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) noexcept;
  static int body(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                  std::size_t size, void* user) noexcept;
  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept;
  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept;
  static int stream_closed(nghttp2_session*, std::int32_t stream, std::uint32_t error,
                           void* user) noexcept;

 private:
  static H2Session& self(void* user) { return *static_cast<H2Session*>(user); }
};

}  // namespace http
