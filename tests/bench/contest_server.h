// SPDX-License-Identifier: Apache-2.0
// The nginx that contenders meet: on core 1, plain or with TLS 1.3 under a certificate made for it.
#pragma once

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "plugins/http_certificates.h"
#include "plugins/http_nginx.h"

class ContestServer {
 public:
  /// `on_listen`: more words for the listen directive, such as "http2".
  ContestServer(bool tls, const std::string& on_listen) {
    const std::string address = "127.0.0.1:" + std::to_string(free_port());
    std::string server = "listen " + address + (tls ? " ssl " : " ") + on_listen +
                         " backlog=4096;\nlocation / { return 200 'hello, world'; }\n";
    std::string http;
    if (tls) {
      files_.emplace();
      files_->self_signed("bench", "IP:127.0.0.1");
      // One line for each connection, written at its first request.
      http =
          "map $connection_requests $is_first { 1 1; default 0; }\n"
          "log_format spoken '$http_user_agent: $ssl_protocol $ssl_cipher';\n";
      server +=
          "ssl_protocols TLSv1.3;\nssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;\n"
          "ssl_certificate " +
          files_->certificate("bench") + ";\nssl_certificate_key " + files_->key("bench") +
          ";\naccess_log " + log() + " spoken if=$is_first;\n";
    }
    nginx_ = std::make_unique<Nginx>(server, 1, http);
    url_ = (tls ? "https://" : "http://") + address;
  }

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::uint16_t port() const { return nginx_->port(); }
  /// Of the plugin's configuration: whom to trust, and that every connection makes a handshake of
  /// its own, as others' do. Empty without TLS.
  [[nodiscard]] std::string tls_config() const {
    if (!files_) return "";
    return R"("tls":{"resume":false,"ca_file":")" + files_->certificate("bench") + "\"}";
  }
  /// The same behind a comma.
  [[nodiscard]] std::string more_config() const { return files_ ? "," + tls_config() : ""; }
  /// Prints what was agreed on with whom, as nginx saw it. Throws when it is not the same for all:
  /// then the contest was none.
  void print_spoken() const {
    if (!files_) return;
    std::map<std::string, int> spoken;
    std::map<std::string, int> ciphers;
    std::ifstream in(log());
    for (std::string line; std::getline(in, line);) {
      const std::size_t colon = line.find(": ");
      const std::string cipher = line.substr(colon == std::string::npos ? 0 : colon + 2);
      if (cipher.starts_with("- ")) continue;  // the plain port, where nginx is asked how it is
      ++ciphers[cipher];
      ++spoken[line.starts_with("-:") ? "wrk" + line.substr(1) : line];  // it does not say its name
    }
    for (const auto& [line, n] : spoken) std::printf("%s (%d connections)\n", line.c_str(), n);
    if (ciphers.size() != 1) throw std::runtime_error("not all spoke the same cipher");
  }

 private:
  [[nodiscard]] std::string log() const { return files_->path("spoken.log"); }

  std::optional<Certificates> files_;
  std::unique_ptr<Nginx> nginx_;
  std::string url_;
};
