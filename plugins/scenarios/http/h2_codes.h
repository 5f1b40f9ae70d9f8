// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>

#include "ordeal/abi/scenario.h"

namespace http {

/// Codes of an operation that HTTP/2 itself ended: this, plus the error code of the RST_STREAM or
/// GOAWAY frame (RFC 9113, 7: 0 to 13). The manifest gives each its meaning.
constexpr std::int64_t code_h2 = 930;
/// The server did not choose HTTP/2, or answered something else.
constexpr std::int64_t code_not_h2 = 950;

constexpr std::int64_t h2_code(std::uint32_t error) {
  return code_h2 + static_cast<std::int64_t>(error <= NGHTTP2_HTTP_1_1_REQUIRED
                                                 ? error
                                                 : std::uint32_t{NGHTTP2_INTERNAL_ERROR});
}

/// What the error code of a RST_STREAM or GOAWAY frame means for an operation.
constexpr std::uint32_t h2_outcome(std::uint32_t error) {
  switch (error) {
    case NGHTTP2_PROTOCOL_ERROR:
    case NGHTTP2_FLOW_CONTROL_ERROR:
    case NGHTTP2_SETTINGS_TIMEOUT:
    case NGHTTP2_STREAM_CLOSED:
    case NGHTTP2_FRAME_SIZE_ERROR:
    case NGHTTP2_COMPRESSION_ERROR:
      return ORDEAL_OUTCOME_PROTOCOL;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return ORDEAL_OUTCOME_THROTTLED;
    default:
      return ORDEAL_OUTCOME_REFUSED;
  }
}

}  // namespace http
