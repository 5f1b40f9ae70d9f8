// SPDX-License-Identifier: Apache-2.0
#include "campaign/containment.h"

#include <poll.h>

#include "base/codec.h"
#include "base/log.h"

namespace ordeal {

Containment::Containment(Loop& loop, std::uint32_t id, Channel init, std::string cell,
                         std::string logs)
    : loop_(loop), id_(id), init_(std::move(init)), cell_(std::move(cell)), logs_(std::move(logs)) {
  watch_ = loop_.watch(init_.fd(), POLLIN, [this](short) { readable(); });
}

Containment::~Containment() { loop_.remove(watch_); }

Result<std::unique_ptr<CellLink>> Containment::start(const std::string& name,
                                                     CellLink::MessageFn on_message) {
  auto ends = Channel::pair();
  if (!ends) return std::move(ends).error();
  auto link =
      std::make_unique<CellLink>(loop_, name, std::move(ends->first), std::move(on_message));
  const std::uint32_t token = next_token_++;
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(token);
  out.u32(static_cast<std::uint32_t>(StartFlag::keep_stdio) |
          static_cast<std::uint32_t>(StartFlag::init_channel));
  const std::vector<std::string> argv{cell_, "--name", name, "--logs", logs_};
  out.u32(static_cast<std::uint32_t>(argv.size()));
  for (const auto& argument : argv) out.text(argument);
  out.u32(0);
  out.text("");
  const int child_end = ends->second.fd();
  if (auto sent = init_.send(static_cast<std::uint16_t>(GuardMessage::start), bytes,
                             std::span(&child_end, 1));
      !sent)
    return std::move(sent).error().within("asking the containment for cell " + name);
  links_[token] = link.get();
  return link;
}

void Containment::forget(CellLink& link) {
  for (auto it = links_.begin(); it != links_.end(); ++it) {
    if (it->second == &link) {
      links_.erase(it);
      return;
    }
  }
}

void Containment::readable() {
  for (;;) {
    auto received = init_.receive();
    if (!received) {
      closed_ = true;
      loop_.remove(watch_);
      return;
    }
    if (!received->has_value()) return;
    message(**received);
  }
}

void Containment::message(Message& message) {
  Decoder in(message.payload);
  const std::uint32_t token = in.u32();
  const auto found = links_.find(token);
  if (found == links_.end()) return;
  if (message.type == static_cast<std::uint16_t>(GuardMessage::started)) {
    const int error = in.i32();
    found->second->set_started(error, message.fds.empty() ? UniqueFd() : std::move(message.fds[0]));
  } else if (message.type == static_cast<std::uint16_t>(GuardMessage::exited)) {
    found->second->set_exited(in.i32());
  }
}

}  // namespace ordeal
