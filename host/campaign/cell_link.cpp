// SPDX-License-Identifier: Apache-2.0
#include "campaign/cell_link.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/log.h"
#include "base/plain_text.h"
#include "engine/load_spec_codec.h"

namespace ordeal {

namespace {
constexpr std::size_t kept_log_lines = 20;
/// A slow exporter loses events; it never delays the run.
constexpr std::size_t stream_backlog_max = 1u << 20;
constexpr std::uint64_t hung_after_ns = 5'000'000'000;
/// A process that ends closes its channel a moment before its end is known.
constexpr std::uint64_t closed_grace_ns = 1'000'000'000;
/// Messages of one cell that are read before the loop looks at the others: one that never stops
/// writing must not keep the controller from its work.
constexpr std::size_t messages_per_turn = 256;
}  // namespace

CellLink::CellLink(Loop& loop, std::string name, Channel channel, MessageFn on_message)
    : loop_(loop),
      name_(std::move(name)),
      channel_(std::move(channel)),
      on_message_(std::move(on_message)) {
  static_cast<void>(channel_.want_credentials());
  last_alive_ns_ = loop_.now();
  watch_ = loop_.watch(channel_.fd(), POLLIN, [this](short events) {
    if ((events & POLLOUT) != 0) {
      static_cast<void>(channel_.flush());
      update_events();
    }
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) readable(false);
  });
}

CellLink::~CellLink() { loop_.remove(watch_); }

void CellLink::send(CellMessage type, const std::vector<std::byte>& payload,
                    std::span<const int> fds) {
  if (closed_) return;
  if (!channel_.send(static_cast<std::uint16_t>(type), payload, fds))
    return;  // readable() will see it
  update_events();
}

void CellLink::update_events() {
  loop_.change(watch_, static_cast<short>(POLLIN | (channel_.pending() ? POLLOUT : 0)));
}

void CellLink::readable(bool all) {
  for (std::size_t n = 0; all || n < messages_per_turn; ++n) {
    auto received = channel_.receive();
    if (!received) {
      if (received.error().what != "closed") broken_ = received.error().what;
      closed_ = true;
      closed_ns_ = loop_.now();
      loop_.remove(watch_);
      return;
    }
    if (!received->has_value()) return;
    message(**received);
  }
}

void CellLink::message(const Message& message) {
  Decoder in(message.payload);
  const auto type = static_cast<CellMessage>(message.type);
  last_alive_ns_ = loop_.now();
  switch (type) {
    case CellMessage::hello:
      if (in.u32() == cell_protocol_version && pid_ == 0) pid_ = message.sender_pid;
      return;
    case CellMessage::alive:
      overruns_ += in.u64();
      return;
    case CellMessage::log_line: {
      const auto severity = static_cast<Severity>(std::min<std::uint32_t>(in.u32(), 3));
      const auto channel = plain_text(in.text());
      const auto text = plain_text(in.text());
      last_log_.push_back(text);
      if (last_log_.size() > kept_log_lines) last_log_.pop_front();
      if (severity >= Severity::warning) log(severity, channel, text);
      return;
    }
    case CellMessage::loaded: {
      const auto asked = load_answers_.find(std::string(in.text()));
      if (asked != load_answers_.end() && !asked->second) asked->second = plain_text(in.text());
      return;
    }
    case CellMessage::created: {
      const std::uint32_t instance = in.u32();
      const std::string problem = plain_text(in.text());
      const auto asked = create_answers_.find(instance);
      if (asked == create_answers_.end() || asked->second) return;
      declared_[instance] = get_declared(in);
      asked->second = problem;
      return;
    }
    default:
      on_message_(*this, type, in);
  }
}

void CellLink::confine(const std::vector<std::string>& privileges, std::uint32_t files) {
  confined_ = true;
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(static_cast<std::uint32_t>(privileges.size()));
  for (const auto& privilege : privileges) out.text(privilege);
  out.u32(files);
  send(CellMessage::confine, bytes);
}

void CellLink::pin(std::uint32_t core) {
  std::vector<std::byte> bytes;
  Encoder(bytes).u32(core);
  send(CellMessage::pin, bytes);
}

void CellLink::load(const PluginInfo& plugin) {
  if (!confined_) confine(plugin.privileges, 0);
  load_answers_[plugin.id].reset();
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.text(plugin.id);
  out.text(plugin.version);
  out.text(plugin.library_path);
  out.text(plugin.sha256);
  out.u32(static_cast<std::uint32_t>(plugin.trust));
  out.text(plugin.manifest_path);
  PluginTopics topics;
  for (const TopicUse& use : plugin.publishes) topics.publishes.push_back(use.topic);
  for (const TopicUse& use : plugin.subscribes) topics.subscribes.push_back(use.topic);
  put(out, topics);
  send(CellMessage::load, bytes);
}

void CellLink::create(std::uint32_t instance, const std::string& plugin, std::string_view kind,
                      std::string_view component, std::string_view config) {
  create_answers_[instance].reset();
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.text(plugin);
  out.text(kind);
  out.text(component);
  out.text(config);
  send(CellMessage::create, bytes);
}

void CellLink::begin(std::uint32_t instance, std::uint32_t load, std::uint32_t worker,
                     std::uint32_t generation, std::uint64_t interval_ns, const LoadSpec& spec) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.u32(load);
  out.u32(worker);
  out.u32(generation);
  out.u64(interval_ns);
  put(out, spec);
  send(CellMessage::begin, bytes);
}

void CellLink::feed(std::uint32_t instance, const FeederSpec& spec, int file, int index) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.text(spec.file);
  out.u32(static_cast<std::uint32_t>(spec.format));
  out.u32(static_cast<std::uint32_t>(spec.order));
  out.u32(spec.header ? 1 : 0);
  send(CellMessage::feed, bytes, std::array{file, index});
}

void CellLink::keep_progress(std::uint32_t instance, const SharedProgress& progress) {
  std::vector<std::byte> bytes;
  Encoder(bytes).u32(instance);
  send(CellMessage::progress, bytes, std::array{progress.fd()});
}

void CellLink::throttle(std::uint32_t instance, double factor) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.f64(factor);
  send(CellMessage::throttle, bytes);
}

void CellLink::stop(std::uint32_t instance, std::uint64_t drain_ns) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.u64(drain_ns);
  send(CellMessage::stop, bytes);
}

void CellLink::collect(std::uint32_t instance, std::uint64_t token) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.u64(token);
  send(CellMessage::collect, bytes);
}

void CellLink::evaluate(std::uint32_t instance, std::uint64_t token, const Snapshot& snapshot) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.u64(token);
  put(out, snapshot);
  send(CellMessage::evaluate, bytes);
}

void CellLink::render(std::uint32_t instance, std::uint64_t token, std::uint32_t stage,
                      std::string_view document) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.u64(token);
  out.u32(stage);
  out.text(document);
  send(CellMessage::render, bytes);
}

bool CellLink::interval(std::uint32_t instance, std::string_view json) {
  if (channel_.pending_bytes() > stream_backlog_max) return false;
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.text(json);
  send(CellMessage::interval, bytes);
  return true;
}

void CellLink::events(std::uint32_t instance, std::span<const TopicEvent> events) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.u32(static_cast<std::uint32_t>(events.size()));
  for (const TopicEvent& event : events) put(out, event);
  send(CellMessage::events, bytes);
}

void CellLink::shutdown() { send(CellMessage::shutdown, {}); }

std::optional<std::string> CellLink::load_answer(const std::string& plugin) const {
  const auto found = load_answers_.find(plugin);
  if (found == load_answers_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> CellLink::create_answer(std::uint32_t instance) const {
  const auto found = create_answers_.find(instance);
  if (found == create_answers_.end()) return std::nullopt;
  return found->second;
}

void CellLink::set_started(int start_errno, UniqueFd pidfd) {
  start_error_ = start_errno;
  pidfd_ = std::move(pidfd);
}

void CellLink::set_exited(int wait_status) {
  // What it still said before it died counts.
  if (!closed_) readable(true);
  wait_status_ = wait_status;
}

void CellLink::kill(int signal) {
  if (pidfd_ && !ended()) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

std::string CellLink::death() {
  if (ended()) return how_it_ended();
  const std::uint64_t now = loop_.now();
  std::string how;
  if (closed_ && now - closed_ns_ > closed_grace_ns) how = how_it_closed() + ", killed";
  if (!closed_ && now - last_alive_ns_ > hung_after_ns) how = "hung for 5 s, killed";
  if (!how.empty()) kill(SIGKILL);
  return how;
}

std::string CellLink::refusal(const PluginInfo& plugin, std::uint32_t instance) const {
  const std::string name = "plugin " + plugin.id + " " + plugin.version;
  const auto named = [&](const std::string& why) {
    return why.find(name) == std::string::npos ? name + ": " + why : why;
  };
  const auto loaded = load_answer(plugin.id);
  if (loaded && !loaded->empty()) return named(*loaded);
  const auto created = create_answer(instance);
  if (created && !created->empty()) return named(*created);
  if (created || !ended()) return "";
  return named(std::string("its cell died while ") + (loaded ? "creating" : "loading") +
               " it: " + how_it_ended());
}

std::string CellLink::how_it_closed() const {
  return broken_.empty() ? "closed its channel to the host"
                         : "wrote to its channel to the host by itself: " + broken_;
}

std::string CellLink::how_it_ended() const {
  if (start_error_ != 0) return std::string("start: ") + std::strerror(start_error_);
  if (!wait_status_) return closed_ ? how_it_closed() : "running";
  if (WIFSIGNALED(*wait_status_)) {
    const int number = WTERMSIG(*wait_status_);
    const char* abbreviation = ::sigabbrev_np(number);
    return "signal " +
           (abbreviation != nullptr ? "SIG" + std::string(abbreviation) : std::to_string(number));
  }
  return "exit " + std::to_string(WEXITSTATUS(*wait_status_));
}

}  // namespace ordeal
