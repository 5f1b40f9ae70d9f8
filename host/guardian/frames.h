// SPDX-License-Identifier: Apache-2.0
// Frames over fixed buffers, for the processes that do not allocate: guardian and inits. The other
// end uses base/channel.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/frame.h"
#include "base/protocol/guard.h"

namespace ordeal {

inline constexpr std::size_t frame_fds_max = 8;

/// One frame as it arrived. The payload lies in the buffer given to receive_frame.
struct IncomingFrame {
  GuardMessage type{};
  bool first = true;  // chunk 0
  bool more = false;  // further chunks follow: longer than these processes take
  std::span<const std::byte> payload;
  std::array<int, frame_fds_max> fds{};
  std::size_t n_fds = 0;

  void close_fds() noexcept;
};

enum class Received { frame, nothing, closed };

/// Takes one frame without waiting. What is not a frame counts as closed: the peer is not one of
/// ours. Descriptors that arrive are close-on-exec and the caller's. `buffer` holds frame_max
/// bytes.
Received receive_frame(int fd, std::span<std::byte> buffer, IncomingFrame& frame) noexcept;

/// A frame being written, at most 1 KiB.
class OutgoingFrame {
 public:
  explicit OutgoingFrame(GuardMessage type) noexcept {
    FrameHeader header;
    header.type = static_cast<std::uint16_t>(type);
    raw(&header, sizeof header);
  }
  OutgoingFrame& u32(std::uint32_t v) noexcept { return raw(&v, sizeof v); }
  OutgoingFrame& u64(std::uint64_t v) noexcept { return raw(&v, sizeof v); }
  OutgoingFrame& i32(std::int32_t v) noexcept { return raw(&v, sizeof v); }
  /// Cut off to what fits.
  OutgoingFrame& text(std::string_view v) noexcept {
    if (v.size() > 512) v = v.substr(0, 512);
    return u32(static_cast<std::uint32_t>(v.size())).raw(v.data(), v.size());
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return std::span(bytes_).first(size_);
  }

 private:
  OutgoingFrame& raw(const void* data, std::size_t size) noexcept {
    if (size <= bytes_.size() - size_) {
      std::memcpy(bytes_.data() + size_, data, size);
      size_ += size;
    }
    return *this;
  }
  std::array<std::byte, 1024> bytes_;
  std::size_t size_ = 0;
};

/// Sends without waiting. 0 or errno (EAGAIN: the peer does not read; EPIPE: it is gone).
int send_frame(int fd, std::span<const std::byte> frame, std::span<const int> fds = {}) noexcept;

/// Two connected SOCK_SEQPACKET ends, close-on-exec and non-blocking. 0 or errno.
int make_channel(std::array<int, 2>& ends) noexcept;

}  // namespace ordeal
