// SPDX-License-Identifier: Apache-2.0
// Over these the generator, not the target, has set the figures, and the phase is invalid. They are
// in the man page (ordeal.1, "WHEN A MEASUREMENT IS INVALID"); README names them.
#pragma once

#include <cstdint>

namespace ordeal::generator_limits {

/// Seconds, 99th percentile: from the intended start to the moment an operation was sent.
inline constexpr double send_lag_p99 = 0.050;
/// Of the one core a worker has, on average over the phase; the busiest worker is judged.
inline constexpr double cpu_share = 0.95;
/// Of the periods of the run's CPU quota (safety.reserve), those in which it was used up.
inline constexpr double throttled_share = 0.05;
/// Of the time, on average over the phase: runnable, but another process had the core.
inline constexpr double run_delay_share = 0.20;
/// A phase may average less and have been at its limit for a good part of it: intervals over
/// cpu_share or run_delay_share may be this share of the time...
inline constexpr double over_share = 0.20;
/// ...or this short, whichever is longer: one interval of a short phase proves nothing.
inline constexpr std::uint64_t over_ns = 3'000'000'000;
/// Answers that lie in a socket for longer before the generator comes to them...
inline constexpr std::uint64_t receive_lag_ns = 50'000'000;
/// ...may do so in this share of the time.
inline constexpr double receive_lag_share = 0.01;

}  // namespace ordeal::generator_limits
