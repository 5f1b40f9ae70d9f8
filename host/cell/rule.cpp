// SPDX-License-Identifier: Apache-2.0
#include "ordeal/abi/rule.h"
#include "cell/component.h"

namespace ordeal {

namespace {

class RuleComponent final : public Component {
 public:
  using Component::Component;

  ~RuleComponent() override {
    host().close();
    if (instance_ != nullptr) factory_->destroy(instance_);
  }

  Result<Declared> create(const LoadedPlugin& plugin, std::string_view component,
                          std::string_view config) override {
    factory_ =
        static_cast<const ordeal_rule_factory*>(plugin.entry()->get_factory(abi_text(ORDEAL_RULE)));
    if (factory_ == nullptr) return rejected(plugin, "it has no " ORDEAL_RULE);
    if (factory_->create(host().host(), abi_text(component), abi_text(config), &instance_) !=
        ORDEAL_OK) {
      instance_ = nullptr;
      return rejected(plugin, "creating rule '" + std::string(component) + "'");
    }
    return Declared{};
  }

  bool handle(CellMessage type, Decoder& in) override {
    if (type != CellMessage::evaluate) return false;
    const std::uint64_t token = in.u64();
    evaluate(token, get_snapshot(in));
    return true;
  }

 private:
  void evaluate(std::uint64_t token, const Snapshot& snapshot) {
    std::vector<ordeal_sample> samples;
    samples.reserve(snapshot.samples.size());
    for (const auto& s : snapshot.samples)
      samples.push_back({sizeof(ordeal_sample), s.type, abi_text(s.metric), abi_text(s.labels),
                         s.value, s.mono_ns});
    std::vector<ordeal_interval> intervals;
    intervals.reserve(snapshot.intervals.size());
    for (const auto& i : snapshot.intervals) {
      ordeal_interval interval{};
      interval.struct_size = sizeof interval;
      interval.scenario = abi_text(i.scenario);
      interval.kind = abi_text(i.kind);
      interval.start_ns = i.start_ns;
      interval.end_ns = i.end_ns;
      std::copy(i.outcomes.begin(), i.outcomes.end(), interval.outcomes);
      interval.p50_ns = i.p50_ns;
      interval.p99_ns = i.p99_ns;
      interval.max_ns = i.max_ns;
      intervals.push_back(interval);
    }
    ordeal_snapshot theirs{};
    theirs.struct_size = sizeof theirs;
    theirs.phase = snapshot.phase;
    theirs.now_ns = snapshot.now_ns;
    theirs.samples = samples.data();
    theirs.n_samples = static_cast<std::uint32_t>(samples.size());
    theirs.sample_stride = sizeof(ordeal_sample);
    theirs.intervals = intervals.data();
    theirs.n_intervals = static_cast<std::uint32_t>(intervals.size());
    theirs.interval_stride = sizeof(ordeal_interval);
    ordeal_verdict verdict{};
    verdict.struct_size = sizeof verdict;
    const std::int32_t status = factory_->evaluate(instance_, &theirs, &verdict);
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(number());
    out.u64(token);
    out.text(status == ORDEAL_OK ? std::string() : host().take_error("the plugin gave no reason"));
    out.u32(std::min<std::uint32_t>(verdict.level, ORDEAL_VERDICT_ABORT));
    out.text(view(verdict.metric));
    out.text(view(verdict.reason));
    out.f64(verdict.value);
    out.f64(verdict.limit);
    out.u64(verdict.window_ns);
    send(CellMessage::verdict, bytes);
    send_metrics();
  }

  const ordeal_rule_factory* factory_ = nullptr;
  void* instance_ = nullptr;
};

}  // namespace

std::unique_ptr<Component> make_rule(std::uint32_t number, std::unique_ptr<HostInstance> host,
                                     SendFn send) {
  return std::make_unique<RuleComponent>(number, std::move(host), std::move(send));
}

}  // namespace ordeal
