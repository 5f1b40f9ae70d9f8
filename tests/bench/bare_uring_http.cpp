// SPDX-License-Identifier: Apache-2.0
// What io_uring could give an HTTP/1.1 load generator: one thread, a histogram, nothing else. Built
// twice, to be measured beside a bare epoll loop and the whole engine:
//   http_vs_wrk --bare bare_epoll_http --bare bare_uring_http --bare bare_uring_poll_http
// bare_uring_http: multishot receives into provided buffers, sends queued and submitted together
// with the wait. No scenario could use it today: plugins send and receive themselves.
// bare_uring_poll_http: as a reactor under today's contract could: readiness by multishot polls
// instead of epoll, and the system calls of everybody else for the rest.
//   bare_uring_http PORT CONNECTIONS SECONDS
// Prints {"requests":N}.
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

#ifdef BENCH_POLL_ONLY
constexpr bool poll_only = true;
#else
constexpr bool poll_only = false;
#endif

constexpr char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
constexpr unsigned buffers = 512;
constexpr unsigned buffer_size = 4096;
constexpr int group = 1;
constexpr std::uint64_t sent = UINT64_MAX;  // user data of sends

struct Connection {
  int fd = -1;
  std::uint64_t started_ns = 0;
};

std::uint64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

// The same work as the bare epoll loop's.
std::uint64_t histogram[64 * 128];
void record(std::uint64_t ns) {
  const int shift = 57 - std::countl_zero(ns | 127);
  ++histogram[shift * 128 + static_cast<int>((ns >> shift) & 127)];
}

class Ring {
 public:
  Ring() {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    if (::io_uring_queue_init_params(1024, &ring_, &parameters) < 0) fail("io_uring");
    if (poll_only) return;
    void* pages = nullptr;
    if (::posix_memalign(&pages, 4096, sizeof(io_uring_buf) * buffers) != 0) fail("memory");
    pool_ = static_cast<io_uring_buf_ring*>(pages);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(pool_);
    registration.ring_entries = buffers;
    registration.bgid = group;
    if (::io_uring_register_buf_ring(&ring_, &registration, 0) != 0)
      fail("io_uring_register_buf_ring");
    ::io_uring_buf_ring_init(pool_);
    for (unsigned i = 0; i < buffers; ++i) give_back(i, static_cast<int>(i));
    ::io_uring_buf_ring_advance(pool_, buffers);
  }

  void expect(int fd, std::uint64_t connection) {
    io_uring_sqe* sqe = entry();
    if (poll_only) {
      ::io_uring_prep_poll_multishot(sqe, fd, POLLIN);
    } else {
      ::io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
      sqe->flags |= IOSQE_BUFFER_SELECT;
      sqe->buf_group = group;
    }
    ::io_uring_sqe_set_data64(sqe, connection);
  }
  void send_request(Connection& c) {
    c.started_ns = now_ns();
    if (poll_only) {
      if (::send(c.fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1)
        fail("send");
      return;
    }
    io_uring_sqe* sqe = entry();
    ::io_uring_prep_send(sqe, c.fd, request, sizeof request - 1, MSG_NOSIGNAL);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    ::io_uring_sqe_set_data64(sqe, sent);
  }
  // What has come with `cqe`, or nothing when there was no buffer for it.
  std::string_view received(const io_uring_cqe& cqe, const Connection& c) {
    if (poll_only) {
      const ssize_t n = ::recv(c.fd, memory_.data(), buffer_size, 0);
      if (n <= 0) fail("connection lost");
      return {memory_.data(), static_cast<std::size_t>(n)};
    }
    if (cqe.res == -ENOBUFS) return {};
    if (cqe.res <= 0) fail("connection lost");
    const unsigned id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
    give_back(id, freed_++);
    return {memory_.data() + std::size_t{id} * buffer_size, static_cast<std::size_t>(cqe.res)};
  }
  template <typename Fn>
  void wait(Fn each) {
    io_uring_cqe* first = nullptr;
    __kernel_timespec patience{0, 100'000'000};
    ::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &patience, nullptr);
    unsigned head = 0;
    unsigned seen = 0;
    freed_ = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++seen;
      each(*cqe);
    }
    if (freed_ > 0) ::io_uring_buf_ring_advance(pool_, freed_);
    ::io_uring_cq_advance(&ring_, seen);
  }

 private:
  io_uring_sqe* entry() {
    io_uring_sqe* sqe = ::io_uring_get_sqe(&ring_);
    while (sqe == nullptr) {
      ::io_uring_submit(&ring_);
      sqe = ::io_uring_get_sqe(&ring_);
    }
    return sqe;
  }
  // The kernel sees it only with io_uring_buf_ring_advance, after it was read.
  void give_back(unsigned id, int offset) {
    ::io_uring_buf_ring_add(pool_, memory_.data() + std::size_t{id} * buffer_size, buffer_size,
                            static_cast<unsigned short>(id), ::io_uring_buf_ring_mask(buffers),
                            offset);
  }

  io_uring ring_{};
  io_uring_buf_ring* pool_ = nullptr;
  std::vector<char> memory_ = std::vector<char>(std::size_t{buffers} * buffer_size);
  int freed_ = 0;
};

// The bench's response is small: it comes in one piece.
bool is_whole(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return false;
  const std::size_t length = bytes.find("Content-Length: ");
  if (length == std::string_view::npos || length > head) return false;
  return bytes.size() >= head + 4 + std::strtoul(bytes.data() + length + 16, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s PORT CONNECTIONS SECONDS\n", argv[0]);
    return 2;
  }
  Ring ring;
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  ::inet_pton(AF_INET, "127.0.0.1", &target.sin_addr);
  std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(argv[2])));
  for (std::size_t i = 0; i < connections.size(); ++i) {
    Connection& c = connections[i];
    c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(c.fd, reinterpret_cast<sockaddr*>(&target), sizeof target) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ring.expect(c.fd, i);
    ring.send_request(c);
  }
  const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(std::atof(argv[3]) * 1e9);
  unsigned long long done = 0;
  while (now_ns() < end) {
    ring.wait([&](const io_uring_cqe& cqe) {
      if (cqe.user_data == sent) fail("send");
      Connection& c = connections[cqe.user_data];
      const std::string_view bytes = ring.received(cqe, c);
      if ((cqe.flags & IORING_CQE_F_MORE) == 0) ring.expect(c.fd, cqe.user_data);
      if (bytes.empty()) return;
      if (!is_whole(bytes)) fail("a response in pieces");
      record(now_ns() - c.started_ns);
      ++done;
      ring.send_request(c);
    });
  }
  std::printf("{\"requests\":%llu}\n", done);
  return 0;
}
