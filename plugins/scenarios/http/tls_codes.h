// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace http {

/// What went wrong in TLS, as the code of an outcome: negative, so that it is neither an HTTP
/// status nor an errno, and below what getaddrinfo and the plugin contract use.
enum TlsCode : std::int64_t {
  /// The target's certificate: minus an X509_V_ERR_* of OpenSSL (-1010: it has expired).
  tls_certificate = -1000,
  /// The target sent an alert: minus its number (-2040: handshake failure).
  tls_alert = -2000,
  tls_protocol = -3000,   // what came is not TLS, or breaks it
  tls_truncated = -3001,  // the stream ended without the farewell that TLS wants
};

}  // namespace http
