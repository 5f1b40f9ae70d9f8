// SPDX-License-Identifier: Apache-2.0
#include "guardian/drill.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"
#include "guardian/kernel.h"

namespace ordeal {

namespace {

constexpr int members = 3;
constexpr std::uint32_t drill_id = 0xfffffff0;
constexpr std::uint64_t start_patience_ns = 5'000'000'000;
constexpr std::uint64_t end_patience_ns = 2'000'000'000;

/// Bytes read within the time; -1 at the end of the pipe.
int wait_bytes(int fd, int wanted, std::uint64_t until_ns) {
  int got = 0;
  while (got < wanted) {
    const std::uint64_t now = monotonic_ns();
    if (now >= until_ns) return got;
    pollfd p{fd, POLLIN, 0};
    ::poll(&p, 1, static_cast<int>((until_ns - now) / 1'000'000 + 1));
    std::array<char, 16> bytes;
    const ssize_t n = ::read(fd, bytes.data(), static_cast<std::size_t>(wanted - got));
    if (n == 0) return -1;
    if (n > 0) got += static_cast<int>(n);
  }
  return got;
}

/// One try. `survivor` when the tree was still there after end_patience_ns.
DrillResult try_once(Containments& containments, ContainmentKind kind, bool& survivor) {
  DrillResult result;
  std::array<int, 2> pipe{-1, -1};
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    result.why = "no pipe";
    return result;
  }
  const UniqueFd in(pipe[0]);
  UniqueFd out(pipe[1]);
  int channel = -1;
  if (containments.make(kind, drill_id, channel, out.get()) != 0) {
    result.why = "the containment could not be made";
    return result;
  }
  const UniqueFd closer(channel);
  out.reset();
  const bool there = wait_bytes(in.get(), members, monotonic_ns() + start_patience_ns) == members;
  const std::uint64_t begin = monotonic_ns();
  Containment* containment = containments.find(drill_id);
  containments.kill(*containment);
  bool empty = false;
  for (;;) {
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
      if (pid <= 0) break;
      containments.reaped(pid, status);
    }
    containments.step({});
    char byte = 0;
    if (!empty) empty = ::read(in.get(), &byte, 1) == 0;
    result.ns = monotonic_ns() - begin;
    if (empty && containment->state == Containment::State::ended) break;
    if (result.ns > end_patience_ns) break;
    sleep_ns(200'000);
  }
  survivor = !(empty && containment->state == Containment::State::ended);
  if (survivor) {
    result.why = "a process survived the kill";
  } else {
    containments.forget(*containment);
    if (!there) result.why = "the dummy tree did not start";
  }
  result.passed = there && !survivor;
  return result;
}

}  // namespace

DrillResult kill_drill(Containments& containments, ContainmentKind kind) noexcept {
  const std::uint64_t limit = drill_limit_ns(containments.plan_for(kind).tier);
  DrillResult best;
  for (int i = 0; i < 3; ++i) {
    bool survivor = false;
    const DrillResult one = try_once(containments, kind, survivor);
    if (!one.passed) return one;
    if (i == 0 || one.ns < best.ns) best = one;
    if (best.ns <= limit) return best;
  }
  best.passed = false;
  best.why = "the kill took too long";
  return best;
}

}  // namespace ordeal
