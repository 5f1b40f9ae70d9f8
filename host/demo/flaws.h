// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "demo/options.h"

namespace ordeal::demo {

/// What the server does wrong. One thread; times are nanoseconds of CLOCK_MONOTONIC.
class Flaws {
 public:
  Flaws(const Options& options, std::uint64_t now_ns);

  /// True when one more request may be served while `in_service` are.
  [[nodiscard]] bool may_serve(std::size_t in_service) const;

  /// Loses memory for one request, if that is the flaw.
  void request_served();

  /// When the server is to stand still next; nothing for a server that never does.
  [[nodiscard]] std::optional<std::uint64_t> next_stall_ns() const;
  /// How long the stall due at `now_ns` lasts (nanoseconds; 0: none is due). Counts it, and plans
  /// the next one.
  std::uint64_t take_stall(std::uint64_t now_ns);

  [[nodiscard]] std::uint64_t leaked_bytes() const { return leaked_bytes_; }
  [[nodiscard]] std::uint64_t stalls() const { return stalls_; }

 private:
  Options options_;
  std::deque<std::unique_ptr<char[]>> leaked_;
  std::uint64_t leaked_bytes_ = 0;
  std::uint64_t stalls_ = 0;
  std::uint64_t next_stall_ns_ = 0;
};

}  // namespace ordeal::demo
