// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace ordeal {

/// How long before a timer a thread should wake in order to be up when it is due. Being woken takes
/// 2 us on bare metal and 15 to 25 us in a virtual machine, mostly the processor's way out of its
/// idle state; whoever sleeps until the moment itself is late by that much each time. Learnt from
/// how late past wake-ups were: about three in four would have been in time with this lead. One
/// thread.
class WakeLead {
 public:
  /// At most this: what a timer may cost in looking out for it. Who woke later than this had lost
  /// its core to somebody else, which no lead mends.
  static constexpr std::uint64_t most_ns = 50'000;

  [[nodiscard]] std::uint64_t ns() const { return lead_ns_; }
  /// A sleep that nothing else ended was over `late_ns` after the moment asked for.
  void woke(std::uint64_t late_ns) {
    if (late_ns > most_ns) return;
    lead_ns_ = late_ns > lead_ns_ ? std::min(lead_ns_ + 3 * step_ns, most_ns)
                                  : lead_ns_ - std::min(lead_ns_, step_ns);
  }

 private:
  static constexpr std::uint64_t step_ns = 250;
  std::uint64_t lead_ns_ = 0;
};

}  // namespace ordeal
