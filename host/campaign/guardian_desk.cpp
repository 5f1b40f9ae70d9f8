// SPDX-License-Identifier: Apache-2.0
#include "campaign/guardian_desk.h"

#include <poll.h>

#include "base/codec.h"
#include "base/log.h"

namespace ordeal {

namespace {
constexpr std::uint64_t second_ns = 1'000'000'000;
}

GuardianDesk::GuardianDesk(Loop& loop, std::unique_ptr<GuardianLink> link, std::string cell,
                           std::string logs)
    : loop_(loop), link_(std::move(link)), cell_(std::move(cell)), logs_(std::move(logs)) {
  watch_ = loop_.watch(link_->channel().fd(), POLLIN, [this](short) { readable(); });
  beat_ = loop_.every(50'000'000, [this] { beat(); });
}

GuardianDesk::~GuardianDesk() {
  loop_.remove(watch_);
  loop_.remove(beat_);
}

void GuardianDesk::beat() {
  link_->counters().scheduler.fetch_add(1, std::memory_order_relaxed);
  if (link_->guardian_lost(loop_.now())) lost_ = true;
  if (link_->channel().pending()) static_cast<void>(link_->channel().flush());
}

Result<void> GuardianDesk::wait_ready() {
  if (loop_.run_until([this] { return ready_ || lost_; }, loop_.now() + 5 * second_ns) && ready_)
    return {};
  Error error;
  error.what = lost_ ? "the guardian is gone" : "the guardian did not say that it is ready";
  return error;
}

void GuardianDesk::readable() {
  for (;;) {
    auto received = link_->channel().receive();
    if (!received) {
      lost_ = true;
      loop_.remove(watch_);
      return;
    }
    if (!received->has_value()) return;
    message(**received);
  }
}

void GuardianDesk::message(Message& message) {
  Decoder in(message.payload);
  switch (static_cast<GuardMessage>(message.type)) {
    case GuardMessage::ready:
      load_tier_ = in.u32();
      service_tier_ = in.u32();
      drill_ns_ = in.u64();
      reserved_ = in.text();
      cpu_stat_ = in.text();
      ready_ = true;
      return;
    case GuardMessage::containment_made: {
      const std::uint32_t id = in.u32();
      const std::int32_t error = in.i32();
      if (error != 0 || message.fds.empty())
        refused_[id] = error;
      else
        containments_[id] = std::make_unique<Containment>(
            loop_, id, Channel(std::move(message.fds[0])), cell_, logs_);
      return;
    }
    case GuardMessage::containment_ended:
      ended_[in.u32()] = true;
      return;
    case GuardMessage::stop: {
      const std::uint32_t level = in.u32();
      if (level <= stop_level_) return;
      stop_level_ = level;
      stop_reason_ = static_cast<StopReason>(in.u32());
      stop_detail_ = in.text();
      log(Severity::warning, "guardian", "stop ordered: " + stop_detail_);
      return;
    }
    case GuardMessage::pressure:
      pressure_level_ = in.u32();
      pressure_ = in.text();
      log(Severity::warning, "guardian", pressure_);
      if (on_pressure_) on_pressure_(pressure_level_, pressure_);
      return;
    default:
      return;
  }
}

Result<Containment*> GuardianDesk::make_containment(ContainmentKind kind) {
  const std::uint32_t id = next_id_++;
  if (auto sent = link_->make_containment(kind, id); !sent) return std::move(sent).error();
  const auto answered = [&] {
    return containments_.contains(id) || refused_.contains(id) || lost_;
  };
  loop_.run_until(answered, loop_.now() + 5 * second_ns);
  if (const auto found = containments_.find(id); found != containments_.end())
    return found->second.get();
  if (const auto found = refused_.find(id); found != refused_.end())
    return errno_error(ExitCode::internal, "making a containment", found->second);
  Error error;
  error.what = "the guardian made no containment within 5 s";
  return error;
}

void GuardianDesk::end_containment(Containment* containment) {
  if (containment == nullptr) return;
  const std::uint32_t id = containment->id();
  static_cast<void>(link_->kill_containment(id));
  loop_.run_until([&] { return ended_.contains(id) || lost_; }, loop_.now() + 5 * second_ns);
  containments_.erase(id);
}

void GuardianDesk::report_status(bool final, ExitCode code, const std::string& note) {
  static_cast<void>(link_->report_status(final, code, note));
  if (!final) return;
  link_->counters().exit_code.store(static_cast<std::int32_t>(code));
  link_->counters().final_status.store(1);
}

}  // namespace ordeal
