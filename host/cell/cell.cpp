// SPDX-License-Identifier: Apache-2.0
#include "cell/cell.h"

#include "base/log.h"

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
  return exit_code_;
}

void Cell::readable() {
  for (;;) {
    auto message = channel_.receive();
    if (!message) {
      // The host is gone: nothing here is of use to anybody any more.
      log(Severity::info, "cell", "channel " + message.error().line());
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
    case CellMessage::load:
      load(in);
      return;
    case CellMessage::create:
      create(in);
      return;
    case CellMessage::shutdown:
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
  if (found == components_.end() || !found->second->handle(type, in) || !in.ok())
    log(Severity::error, "cell",
        "message " + std::to_string(message.type) + " for instance " + std::to_string(number) +
            " cannot be handled");
}

void Cell::load(Decoder& in) {
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

void Cell::alive() {
  std::deque<QueuedLine> lines;
  {
    const std::lock_guard lock(lines_mutex_);
    lines.swap(lines_);
  }
  for (const auto& line : lines) send_line(line);
  std::vector<std::byte> bytes;
  Encoder(bytes).u64(reactor_.take_overruns());
  send(CellMessage::alive, bytes);
  std::uint64_t timer = 0;
  reactor_.timer(
      clock_.monotonic_ns() + cell_alive_period_ns,
      [](void* self) noexcept { static_cast<Cell*>(self)->alive(); }, this, &timer);
}

}  // namespace ordeal
