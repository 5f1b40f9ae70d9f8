// SPDX-License-Identifier: Apache-2.0
// The controller's end of the line to its guardian.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/codec.h"
#include "guardian/client.h"

namespace ordeal {

namespace {

constexpr std::uint64_t silence_ns = 2'000'000'000;
constexpr std::uint64_t blind_ns = 500'000'000;

}  // namespace

GuardianLink::GuardianLink(Channel channel, SharedCounters* counters)
    : channel_(std::move(channel)), counters_(counters) {}

Result<std::unique_ptr<GuardianLink>> GuardianLink::inherited() {
  Error error;
  error.what = "this process was not started by a guardian";
  int type = 0;
  socklen_t size = sizeof type;
  struct stat counters_stat {};
  if (std::getenv(run_id_variable) == nullptr ||
      ::getsockopt(controller_channel_fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      type != SOCK_SEQPACKET || ::fstat(controller_counters_fd, &counters_stat) != 0 ||
      counters_stat.st_size != static_cast<off_t>(sizeof(SharedCounters)))
    return error;
  void* map = ::mmap(nullptr, sizeof(SharedCounters), PROT_READ | PROT_WRITE, MAP_SHARED,
                     controller_counters_fd, 0);
  if (map == MAP_FAILED) return error;
  auto* counters = static_cast<SharedCounters*>(map);
  if (counters->magic != SharedCounters::expected_magic) {
    ::munmap(map, sizeof(SharedCounters));
    return error;
  }
  // The mapping stays for the life of the process; nothing it starts shall have either.
  ::close(controller_counters_fd);
  ::fcntl(controller_channel_fd, F_SETFD, FD_CLOEXEC);
  return std::make_unique<GuardianLink>(Channel(UniqueFd(controller_channel_fd)), counters);
}

bool GuardianLink::guardian_lost(std::uint64_t now_ns) {
  if (!channel_) return true;
  pollfd p{channel_.fd(), 0, 0};
  if (::poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return true;
  const std::uint64_t count = counters_->guardian.load(std::memory_order_relaxed);
  const bool blind = last_call_ns_ == 0 || now_ns - last_call_ns_ > blind_ns;
  last_call_ns_ = now_ns;
  if (blind || count != last_count_) {
    last_count_ = count;
    last_change_ns_ = now_ns;
  }
  return now_ns - last_change_ns_ > silence_ns;
}

Result<void> GuardianLink::make_containment(ContainmentKind kind, std::uint32_t id) {
  std::vector<std::byte> payload;
  Encoder out(payload);
  out.u32(static_cast<std::uint32_t>(kind));
  out.u32(id);
  return channel_.send(static_cast<std::uint16_t>(GuardMessage::make_containment), payload);
}

Result<void> GuardianLink::kill_containment(std::uint32_t id) {
  std::vector<std::byte> payload;
  Encoder(payload).u32(id);
  return channel_.send(static_cast<std::uint16_t>(GuardMessage::kill_containment), payload);
}

Result<void> GuardianLink::report_status(bool final, ExitCode code, std::string_view note) {
  std::vector<std::byte> payload;
  Encoder out(payload);
  out.u32(final ? 1 : 0);
  out.i32(static_cast<std::int32_t>(code));
  out.text(note.substr(0, 400));
  if (final) {
    // Through the counters too: those arrive even when nobody reads the channel in time.
    counters_->exit_code.store(static_cast<std::int32_t>(code), std::memory_order_relaxed);
    counters_->final_status.store(1, std::memory_order_release);
  }
  return channel_.send(static_cast<std::uint16_t>(GuardMessage::status), payload);
}

}  // namespace ordeal
