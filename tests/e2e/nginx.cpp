// SPDX-License-Identifier: Apache-2.0
#include "e2e/nginx.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace ordeal::testing {

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

std::string http_get(int port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    static_cast<void>(::send(fd, request.data(), request.size(), MSG_NOSIGNAL));
    char buffer[4096];
    for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  const auto body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "" : answer.substr(body + 4);
}

Nginx::Nginx(const std::string& folder, int failing_percent, const std::string& more)
    : port_(free_port()) {
  const std::string root = folder + "/nginx";
  std::filesystem::create_directories(root + "/logs");
  spill(root + "/index.html", "hello from nginx\n");
  // Workers run as nobody when we are root; the page must be readable for them.
  std::filesystem::permissions(
      folder, std::filesystem::perms::others_exec | std::filesystem::perms::group_exec,
      std::filesystem::perm_options::add);
  spill(root + "/nginx.conf",
        "daemon off;\nworker_processes 1;\npid " + root + "/nginx.pid;\nerror_log " + root +
            "/error.log;\nevents { worker_connections 4096; }\nhttp {\n  access_log off;\n"
            "  keepalive_requests 100000000;\n  client_body_temp_path " +
            root + "/body;\n  proxy_temp_path " + root + "/proxy;\n  fastcgi_temp_path " + root +
            "/fastcgi;\n  uwsgi_temp_path " + root + "/uwsgi;\n  scgi_temp_path " + root +
            "/scgi;\n  split_clients \"$request_id\" $fails { " +
            (failing_percent > 0 ? std::to_string(failing_percent) + "% yes; " : std::string()) +
            "* no; }\n  server {\n    listen 127.0.0.1:" + std::to_string(port_) +
            ";\n    location = /ordeal_status { stub_status; }\n    location / {\n      root " +
            root + ";\n      if ($fails = yes) { return 503; }\n    }\n  }\n" + more + "}\n");
  program_ = std::make_unique<Program>(
      std::vector<std::string>{"nginx", "-p", root, "-c", root + "/nginx.conf"},
      std::map<std::string, std::string>{}, folder, "nginx");
  const auto answers = [&] {
    if (!contains(http_get(port_, "/ordeal_status"), "Active connections")) return false;
    ++own_reads_;  // reads before nginx was up never reached it
    return true;
  };
  if (!eventually(answers, 10)) throw std::runtime_error("nginx: " + program_->err());
}

Nginx::~Nginx() { stop(); }

void Nginx::stop() {
  if (!program_) return;
  program_->signal(SIGTERM);
  program_->wait(5);
  program_.reset();
}

void Nginx::signal_worker(int number) const {
  const std::string pid = std::to_string(program_->pid());
  const pid_t worker = std::atoi(slurp("/proc/" + pid + "/task/" + pid + "/children").c_str());
  if (worker <= 0 || ::kill(worker, number) != 0) throw std::runtime_error("nginx has no worker");
}
void Nginx::pause() const { signal_worker(SIGSTOP); }
void Nginx::resume() const { signal_worker(SIGCONT); }
void Nginx::replace_worker() const { signal_worker(SIGKILL); }

std::uint64_t Nginx::requests() {
  // server accepts handled requests\n A B C
  const std::string status = http_get(port_, "/ordeal_status");
  ++own_reads_;
  const auto line = status.find("requests");
  if (line == std::string::npos) throw std::runtime_error("nginx gave no status");
  const auto a = status.find_first_of("0123456789", line);
  const auto b = status.find_first_of("0123456789", status.find(' ', a));
  const auto c = status.find_first_of("0123456789", status.find(' ', b));
  return std::stoull(status.substr(c)) - own_reads_;
}

}  // namespace ordeal::testing
