// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "ordeal/host.hpp"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct bio_method_st;

namespace http {

/// How TLS is to be spoken. Files are PEM; an empty text means that there is none.
struct TlsOptions {
  bool verify = true;
  std::string ca_file;      // in place of the system's authorities
  std::string server_name;  // asked for and verified in place of the address's host
  std::string certificate;  // our own, with the chain behind it
  std::string key;
  bool resume = true;
  int min_version = 0;  // TLS1_2_VERSION, TLS1_3_VERSION; 0: the library's own
};

/// What a stream under TLS reads and writes. Outlives the ssl_st made for it.
struct TlsSocket {
  int fd = -1;
  int error = 0;  // errno of the last failed call, 0 at the end of the stream
};

/// What the TLS streams of one instance have in common: settings, authorities, and the last session
/// to be resumed. All functions on [worker].
class TlsClient {
 public:
  /// `alpn` is a protocol name as ALPN has it. Throws ordeal::Failure (invalid) for files that
  /// cannot be used. Touches no network.
  TlsClient(const ordeal::Host& host, const TlsOptions& options, std::string_view url_host,
            std::string_view alpn);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// A client's end of a new stream over a connected socket; the caller's, to be freed with
  /// SSL_free. NULL without memory.
  ssl_st* start(TlsSocket& socket);

  /// The code (tls_codes.h, or an errno) of the call that has just failed with `said`, 0 when it is
  /// only to be repeated after readiness. Empties OpenSSL's queue of errors. The reason stands in
  /// the log, once for each code.
  std::int64_t why(ssl_st* ssl, int said, const TlsSocket& socket);

 private:
  static int new_session(ssl_st* ssl, ssl_session_st* session);

  ordeal::Host host_;
  std::string server_name_;  // for SNI; empty for an address in digits
  bool resume_;
  bio_method_st* socket_method_ = nullptr;
  ssl_ctx_st* context_ = nullptr;
  ssl_session_st* session_ = nullptr;
  std::set<std::int64_t> told_;
};

}  // namespace http
