// SPDX-License-Identifier: Apache-2.0
#include "cell/cell.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "registry/privileges.h"

namespace ordeal {

namespace {

constexpr std::size_t queued_lines_max = 256;

Severity severity_of(std::uint32_t level) {
  return level >= 3 ? Severity::error : static_cast<Severity>(level);
}

}  // namespace

Cell::Cell(Channel channel, Channel init, Reactor& reactor, const Clock& clock)
    : channel_(std::move(channel)), reactor_(reactor), clock_(clock) {
  if (init) processes_ = std::make_unique<ProcessService>(std::move(init), reactor_);
}

Cell::~Cell() {
  components_.clear();
  for (auto& [id, loaded] : plugins_) loaded.plugin->entry()->deinit();
}

int Cell::run() {
  reactor_.watch(
      channel_.fd(), ORDEAL_IO_READ,
      [](void* self, std::uint32_t events) noexcept {
        auto& cell = *static_cast<Cell*>(self);
        if ((events & ORDEAL_IO_WRITE) != 0) {
          static_cast<void>(cell.channel_.flush());
          cell.watch_output();
        }
        if ((events & ~static_cast<std::uint32_t>(ORDEAL_IO_WRITE)) != 0) cell.readable();
      },
      this, &watch_);
  std::vector<std::byte> bytes;
  Encoder(bytes).u32(cell_protocol_version);
  send(CellMessage::hello, bytes);
  alive();
  reactor_.run();
  reactor_.unwatch(watch_);
  if (orderly_) return 0;
  log(Severity::error, "cell", "a plugin has closed descriptors that are not its own");
  return static_cast<int>(ExitCode::internal);
}

void Cell::readable() {
  for (;;) {
    auto message = channel_.receive();
    if (!message) {
      // The host is gone: nothing here is of use to anybody any more.
      log(Severity::info, "cell", "channel " + message.error().line());
      orderly_ = true;
      reactor_.stop();
      return;
    }
    if (!message->has_value()) return;
    handle(**message);
  }
}

void Cell::handle(const Message& message) {
  Decoder in(message.payload);
  const auto type = static_cast<CellMessage>(message.type);
  switch (type) {
    case CellMessage::confine: {
      Confinement confinement;
      for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n)
        confinement.privileges.emplace_back(in.text());
      confinement.files = in.u32();
      confine(confinement);
      return;
    }
    case CellMessage::pin:
      pin(in.u32());
      return;
    case CellMessage::load:
      load(in);
      return;
    case CellMessage::create:
      create(in);
      return;
    case CellMessage::shutdown:
      orderly_ = true;
      reactor_.stop();
      return;
    default:
      break;
  }
  const std::uint32_t number = in.u32();
  const auto found = components_.find(number);
  if (found != components_.end() && type == CellMessage::events) {
    found->second->deliver(in);
    return;
  }
  if (type == CellMessage::feed) {  // one that could not be created needs no data
    if (found == components_.end() || found->second->feed(in, message.fds)) return;
  }
  if (type == CellMessage::progress) {
    if (found == components_.end() || found->second->keep_progress(message.fds)) return;
  }
  if (found == components_.end() || !found->second->handle(type, in) || !in.ok())
    log(Severity::error, "cell",
        "message " + std::to_string(message.type) + " for instance " + std::to_string(number) +
            " cannot be handled");
}

void Cell::confine(const Confinement& confinement) {
  if (sandbox_) return;  // what was given up once cannot be had again
  sandbox_ = std::make_unique<Sandbox>(confinement);
  for (const auto& gap : sandbox_->gaps()) {
    log(Severity::warning, "cell", "not confined: " + gap);
    send_trouble(0, "unconfined", 1, gap);
  }
  const auto& granted = confinement.privileges;
  if (std::find(granted.begin(), granted.end(), privilege_process) == granted.end())
    processes_.reset();
  marks_ = std::make_unique<PluginMarks>();
}

/// Threads that are made later, the plugin's among them, inherit it.
void Cell::pin(std::uint32_t core) {
  cpu_set_t* const set = CPU_ALLOC(core + 1);
  const std::size_t size = CPU_ALLOC_SIZE(core + 1);
  CPU_ZERO_S(size, set);
  CPU_SET_S(core, size, set);
  const bool pinned = ::sched_setaffinity(0, size, set) == 0;
  const int error = errno;
  CPU_FREE(set);
  if (pinned) return;
  const std::string text = "its worker could not be pinned to core " + std::to_string(core) + ": " +
                           std::strerror(error);
  log(Severity::warning, "cell", text);
  send_trouble(0, "unpinned", 1, text);
}

void Cell::load(Decoder& in) {
  if (!sandbox_) confine({});
  LoadRequest request;
  request.id = in.text();
  request.version = in.text();
  request.library = in.text();
  request.sha256 = in.text();
  request.trust = static_cast<Trust>(in.u32());
  const std::string manifest(in.text());
  PluginTopics topics = get_plugin_topics(in);
  std::string problem;
  auto plugin = load_plugin(request);
  if (!plugin) {
    problem = plugin.error().line();
  } else {
    auto host =
        std::make_unique<HostInstance>(reactor_, clock_, logger(request.id), processes_.get());
    ordeal_str id{};
    ordeal_str version{};
    if ((*plugin)->entry()->init(host->host(), &id, &version) != ORDEAL_OK) {
      problem = request.library + ": init failed: " + host->take_error("the plugin gave no reason");
    } else if (view(id) != request.id || view(version) != request.version) {
      problem = request.library + ": it says it is " + std::string(view(id)) + " " +
                std::string(view(version)) + ", its manifest says " + request.id + " " +
                request.version + "; install manifest and library of one version";
      (*plugin)->entry()->deinit();
    } else {
      plugins_[request.id] = {std::move(*plugin), std::move(host), manifest, std::move(topics)};
    }
  }
  if (!problem.empty()) log(Severity::error, request.id, problem);
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.text(request.id);
  out.text(problem);
  send(CellMessage::loaded, bytes);
}

void Cell::create(Decoder& in) {
  const std::uint32_t number = in.u32();
  const std::string id(in.text());
  const auto kind = in.text();
  const auto component = in.text();
  const auto config = in.text();
  std::string problem;
  Declared declared;
  const auto found = plugins_.find(id);
  if (found == plugins_.end()) {
    problem = "plugin " + id + " is not loaded in this cell";
  } else {
    const auto sender = [this](CellMessage type, const std::vector<std::byte>& payload) {
      send(type, payload);
    };
    auto host = std::make_unique<HostInstance>(reactor_, clock_, logger(id), processes_.get());
    const InstanceBus& bus = host->offer_bus(number, found->second.topics, sender);
    auto made = make_component(kind, number, std::move(host), sender);
    if (!made) {
      problem = "unknown component kind '" + std::string(kind) + "'";
    } else if (auto created = made->create(*found->second.plugin, component, config);
               !created && bus.undeclared().empty()) {
      problem = created.error().line();
    } else if (!bus.undeclared().empty()) {
      const LoadRequest& request = found->second.plugin->request();
      problem = found->second.manifest + ": plugin " + id + " " + request.version + ", creating " +
                std::string(kind) + " '" + std::string(component) + "': " + bus.undeclared() +
                "; declare it there";
    } else {
      declared = std::move(*created);
      components_[number] = std::move(made);
    }
  }
  if (!problem.empty()) log(Severity::error, id, problem);
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(number);
  out.text(problem);
  put(out, declared);
  send(CellMessage::created, bytes);
}

void Cell::send(CellMessage type, const std::vector<std::byte>& payload) {
  static_cast<void>(channel_.send(static_cast<std::uint16_t>(type), payload));
  watch_output();
}

void Cell::watch_output() {
  if (channel_.pending() == waiting_to_write_) return;
  waiting_to_write_ = channel_.pending();
  reactor_.rewatch(watch_, ORDEAL_IO_READ | (waiting_to_write_ ? ORDEAL_IO_WRITE : 0));
}

HostInstance::LogFn Cell::logger(const std::string& plugin_id) {
  return [this, plugin_id](std::uint32_t severity, std::string_view text) {
    log(severity_of(severity), plugin_id, text);
    QueuedLine line{severity, plugin_id, std::string(text)};
    if (std::this_thread::get_id() == thread_) {
      send_line(line);
      return;
    }
    const std::lock_guard lock(lines_mutex_);
    if (lines_.size() < queued_lines_max) lines_.push_back(std::move(line));
  };
}

void Cell::send_line(const QueuedLine& line) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(line.severity);
  out.text(line.channel);
  out.text(line.text);
  send(CellMessage::log_line, bytes);
}

void Cell::send_trouble(std::uint32_t instance, std::string_view kind, std::uint64_t count,
                        std::string_view detail) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(instance);
  out.text(kind);
  out.u64(count);
  out.text(detail);
  send(CellMessage::trouble, bytes);
}

void Cell::look_for_trouble() {
  for (const auto& [number, component] : components_) {
    if (const auto dropped = component->take_dropped_lines(); dropped > 0)
      send_trouble(number, "log_flood", dropped, "log lines over 1,000 a second were dropped");
    if (const auto refused = component->take_refused_events(); refused > 0)
      send_trouble(number, "bus_flood", refused, "events over 100 a second were refused");
  }
  if (!sandbox_) return;
  for (const auto& [call, count] : sandbox_->take_denials()) {
    log(Severity::warning, "cell", "denied: " + call + ", " + std::to_string(count) + " times");
    send_trouble(0, "denied", count, call + "() was denied");
  }
  if (const auto names = marks_->new_handlers()) {
    log(Severity::warning, "cell", "a plugin changed the handling of " + *names);
    send_trouble(0, "signal_handlers", 1, "it changed the handling of " + *names);
  }
  if (const auto open = marks_->descriptors()) {
    log(Severity::warning, "cell", *open);
    send_trouble(0, "descriptors", 1, *open);
  }
}

void Cell::alive() {
  std::deque<QueuedLine> lines;
  {
    const std::lock_guard lock(lines_mutex_);
    lines.swap(lines_);
  }
  for (const auto& line : lines) send_line(line);
  look_for_trouble();
  std::vector<std::byte> bytes;
  Encoder(bytes).u64(reactor_.take_overruns());
  send(CellMessage::alive, bytes);
  std::uint64_t timer = 0;
  reactor_.timer(
      clock_.monotonic_ns() + cell_alive_period_ns,
      [](void* self) noexcept { static_cast<Cell*>(self)->alive(); }, this, &timer);
}

}  // namespace ordeal
