// SPDX-License-Identifier: Apache-2.0
// Certificates for one test, made by the openssl program in a folder of their own.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

/// An authority, and what it has signed. Every file is PEM.
class Certificates {
 public:
  Certificates() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ordeal-tls.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = pattern;
    self_signed("ca", "");
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  [[nodiscard]] std::string certificate(const std::string& name) const {
    return (folder_ / (name + ".pem")).string();
  }
  [[nodiscard]] std::string key(const std::string& name) const {
    return (folder_ / (name + ".key")).string();
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string authority() const { return certificate("ca"); }

  /// `names` as subjectAltName has them: "IP:127.0.0.1,DNS:a.test"; "": none.
  void self_signed(const std::string& name, const std::string& names) const {
    run("req -x509 -days 2 " + request(name, names) + " -out " + certificate(name));
  }
  /// By the authority, or by another issuer. With negative days it has expired.
  void issued(const std::string& name, const std::string& names, int days = 2,
              const std::string& issuer = "ca") const {
    const std::string csr = path(name + ".csr");
    run("req " + request(name, names) + " -out " + csr);
    run("x509 -req -copy_extensions copy -set_serial 7 -days " + std::to_string(days) + " -CA " +
        certificate(issuer) + " -CAkey " + key(issuer) + " -in " + csr + " -out " +
        certificate(name));
  }
  /// By the authority; valid from the year 2099 on.
  void issued_for_later(const std::string& name, const std::string& names) const {
    const std::string csr = path(name + ".csr");
    run("req " + request(name, names) + " -out " + csr);
    std::ofstream(path("index.txt"));
    std::ofstream(path("ca.conf"))
        << "[ca]\ndefault_ca=this\n[this]\ndatabase=" << path("index.txt")
        << "\nnew_certs_dir=" << folder_.string()
        << "\ndefault_md=sha256\npolicy=policy\nrand_serial=yes\n"
           "copy_extensions=copy\n[policy]\ncommonName=supplied\n";
    run("ca -batch -config " + path("ca.conf") + " -startdate 20990101000000Z -enddate " +
        "20990201000000Z -cert " + authority() + " -keyfile " + key("ca") + " -in " + csr +
        " -out " + certificate(name) + " -notext");
  }
  /// Puts the authority behind the certificate, in its file.
  void append_authority(const std::string& name) const {
    std::ofstream(certificate(name), std::ios::app) << std::ifstream(authority()).rdbuf();
  }

 private:
  [[nodiscard]] std::string request(const std::string& name, const std::string& names) const {
    return "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
           (names.empty() ? "" : " -addext subjectAltName=" + names) + " -keyout " + key(name);
  }
  void run(const std::string& arguments) const {
    const std::string log = path("log");
    if (std::system(("openssl " + arguments + " >" + log + " 2>&1").c_str()) == 0) return;
    std::string said;
    std::getline(std::ifstream(log), said, '\0');
    throw std::runtime_error("openssl " + arguments + ": " + said);
  }

  std::filesystem::path folder_;
};

/// What nginx needs in its server block to show the certificate of this name.
inline std::string nginx_shows(const Certificates& files, const std::string& name) {
  return "ssl_certificate " + files.certificate(name) + ";\nssl_certificate_key " +
         files.key(name) + ";\n";
}
