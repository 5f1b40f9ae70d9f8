// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ordeal {

/// One whole message, put together from its frames.
struct Message {
  std::uint16_t type = 0;
  std::vector<std::byte> payload;
  std::vector<UniqueFd> fds;  // in the order sent
  int sender_pid = 0;         // in our PID namespace, by SCM_CREDENTIALS; 0 if not asked for
};

/// A SOCK_SEQPACKET end that carries messages. Owns its descriptor, which it makes non-blocking.
/// One thread at a time.
class Channel {
 public:
  Channel() = default;
  explicit Channel(UniqueFd fd);

  /// Two connected ends, close-on-exec. Error: internal (errno).
  static Result<std::pair<Channel, Channel>> pair();

  /// Queues a message and sends what the socket takes now. `fds` are borrowed for the call (they
  /// are duplicated if the frame has to wait). Error: internal when the peer is gone.
  Result<void> send(std::uint16_t type, std::span<const std::byte> payload,
                    std::span<const int> fds = {});

  /// Sends what is still queued. Call when the descriptor is writable.
  Result<void> flush();
  /// Whether frames are waiting for the socket.
  [[nodiscard]] bool pending() const { return !queue_.empty(); }
  /// Bytes waiting for the socket.
  [[nodiscard]] std::size_t pending_bytes() const { return queued_bytes_; }

  /// Takes one whole message if there is one. nullopt: nothing complete yet. Error: the peer is
  /// gone (what == "closed"), or sent what is not a frame or not the next part of a message, or
  /// descriptors were lost (our limit is reached): then give the channel up.
  Result<std::optional<Message>> receive();

  /// Waits up to `timeout_ms` for a whole message (sends what is queued meanwhile).
  Result<std::optional<Message>> receive_for(int timeout_ms);

  /// Asks the kernel for the sender's pid with every message.
  Result<void> want_credentials();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] UniqueFd take_fd() { return std::move(fd_); }
  explicit operator bool() const { return static_cast<bool>(fd_); }

 private:
  struct Outgoing {
    std::vector<std::byte> frame;
    std::vector<UniqueFd> fds;
  };
  struct Partial {
    Message message;
    std::uint32_t next_chunk = 0;
  };
  bool send_frame(std::span<const std::byte> frame, std::span<const int> fds, int& error);

  UniqueFd fd_;
  std::deque<Outgoing> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint32_t next_message_ = 1;
  std::vector<std::byte> buffer_;  // of one frame; made when first receiving
  std::map<std::uint32_t, Partial> partial_;
  std::size_t partial_bytes_ = 0;
};

}  // namespace ordeal
