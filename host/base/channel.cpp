// SPDX-License-Identifier: Apache-2.0
#include "base/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/frame.h"

namespace ordeal {

namespace {

constexpr std::size_t max_fds = 8;
// What a peer gone mad may make us hold.
constexpr std::size_t max_message = 256u * 1024 * 1024;
constexpr std::size_t max_partial = 16;

Error closed() {
  Error error;
  error.what = "closed";
  return error;
}

Error broken(std::string what) {
  Error error;
  error.what = std::move(what);
  return error;
}

}  // namespace

Channel::Channel(UniqueFd fd) : fd_(std::move(fd)) {
  if (fd_) ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
}

Result<std::pair<Channel, Channel>> Channel::pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
    return errno_error(ExitCode::internal, "making a socket pair", errno);
  const int size = 1 << 20;
  for (const int fd : fds) {
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  return std::pair{Channel(UniqueFd(fds[0])), Channel(UniqueFd(fds[1]))};
}

Result<void> Channel::want_credentials() {
  const int on = 1;
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return errno_error(ExitCode::internal, "asking for credentials", errno);
  return {};
}

bool Channel::send_frame(std::span<const std::byte> frame, std::span<const int> fds, int& error) {
  iovec part{const_cast<std::byte*>(frame.data()), frame.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(max_fds * sizeof(int))> control{};
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
    if (::sendmsg(fd_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    if (errno == EINTR) continue;
    error = errno;
    return false;
  }
}

Result<void> Channel::send(std::uint16_t type, std::span<const std::byte> payload,
                           std::span<const int> fds) {
  if (!fd_) return closed();
  if (fds.size() > max_fds) {
    Error error;
    error.what = "too many descriptors for one message";
    return error;
  }
  FrameHeader header;
  header.type = type;
  header.message = next_message_++;
  do {
    const std::size_t size = std::min(payload.size(), frame_payload_max);
    header.more = size < payload.size() ? 1 : 0;
    std::vector<std::byte> frame(sizeof header + size);
    std::memcpy(frame.data(), &header, sizeof header);
    if (size != 0) std::memcpy(frame.data() + sizeof header, payload.data(), size);
    int error = 0;
    if (!queue_.empty() || !send_frame(frame, fds, error)) {
      if (queue_.empty() && error != EAGAIN && error != ENOBUFS) {
        if (error == EPIPE || error == ECONNRESET) return closed();
        return errno_error(ExitCode::internal, "sending a frame", error);
      }
      Outgoing waiting{std::move(frame), {}};
      for (const int fd : fds) waiting.fds.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
      queued_bytes_ += waiting.frame.size();
      queue_.push_back(std::move(waiting));
    }
    fds = {};
    payload = payload.subspan(size);
    ++header.chunk;
  } while (!payload.empty());
  return {};
}

Result<void> Channel::flush() {
  while (!queue_.empty()) {
    auto& first = queue_.front();
    std::array<int, max_fds> fds{};
    for (std::size_t i = 0; i < first.fds.size(); ++i) fds[i] = first.fds[i].get();
    int error = 0;
    if (!send_frame(first.frame, std::span(fds).first(first.fds.size()), error)) {
      if (error == EAGAIN || error == ENOBUFS) return {};
      if (error == EPIPE || error == ECONNRESET) return closed();
      return errno_error(ExitCode::internal, "sending a frame", error);
    }
    queued_bytes_ -= first.frame.size();
    queue_.pop_front();
  }
  return {};
}

Result<std::optional<Message>> Channel::receive() {
  for (;;) {
    if (!fd_) return closed();
    if (buffer_.empty()) buffer_.resize(frame_max);
    iovec part{buffer_.data(), buffer_.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(max_fds * sizeof(int)) + CMSG_SPACE(sizeof(ucred))>
        control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t n = ::recvmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) {
      // A peer that died with something unread resets us once; what it sent before is still to
      // come.
      if (errno == EINTR || errno == ECONNRESET) continue;
      if (errno == EAGAIN) return std::optional<Message>();
      return errno_error(ExitCode::internal, "receiving a frame", errno);
    }
    std::vector<UniqueFd> fds;
    int sender = 0;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET) continue;
      if (c->cmsg_type == SCM_RIGHTS) {
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
          int fd = -1;
          std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
          fds.emplace_back(fd);
        }
      } else if (c->cmsg_type == SCM_CREDENTIALS) {
        ucred credentials{};
        std::memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
        sender = credentials.pid;
      }
    }
    if (n == 0) return closed();
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
      return broken("a packet that did not arrive whole");
    FrameHeader frame;
    if (static_cast<std::size_t>(n) < sizeof frame)
      return broken("a packet too short to be a frame");
    std::memcpy(&frame, buffer_.data(), sizeof frame);
    if (frame.magic != frame_magic || frame.version != frame_version)
      return broken("a packet that is not a frame of version " + std::to_string(frame_version));
    auto& partial = partial_[frame.message];
    auto& message = partial.message;
    if (frame.chunk != partial.next_chunk || (frame.chunk != 0 && frame.type != message.type))
      return broken("a frame that does not continue its message");
    ++partial.next_chunk;
    const std::size_t size = static_cast<std::size_t>(n) - sizeof frame;
    partial_bytes_ += size;
    if (partial_bytes_ > max_message || partial_.size() > max_partial ||
        message.fds.size() + fds.size() > max_fds)
      return broken("more than a message may hold");
    message.type = frame.type;
    message.sender_pid = sender;
    const auto start = buffer_.begin() + sizeof frame;
    message.payload.insert(message.payload.end(), start, start + static_cast<std::ptrdiff_t>(size));
    for (auto& fd : fds) message.fds.push_back(std::move(fd));
    if (frame.more != 0) continue;
    Message whole = std::move(message);
    partial_bytes_ -= whole.payload.size();
    partial_.erase(frame.message);
    return std::optional<Message>(std::move(whole));
  }
}

Result<std::optional<Message>> Channel::receive_for(int timeout_ms) {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    auto flushed = flush();
    // A peer that takes nothing more may have sent something first.
    auto message = receive();
    if (!message || message->has_value()) return message;
    if (!flushed) return std::move(flushed).error();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now()).count();
    if (left < 0) return std::optional<Message>();
    pollfd p{fd_.get(), static_cast<short>(POLLIN | (pending() ? POLLOUT : 0)), 0};
    ::poll(&p, 1, static_cast<int>(left));
    if (left == 0) return receive();
  }
}

}  // namespace ordeal
