// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace http {

/// Codes of an operation that HTTP/2 itself ended: this, plus the error code of the RST_STREAM or
/// GOAWAY frame (RFC 9113, 7: 0 to 13). The manifest gives each its meaning.
constexpr std::int64_t code_h2 = 930;
/// The server did not choose HTTP/2, or answered something else.
constexpr std::int64_t code_not_h2 = 950;

constexpr std::int64_t h2_code(std::uint32_t error) {
  constexpr std::uint32_t internal_error = 2;
  return code_h2 + static_cast<std::int64_t>(error <= 13 ? error : internal_error);
}

}  // namespace http
