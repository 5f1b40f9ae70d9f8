// SPDX-License-Identifier: Apache-2.0
// What io_uring could give an HTTP/1.1 load generator: one thread, multishot receives into provided
// buffers, sends queued and submitted together with the wait, nothing recorded. To be measured
// beside a bare epoll loop and the whole engine: http_vs_wrk --bare bare_uring_http.
//   bare_uring_http PORT CONNECTIONS SECONDS
// Prints {"requests":N}.
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
constexpr unsigned buffers = 512;
constexpr unsigned buffer_size = 4096;
constexpr int group = 1;
constexpr std::uint64_t sent = UINT64_MAX;  // user data of sends

std::uint64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}

io_uring_sqe* entry(io_uring& ring) {
  io_uring_sqe* sqe = ::io_uring_get_sqe(&ring);
  while (sqe == nullptr) {
    ::io_uring_submit(&ring);
    sqe = ::io_uring_get_sqe(&ring);
  }
  return sqe;
}

void receive(io_uring& ring, int fd, std::uint64_t connection) {
  io_uring_sqe* sqe = entry(ring);
  ::io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = group;
  ::io_uring_sqe_set_data64(sqe, connection);
}

void send_request(io_uring& ring, int fd) {
  io_uring_sqe* sqe = entry(ring);
  ::io_uring_prep_send(sqe, fd, request, sizeof request - 1, MSG_NOSIGNAL);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  ::io_uring_sqe_set_data64(sqe, sent);
}

bool is_whole(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return false;
  const std::size_t length = bytes.find("Content-Length: ");
  if (length == std::string_view::npos || length > head) return false;
  return bytes.size() >= head + 4 + std::strtoul(bytes.data() + length + 16, nullptr, 10);
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s PORT CONNECTIONS SECONDS\n", argv[0]);
    return 2;
  }
  io_uring ring{};
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  if (::io_uring_queue_init_params(1024, &ring, &parameters) < 0) fail("io_uring");
  std::vector<char> memory(std::size_t{buffers} * buffer_size);
  int error = 0;
  io_uring_buf_ring* pool = nullptr;
  {
    void* pages = nullptr;
    if (::posix_memalign(&pages, 4096, sizeof(io_uring_buf) * buffers) != 0) fail("memory");
    pool = static_cast<io_uring_buf_ring*>(pages);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(pool);
    registration.ring_entries = buffers;
    registration.bgid = group;
    error = ::io_uring_register_buf_ring(&ring, &registration, 0);
  }
  if (error != 0) fail("io_uring_register_buf_ring");
  ::io_uring_buf_ring_init(pool);
  const int mask = ::io_uring_buf_ring_mask(buffers);
  for (unsigned i = 0; i < buffers; ++i)
    ::io_uring_buf_ring_add(pool, memory.data() + std::size_t{i} * buffer_size, buffer_size,
                            static_cast<unsigned short>(i), mask, static_cast<int>(i));
  ::io_uring_buf_ring_advance(pool, buffers);

  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  ::inet_pton(AF_INET, "127.0.0.1", &target.sin_addr);
  std::vector<int> connections(static_cast<std::size_t>(std::atoi(argv[2])));
  for (std::size_t i = 0; i < connections.size(); ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[i] = fd;
    receive(ring, fd, i);
    send_request(ring, fd);
  }
  const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(std::atof(argv[3]) * 1e9);
  unsigned long long done = 0;
  while (now_ns() < end) {
    io_uring_cqe* first = nullptr;
    __kernel_timespec patience{0, 100'000'000};
    ::io_uring_submit_and_wait_timeout(&ring, &first, 1, &patience, nullptr);
    unsigned head = 0;
    unsigned seen = 0;
    int freed = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring, head, cqe) {
      ++seen;
      if (cqe->user_data == sent) fail("send");
      const int fd = connections[cqe->user_data];
      if (cqe->res == -ENOBUFS) {
        receive(ring, fd, cqe->user_data);
        continue;
      }
      if (cqe->res <= 0) fail("connection lost");
      const unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
      char* const data = memory.data() + std::size_t{id} * buffer_size;
      // The bench's response is small: it comes in one piece.
      if (!is_whole({data, static_cast<std::size_t>(cqe->res)})) fail("a response in pieces");
      ::io_uring_buf_ring_add(pool, data, buffer_size, static_cast<unsigned short>(id), mask,
                              freed++);
      ++done;
      if ((cqe->flags & IORING_CQE_F_MORE) == 0) receive(ring, fd, cqe->user_data);
      send_request(ring, fd);
    }
    ::io_uring_buf_ring_advance(pool, freed);
    ::io_uring_cq_advance(&ring, seen);
  }
  std::printf("{\"requests\":%llu}\n", done);
  return 0;
}
