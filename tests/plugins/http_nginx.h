// SPDX-License-Identifier: Apache-2.0
// A real nginx with a prefix, a configuration and a port of its own. Shared by tests and benches.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

/// A port that was free a moment ago.
inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool ok = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!ok) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

/// One GET on a connection of its own; everything that came, or "" when nobody listens.
inline std::string fetch(std::uint16_t port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      char part[4096];
      for (ssize_t n = 0; (n = ::recv(fd, part, sizeof part, 0)) > 0;)
        answer.append(part, static_cast<std::size_t>(n));
    }
  }
  ::close(fd);
  return answer;
}

class Nginx {
 public:
  /// `server` goes into the server block, `http` before it. One process; on `cpu` alone unless that
  /// is negative.
  explicit Nginx(const std::string& server, int cpu = -1, const std::string& http = "")
      : cpu_(cpu) {
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = free_port();
      write_config(server, http);
      start();
      if (wait_until_up()) return;
      stop();
    }
    std::filesystem::remove_all(folder_);
    throw std::runtime_error("nginx does not start");
  }
  ~Nginx() {
    stop();
    std::filesystem::remove_all(folder_);
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// Requests nginx has counted, this one included.
  [[nodiscard]] std::uint64_t requests() const {
    const std::string answer = fetch(port_, "/stub_status");
    const std::size_t at = answer.find("requests\n");
    if (at == std::string::npos) throw std::runtime_error("no stub_status: " + answer);
    unsigned long long accepted = 0;
    unsigned long long handled = 0;
    unsigned long long requests = 0;
    if (std::sscanf(answer.c_str() + at + 9, "%llu %llu %llu", &accepted, &handled, &requests) != 3)
      throw std::runtime_error("odd stub_status: " + answer);
    return requests;
  }

  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void start() {
    const std::string program =
        std::filesystem::exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    if (cpu_ >= 0) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(static_cast<unsigned>(cpu_), &set);
      ::sched_setaffinity(0, sizeof set, &set);
    }
    const int log = ::open((folder_ / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, 2);
    ::execlp(program.c_str(), "nginx", "-p", folder_.c_str(), "-c",
             (folder_ / "nginx.conf").c_str(), "-e", (folder_ / "error.log").c_str(), nullptr);
    ::_exit(127);
  }

 private:
  static std::filesystem::path make_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ordeal-nginx.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    return pattern;
  }
  void write_config(const std::string& server, const std::string& http) const {
    std::ofstream out(folder_ / "nginx.conf");
    out << "daemon off;\nmaster_process off;\npid " << (folder_ / "pid").string()
        << ";\nworker_rlimit_nofile 16384;\nevents { worker_connections 12288; }\n"
        << "http {\n  access_log off;\n  keepalive_requests 100000000;\n  keepalive_timeout "
           "300s;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      out << "  " << kind << "_temp_path " << (folder_ / kind).string() << ";\n";
    out << http << "  server {\n    listen 127.0.0.1:" << port_ << " backlog=4096;\n"
        << "    location = /stub_status { stub_status; }\n"
        << server << "\n  }\n}\n";
  }
  bool wait_until_up() const {
    for (int i = 0; i < 500; ++i) {
      if (!fetch(port_, "/stub_status").empty()) return true;
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG | WNOWAIT) == pid_) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::filesystem::path folder_ = make_folder();
  int cpu_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

/// nginx with a second port, the one that is tested; on the first, plain one it is asked for its
/// counters.
class SecondPort {
 public:
  /// `on_listen`: more words for the port's listen directive, such as " ssl http2".
  SecondPort(const std::string& on_listen, const std::string& server)
      : port_(free_port()), nginx_("listen " + address() + on_listen + ";\n" + server) {}

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Requests nginx has counted, without the ones that ask.
  std::uint64_t requests() { return nginx_.requests() - ++asked_; }
  void stop() { nginx_.stop(); }

 private:
  std::uint16_t port_;
  Nginx nginx_;
  std::uint64_t asked_ = 0;
};
