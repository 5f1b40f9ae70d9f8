// SPDX-License-Identifier: Apache-2.0
#include "ordeal/abi/collector.h"
#include "cell/component.h"

namespace ordeal {

namespace {

constexpr std::size_t samples_max = 4096;

class CollectorComponent final : public Component {
 public:
  using Component::Component;

  ~CollectorComponent() override {
    host().close();
    if (instance_ != nullptr) factory_->destroy(instance_);
  }

  Result<Declared> create(const LoadedPlugin& plugin, std::string_view component,
                          std::string_view config) override {
    factory_ = static_cast<const ordeal_collector_factory*>(
        plugin.entry()->get_factory(abi_text(ORDEAL_COLLECTOR)));
    if (factory_ == nullptr) return rejected(plugin, "it has no " ORDEAL_COLLECTOR);
    if (factory_->create(host().host(), abi_text(component), abi_text(config), &instance_) !=
        ORDEAL_OK) {
      instance_ = nullptr;
      return rejected(plugin, "creating collector '" + std::string(component) + "'");
    }
    const ordeal_metric_info* infos = nullptr;
    std::uint32_t count = 0;
    if (factory_->describe(instance_, &infos, &count) != ORDEAL_OK)
      return rejected(plugin, "describing collector '" + std::string(component) + "'");
    Declared declared;
    const auto* at = reinterpret_cast<const std::byte*>(infos);
    for (std::uint32_t i = 0; i < count; ++i, at += infos->struct_size) {
      const auto info = read_struct(reinterpret_cast<const ordeal_metric_info*>(at));
      declared.metrics.push_back({std::string(view(info.name)), std::string(view(info.unit)),
                                  std::string(view(info.help)), std::string(view(info.labels)),
                                  info.type});
    }
    n_metrics_ = count;
    return declared;
  }

  bool handle(CellMessage type, Decoder& in) override {
    if (type != CellMessage::collect) return false;
    collect(in.u64());
    return true;
  }

 private:
  struct Sample {
    std::uint32_t metric;
    std::string labels;
    double value;
  };

  void collect(std::uint64_t token) {
    samples_.clear();
    ordeal_sample_sink sink{sizeof sink, 0, this, add};
    const std::uint64_t before = host().clock().monotonic_ns();
    const std::int32_t status = factory_->collect(instance_, &sink);
    const std::uint64_t cost = host().clock().monotonic_ns() - before;
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(number());
    out.u64(token);
    if (status != ORDEAL_OK) samples_.clear();
    out.text(status == ORDEAL_OK ? std::string() : host().take_error("the plugin gave no reason"));
    out.u64(cost);
    out.u32(static_cast<std::uint32_t>(samples_.size()));
    for (const auto& sample : samples_) {
      out.u32(sample.metric);
      out.text(sample.labels);
      out.f64(sample.value);
    }
    send(CellMessage::samples, bytes);
    send_metrics();
  }

  static std::int32_t add(const ordeal_sample_sink* sink, std::uint32_t metric, ordeal_str labels,
                          double value) noexcept {
    auto& self = *static_cast<CollectorComponent*>(sink->self);
    if (metric >= self.n_metrics_) return ORDEAL_E_NOT_FOUND;
    if (self.samples_.size() >= samples_max) return ORDEAL_E_LIMIT;
    self.samples_.push_back({metric, std::string(view(labels)), value});
    return ORDEAL_OK;
  }

  const ordeal_collector_factory* factory_ = nullptr;
  void* instance_ = nullptr;
  std::uint32_t n_metrics_ = 0;
  std::vector<Sample> samples_;
};

}  // namespace

std::unique_ptr<Component> make_collector(std::uint32_t number, std::unique_ptr<HostInstance> host,
                                          SendFn send) {
  return std::make_unique<CollectorComponent>(number, std::move(host), std::move(send));
}

}  // namespace ordeal
