// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "cell/component.h"
#include "engine/feeder.h"
#include "engine/load_spec_codec.h"
#include "engine/worker.h"
#include "ordeal/abi/scenario.h"

namespace ordeal {

namespace {

class ScenarioComponent final : public Component {
 public:
  using Component::Component;

  ~ScenarioComponent() override {
    if (timer_ != 0) host().reactor().cancel_timer(timer_);
    host().close();
    if (instance_ != nullptr) factory_->destroy(instance_);
  }

  Result<Declared> create(const LoadedPlugin& plugin, std::string_view component,
                          std::string_view config) override {
    factory_ = static_cast<const ordeal_scenario_factory*>(
        plugin.entry()->get_factory(abi_text(ORDEAL_SCENARIO)));
    if (factory_ == nullptr) return rejected(plugin, "it has no " ORDEAL_SCENARIO);
    worker_.emplace(host().reactor(), host().clock());
    if (factory_->create(host().host(), worker_->engine(), abi_text(component), abi_text(config),
                         &instance_) != ORDEAL_OK) {
      instance_ = nullptr;
      return rejected(plugin, "creating scenario '" + std::string(component) + "'");
    }
    if (auto attached = worker_->attach(factory_, instance_); !attached)
      return std::move(attached).error();
    worker_->on_finished([this] { finished(); });
    Declared declared;
    declared.kinds = worker_->info().kinds;
    declared.marks = worker_->info().marks;
    declared.unit_ns = worker_->info().unit_ns;
    declared.max_in_flight = worker_->info().max_in_flight;
    return declared;
  }

  bool feed(Decoder& in, std::span<const UniqueFd> fds) override {
    FeederSpec spec;
    spec.file = in.text();
    spec.format = static_cast<FeederSpec::Format>(in.u32());
    spec.order = static_cast<FeederSpec::Order>(in.u32());
    spec.header = in.u32() != 0;
    if (!in.ok() || fds.size() != 2) return false;
    auto feeder = Feeder::map(std::move(spec), fds[0].get(), fds[1].get());
    if (feeder)
      worker_->feed(std::move(*feeder));
    else
      no_feeder_ = feeder.error().line();
    return true;
  }

  bool keep_progress(std::span<const UniqueFd> fds) override {
    if (fds.size() != 1) return false;
    auto progress = SharedProgress::map(fds[0].get());
    if (!progress) return false;
    worker_->keep(std::move(*progress));
    return true;
  }

  bool handle(CellMessage type, Decoder& in) override {
    switch (type) {
      case CellMessage::begin:
        begin(in);
        return true;
      case CellMessage::throttle:
        worker_->throttle(in.f64());
        return true;
      case CellMessage::stop:
        worker_->stop(in.u64());
        return true;
      default:
        return false;
    }
  }

 private:
  void begin(Decoder& in) {
    load_ = in.u32();
    index_ = in.u32();
    generation_ = in.u32();
    interval_ns_ = in.u64();
    const LoadSpec spec = get_load_spec(in);
    std::string problem = no_feeder_;
    if (problem.empty())
      if (auto begun = worker_->begin(spec); !begun) problem = begun.error().line();
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(number());
    out.text(problem);
    send(CellMessage::begun, bytes);
    if (!problem.empty()) return;
    // Frames end on a grid that starts with the load, so that those of several workers line up.
    next_ns_ = std::max(spec.start_ns, host().clock().monotonic_ns()) + interval_ns_;
    arm();
  }

  void arm() {
    host().reactor().timer(
        next_ns_, [](void* self) noexcept { static_cast<ScenarioComponent*>(self)->tick(); }, this,
        &timer_);
  }

  void tick() {
    timer_ = 0;
    send_frame();
    next_ns_ += interval_ns_;
    // After a pause the next point of the grid: other workers are still on it.
    const std::uint64_t now = host().clock().monotonic_ns();
    if (next_ns_ <= now) next_ns_ += ((now - next_ns_) / interval_ns_ + 1) * interval_ns_;
    arm();
  }

  void send_frame() {
    IntervalFrame frame = worker_->swap();
    frame.load = load_;
    frame.worker = index_;
    frame.generation = generation_;
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(number());
    out.bytes(encode(frame));
    send(CellMessage::frame, bytes);
    send_metrics();
  }

  void finished() {
    if (timer_ != 0) host().reactor().cancel_timer(timer_);
    timer_ = 0;
    send_frame();
    std::vector<std::byte> bytes;
    Encoder(bytes).u32(number());
    send(CellMessage::finished, bytes);
  }

  const ordeal_scenario_factory* factory_ = nullptr;
  void* instance_ = nullptr;
  std::optional<Worker> worker_;
  std::string no_feeder_;  // why there is none
  std::uint32_t load_ = 0;
  std::uint32_t index_ = 0;
  std::uint32_t generation_ = 0;
  std::uint64_t interval_ns_ = 1'000'000'000;
  std::uint64_t next_ns_ = 0;
  std::uint64_t timer_ = 0;
};

}  // namespace

std::unique_ptr<Component> make_scenario(std::uint32_t number, std::unique_ptr<HostInstance> host,
                                         SendFn send) {
  return std::make_unique<ScenarioComponent>(number, std::move(host), std::move(send));
}

}  // namespace ordeal
