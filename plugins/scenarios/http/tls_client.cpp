// SPDX-License-Identifier: Apache-2.0
#include "tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "ordeal/component.hpp"
#include "tls_codes.h"

namespace http {

namespace {

// OpenSSL's own socket BIO uses write(2), which raises SIGPIPE.
int socket_write(BIO* bio, const char* data, int size) {
  auto& socket = *static_cast<TlsSocket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::send(socket.fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n >= 0) return static_cast<int>(n);
  socket.error = errno;
  if (errno == EAGAIN || errno == EINTR) BIO_set_retry_write(bio);
  return -1;
}

int socket_read(BIO* bio, char* data, int size) {
  auto& socket = *static_cast<TlsSocket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(socket.fd, data, static_cast<std::size_t>(size), 0);
  socket.error = n < 0 ? errno : 0;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long socket_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

std::string last_reason() {
  const unsigned long error = ERR_peek_last_error();
  if (ERR_SYSTEM_ERROR(error)) return ::strerror(ERR_GET_REASON(error));
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "error " + std::to_string(error);
}

// Takes over what OpenSSL has to say about a file or a setting.
void require(bool done, const std::string& what) {
  const std::string reason = done ? "" : last_reason();
  ERR_clear_error();
  if (!done) throw ordeal::Failure(ORDEAL_E_INVALID, what + ": " + reason);
}

std::string quoted(const char* key, const std::string& file) {
  return std::string(key) + " '" + file + "'";
}

}  // namespace

TlsClient::TlsClient(const ordeal::Host& host, const TlsOptions& options, std::string_view url_host,
                     std::string_view alpn)
    : host_(host), server_name_(options.server_name), resume_(options.resume) {
  if (server_name_.empty()) server_name_ = url_host;
  const bool address = is_address(server_name_);
  ERR_clear_error();
  try {
    context_ = SSL_CTX_new(TLS_client_method());
    socket_method_ = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (context_ == nullptr || socket_method_ == nullptr) throw std::bad_alloc();
    BIO_meth_set_write(socket_method_, &socket_write);
    BIO_meth_set_read(socket_method_, &socket_read);
    BIO_meth_set_ctrl(socket_method_, &socket_control);

    SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context_, 1);  // one system call for a record, not two
    require(SSL_CTX_set_min_proto_version(context_, options.min_version) == 1, "tls.min_version");

    const std::string protocols = static_cast<char>(alpn.size()) + std::string(alpn);
    if (SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(protocols.data()),
                                static_cast<unsigned>(protocols.size())) != 0)
      throw std::bad_alloc();

    if (options.verify) {
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
      if (options.ca_file.empty()) {
        require(SSL_CTX_set_default_verify_paths(context_) == 1, "the system's authorities");
      } else {
        require(SSL_CTX_load_verify_file(context_, options.ca_file.c_str()) == 1,
                quoted("tls.ca_file", options.ca_file));
      }
      X509_VERIFY_PARAM* const param = SSL_CTX_get0_param(context_);
      X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      require((address ? X509_VERIFY_PARAM_set1_ip_asc(param, server_name_.c_str())
                       : X509_VERIFY_PARAM_set1_host(param, server_name_.c_str(), 0)) == 1,
              quoted("tls.server_name", server_name_));
    }
    if (!options.certificate.empty()) {
      require(SSL_CTX_use_certificate_chain_file(context_, options.certificate.c_str()) == 1,
              quoted("tls.certificate", options.certificate));
      const std::string& key = options.key.empty() ? options.certificate : options.key;
      require(SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) == 1,
              quoted("tls.key", key));
    }
    SSL_CTX_set_session_cache_mode(context_,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    if (resume_) SSL_CTX_sess_set_new_cb(context_, &TlsClient::new_session);
    SSL_CTX_set_app_data(context_, this);
  } catch (...) {
    SSL_CTX_free(context_);
    BIO_meth_free(socket_method_);
    throw;
  }
  if (address) server_name_.clear();
}

TlsClient::~TlsClient() {
  SSL_SESSION_free(session_);
  SSL_CTX_free(context_);
  BIO_meth_free(socket_method_);
}

// The reference counted for us is kept.
int TlsClient::new_session(SSL* ssl, SSL_SESSION* session) {
  auto& self = *static_cast<TlsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  SSL_SESSION_free(self.session_);
  self.session_ = session;
  return 1;
}

SSL* TlsClient::start(TlsSocket& socket) {
  SSL* const ssl = SSL_new(context_);
  BIO* const bio = ssl != nullptr ? BIO_new(socket_method_) : nullptr;
  if (bio == nullptr) {
    SSL_free(ssl);
    ERR_clear_error();
    return nullptr;
  }
  socket.error = 0;
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  if (!server_name_.empty()) SSL_set_tlsext_host_name(ssl, server_name_.c_str());
  if (session_ != nullptr && SSL_SESSION_is_resumable(session_) == 1)
    SSL_set_session(ssl, session_);
  SSL_set_connect_state(ssl);
  ERR_clear_error();
  return ssl;
}

std::int64_t TlsClient::why(SSL* ssl, int said, const TlsSocket& socket) {
  std::int64_t code = 0;
  std::string text;
  switch (SSL_get_error(ssl, said)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      break;
    case SSL_ERROR_SYSCALL:
      code = socket.error != 0 ? socket.error : std::int64_t{tls_truncated};
      break;
    case SSL_ERROR_ZERO_RETURN:
      code = tls_truncated;  // before the handshake was over
      break;
    default: {
      const unsigned long error = ERR_peek_error();
      const int reason = ERR_GET_REASON(error);
      const long verified = SSL_get_verify_result(ssl);
      if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
        code = tls_certificate - verified;
        text = std::string("the target's certificate: ") + X509_verify_cert_error_string(verified);
      } else if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET) {
        code = tls_alert - (reason - SSL_AD_REASON_OFFSET);
        text = std::string("the target sent the alert '") +
               SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET) + "'";
      } else {
        code = tls_protocol;
        text = last_reason();
      }
    }
  }
  ERR_clear_error();
  if (!text.empty() && told_.size() < 64 && told_.insert(code).second)
    host_.warning("TLS: " + text + " (code " + std::to_string(code) + ")");
  return code;
}

}  // namespace http
