// SPDX-License-Identifier: Apache-2.0
// The frame every message between ordeal's processes travels in, one per SOCK_SEQPACKET packet.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ordeal {

inline constexpr std::uint32_t frame_magic = 0x4c44524f;  // "ORDL"
inline constexpr std::uint16_t frame_version = 1;
inline constexpr std::size_t frame_max = 64 * 1024;

/// A message longer than one frame is sent as several with the same `message`, all but the last
/// marked `more`.
struct FrameHeader {
  std::uint32_t magic = frame_magic;
  std::uint16_t version = frame_version;
  std::uint16_t type = 0;
  std::uint32_t message = 0;
  std::uint16_t chunk = 0;
  std::uint16_t more = 0;
};
static_assert(sizeof(FrameHeader) == 16);

inline constexpr std::size_t frame_payload_max = frame_max - sizeof(FrameHeader);

}  // namespace ordeal
