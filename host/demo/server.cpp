// SPDX-License-Identifier: Apache-2.0
#include "demo/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace ordeal::demo {
namespace {

enum : std::uint64_t { listener_id, signal_id, timer_id, first_connection_id };

std::uint64_t nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(duration.count());
}

timespec to_timespec(std::uint64_t ns) {
  timespec t{};
  t.tv_sec = static_cast<time_t>(ns / 1'000'000'000u);
  t.tv_nsec = static_cast<long>(ns % 1'000'000'000u);
  return t;
}

Error system_error(const std::string& doing) {
  return errno_error(ExitCode::preflight, doing, errno);
}

}  // namespace

Server::Server(const Options& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      started_ns_(clock.monotonic_ns()),
      ends_ns_(started_ns_ + nanoseconds(options.max_lifetime)),
      flaws_(options, started_ns_),
      next_id_(first_connection_id) {}

Result<void> Server::watch(int fd, std::uint64_t id) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return system_error("watching");
  return {};
}

Result<std::uint16_t> Server::listen() {
  const std::string address = "127.0.0.1:" + std::to_string(options_.port);
  listener_.reset(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener_) return system_error("opening a socket");
  const int on = 1;
  setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(options_.port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
    return system_error("binding " + address);
  if (::listen(listener_.get(), 4096) != 0) return system_error("listening on " + address);
  socklen_t size = sizeof name;
  if (getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    return system_error("reading the port of " + address);

  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return system_error("blocking signals");
  signals_.reset(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals_) return system_error("opening a signalfd");
  timer_.reset(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer_) return system_error("opening a timer");
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return system_error("opening an epoll");
  const std::array<std::pair<int, std::uint64_t>, 3> fixed = {
      {{listener_.get(), listener_id}, {signals_.get(), signal_id}, {timer_.get(), timer_id}}};
  for (const auto& [fd, id] : fixed)
    if (auto watched = watch(fd, id); !watched) return watched.error();
  return ntohs(name.sin_port);
}

Result<Server::Ended> Server::run() {
  std::array<epoll_event, 256> events{};
  for (;;) {
    arm_timer();
    const int n = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (n < 0 && errno != EINTR) return errno_error(ExitCode::internal, "epoll_wait", errno);
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      switch (event.data.u64) {
        case signal_id:
          return Ended::signal;
        case listener_id:
          accept_clients();
          break;
        case timer_id: {
          std::uint64_t expirations = 0;
          // Only to clear it: what is due is found by the clock.
          if (read(timer_.get(), &expirations, sizeof expirations) > 0) armed_ns_ = 0;
          break;
        }
        default:
          serve_events(event.data.u64, event.events);
      }
    }
    stall_if_due();
    const std::uint64_t now = clock_.monotonic_ns();
    if (now >= ends_ns_) return Ended::lifetime;
    complete_due(now);
  }
}

void Server::arm_timer() {
  std::uint64_t due = ends_ns_;
  if (!busy_.empty()) due = std::min(due, busy_.front().done_ns);
  if (const auto stall = flaws_.next_stall_ns()) due = std::min(due, *stall);
  if (due == armed_ns_) return;
  itimerspec spec{};
  spec.it_value = to_timespec(std::max<std::uint64_t>(due, 1));
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  armed_ns_ = due;
}

void Server::accept_clients() {
  for (int i = 0; i < 64; ++i) {
    UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      // Out of descriptors: the clients stay in the backlog until one of ours is closed.
      if ((errno == EMFILE || errno == ENFILE) && !connections_.empty()) {
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
        accepting_ = false;
      }
      return;
    }
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::uint64_t id = next_id_++;
    if (!watch(fd.get(), id)) return;
    ++accepted_;
    auto connection = std::make_unique<Connection>(std::move(fd));
    connection->interest = EPOLLIN;
    connections_.emplace(id, std::move(connection));
  }
}

void Server::serve_events(std::uint64_t id, std::uint32_t events) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
    close(id);
    return;
  }
  if ((events & EPOLLIN) != 0) read_from(connection);
  advance(id, connection);
}

void Server::read_from(Connection& connection) {
  std::array<char, 16 * 1024> bytes;
  const ssize_t n = recv(connection.fd(), bytes.data(), bytes.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    connection.end_input();
    return;
  }
  const std::size_t before = connection.requests().size();
  connection.feed({bytes.data(), static_cast<std::size_t>(n)});
  const auto& requests = connection.requests();
  for (std::size_t i = before; i < requests.size(); ++i) {
    if (requests[i].kind == Request::Kind::bad) ++bad_requests_;
    if (requests[i].kind != Request::Kind::status) ++requests_;
  }
}

void Server::advance(std::uint64_t id, Connection& connection) {
  while (!connection.in_service && !connection.requests().empty()) {
    if (connection.requests().front().kind == Request::Kind::work) {
      connection.in_service = true;
      queued_.push_back(id);
      fill_service();
    } else {
      answer(connection);
    }
  }
  if (!connection.flush() || connection.finished()) {
    close(id);
    return;
  }
  const std::uint32_t interest =
      (connection.wants_input() ? EPOLLIN : 0u) | (connection.has_output() ? EPOLLOUT : 0u);
  if (interest == connection.interest) return;
  epoll_event event{};
  event.events = interest;
  event.data.u64 = id;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd(), &event) != 0) {
    close(id);
    return;
  }
  connection.interest = interest;
}

void Server::fill_service() {
  while (!queued_.empty() && flaws_.may_serve(busy_.size())) {
    const std::uint64_t id = queued_.front();
    queued_.pop_front();
    if (!connections_.contains(id)) continue;
    busy_.push_back({id, clock_.monotonic_ns() + nanoseconds(options_.service_time)});
  }
}

void Server::complete_due(std::uint64_t now_ns) {
  while (!busy_.empty() && busy_.front().done_ns <= now_ns) {
    const std::uint64_t id = busy_.front().connection;
    busy_.pop_front();
    fill_service();
    // The client may have left; the work was done all the same.
    flaws_.request_served();
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    found->second->in_service = false;
    answer(*found->second);
    advance(id, *found->second);
  }
}

void Server::stall_if_due() {
  const std::uint64_t length = flaws_.take_stall(clock_.monotonic_ns());
  if (length == 0) return;
  // Blocks everything except the order to end.
  pollfd fd{signals_.get(), POLLIN, 0};
  const timespec timeout = to_timespec(length);
  ppoll(&fd, 1, &timeout, nullptr);
}

void Server::answer(Connection& connection) {
  constexpr std::string_view text = "text/plain; charset=utf-8";
  switch (connection.requests().front().kind) {
    case Request::Kind::work:
      ++answered_;
      connection.answer(200, "OK", text, "hello from ordeal-demo-target\n");
      break;
    case Request::Kind::status:
      connection.answer(200, "OK", "application/json", status());
      break;
    case Request::Kind::not_found:
      connection.answer(404, "Not Found", text, "not found; there are / and /status\n");
      break;
    case Request::Kind::not_allowed:
      connection.answer(405, "Method Not Allowed", text, "GET and POST / and GET /status only\n");
      break;
    case Request::Kind::bad:
      connection.answer(400, "Bad Request", text, "bad request\n");
      break;
  }
}

void Server::close(std::uint64_t id) {
  connections_.erase(id);
  if (!accepting_ && watch(listener_.get(), listener_id)) accepting_ = true;
}

std::string Server::status() const {
  const auto field = [](const char* name, std::uint64_t value) {
    return "\"" + std::string(name) + "\":" + std::to_string(value);
  };
  return "{" + field("requests", requests_) + "," + field("answered", answered_) + "," +
         field("bad_requests", bad_requests_) + "," + field("connections", connections_.size()) +
         "," + field("connections_accepted", accepted_) + "," + field("in_service", busy_.size()) +
         "," + field("queued", queued_.size()) + "," +
         field("leaked_bytes", flaws_.leaked_bytes()) + "," + field("stalls", flaws_.stalls()) +
         "," + field("uptime_ms", (clock_.monotonic_ns() - started_ns_) / 1'000'000u) + "}\n";
}

}  // namespace ordeal::demo
