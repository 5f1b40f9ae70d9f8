// SPDX-License-Identifier: Apache-2.0
// The few kernel calls the guardian needs that have no portable wrapper.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace ordeal {

/// CLOCK_MONOTONIC in nanoseconds.
std::uint64_t monotonic_ns() noexcept;
/// CLOCK_BOOTTIME in nanoseconds: goes on while the machine sleeps.
std::uint64_t boottime_ns() noexcept;
/// CLOCK_REALTIME in nanoseconds since 1970.
std::uint64_t wall_ns() noexcept;
/// Sleeps for at most `ns`; a signal may end it early.
void sleep_ns(std::uint64_t ns) noexcept;

/// Forks with a pidfd (close-on-exec) into the given CLONE_NEW* namespaces, without running atfork
/// handlers or allocating. Only for processes with one thread. The pid in the parent, 0 in the
/// child, -1 and errno. `pidfd` may be null.
pid_t clone_process(std::uint64_t namespaces, int* pidfd) noexcept;

/// Closes every descriptor from `first` up.
void close_from(unsigned first) noexcept;
/// Marks every descriptor from `first` up close-on-exec.
void close_from_on_exec(unsigned first) noexcept;

/// Unblocks every signal and gives each its default disposition: what a program expects at exec.
void reset_signals() noexcept;

/// Writes a whole small file such as /proc/self/uid_map. 0 or errno.
int write_small_file(const char* path, const char* text) noexcept;

}  // namespace ordeal
