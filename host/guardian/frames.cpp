// SPDX-License-Identifier: Apache-2.0
#include "guardian/frames.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ordeal {

void IncomingFrame::close_fds() noexcept {
  for (std::size_t i = 0; i < n_fds; ++i)
    if (fds[i] >= 0) ::close(fds[i]);
  n_fds = 0;
}

Received receive_frame(int fd, std::span<std::byte> buffer, IncomingFrame& frame) noexcept {
  frame = {};
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(frame_fds_max * sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return errno == EAGAIN ? Received::nothing : Received::closed;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count && frame.n_fds < frame_fds_max; ++i)
      std::memcpy(&frame.fds[frame.n_fds++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
  }
  FrameHeader start;
  if (n < static_cast<ssize_t>(sizeof start)) {
    frame.close_fds();
    return Received::closed;
  }
  std::memcpy(&start, buffer.data(), sizeof start);
  if (start.magic != frame_magic || start.version != frame_version) {
    frame.close_fds();
    return Received::closed;
  }
  frame.type = static_cast<GuardMessage>(start.type);
  frame.first = start.chunk == 0;
  frame.more = start.more != 0;
  frame.payload = buffer.subspan(sizeof start, static_cast<std::size_t>(n) - sizeof start);
  return Received::frame;
}

int send_frame(int fd, std::span<const std::byte> frame, std::span<const int> fds) noexcept {
  iovec part{const_cast<std::byte*>(frame.data()), frame.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(frame_fds_max * sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
  }
  for (;;) {
    if (::sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

int make_channel(std::array<int, 2>& ends) noexcept {
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return errno;
  const int size = 1 << 20;
  for (const int fd : ends) {
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  return 0;
}

}  // namespace ordeal
