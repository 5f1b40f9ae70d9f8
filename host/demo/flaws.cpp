// SPDX-License-Identifier: Apache-2.0
#include "demo/flaws.h"

#include <cstring>

namespace ordeal::demo {
namespace {

// A practice server must not be what takes a machine down.
constexpr std::uint64_t leak_limit = 1024u * 1024 * 1024;

std::uint64_t nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(duration.count());
}

}  // namespace

Flaws::Flaws(const Options& options, std::uint64_t now_ns) : options_(options) {
  if (options_.flaw == Flaw::stall) next_stall_ns_ = now_ns + nanoseconds(options_.stall_every);
}

bool Flaws::may_serve(std::size_t in_service) const {
  return options_.concurrency == 0 || in_service < options_.concurrency;
}

void Flaws::request_served() {
  if (options_.flaw != Flaw::leak) return;
  const std::uint64_t size = options_.leak_per_request;
  if (leaked_bytes_ + size > leak_limit) return;
  // Written to, or the kernel would never hand out the pages.
  leaked_.push_back(std::make_unique<char[]>(size));
  std::memset(leaked_.back().get(), 0x5a, size);
  leaked_bytes_ += size;
}

std::optional<std::uint64_t> Flaws::next_stall_ns() const {
  if (options_.flaw != Flaw::stall) return std::nullopt;
  return next_stall_ns_;
}

std::uint64_t Flaws::take_stall(std::uint64_t now_ns) {
  if (options_.flaw != Flaw::stall || now_ns < next_stall_ns_) return 0;
  ++stalls_;
  const std::uint64_t every = nanoseconds(options_.stall_every);
  next_stall_ns_ += every * ((now_ns - next_stall_ns_) / every + 1);
  return nanoseconds(options_.stall_for);
}

}  // namespace ordeal::demo
