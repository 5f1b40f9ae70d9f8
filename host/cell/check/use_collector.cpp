// SPDX-License-Identifier: Apache-2.0
#include "cell/check/heap.h"
#include "cell/check/use.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

bool describe_collector(Instance& instance) {
  const ordeal_metric_info* infos = nullptr;
  std::uint32_t count = 0;
  const std::int32_t status = instance.call(
      "describe", [&] { return instance.collector().describe(instance.get(), &infos, &count); });
  if (status != ORDEAL_OK) {
    instance.record().fail("describe returned " + std::to_string(status) + ": " +
                           instance.host().take_error());
    return false;
  }
  if (count == 0 || infos == nullptr) {
    instance.record().fail("describe declares no metric");
    return false;
  }
  if (count > 4096) {
    instance.record().fail("describe declares " + std::to_string(count) + " metrics");
    return false;
  }
  if (infos->struct_size < sizeof(ordeal_metric_info)) {
    instance.record().fail("describe: the metrics' struct_size is " +
                               std::to_string(infos->struct_size) + ", an ordeal_metric_info has " +
                               std::to_string(sizeof(ordeal_metric_info)),
                           "set struct_size = sizeof(ordeal_metric_info) in each of them");
    return false;
  }
  instance.metrics.clear();
  const auto* at = reinterpret_cast<const unsigned char*>(infos);
  for (std::uint32_t i = 0; i < count; ++i, at += infos->struct_size)
    instance.metrics.push_back(abi::read(reinterpret_cast<const ordeal_metric_info*>(at)));
  return true;
}

std::int32_t collect_once(Instance& instance, std::vector<TakenSample>& samples) {
  struct Taken {
    std::vector<TakenSample> samples;
    Instance& instance;
  } taken{{}, instance};
  const auto add = [](const ordeal_sample_sink* sink, std::uint32_t metric, ordeal_str labels,
                      double value) noexcept -> std::int32_t {
    const HeapPause pause;
    auto& to = *static_cast<Taken*>(sink->self);
    if (!to.instance.host().on_worker("sink.sample")) return ORDEAL_E_STATE;
    if (to.samples.size() >= 4096) return ORDEAL_E_LIMIT;
    to.samples.push_back({metric, std::string(abi::view(labels)), value});
    return metric < to.instance.metrics.size() ? ORDEAL_OK : ORDEAL_E_NOT_FOUND;
  };
  const auto* sink = guarded_struct(ordeal_sample_sink{0, 0, &taken, add}, full(instance.sizes()));
  const std::int32_t status =
      instance.call("collect", [&] { return instance.collector().collect(instance.get(), sink); });
  samples = taken.samples;  // a copy: what was allocated in a pause is released in one
  const HeapPause pause;
  std::vector<TakenSample>().swap(taken.samples);
  return status;
}

void use_collector(Instance& instance) {
  for (int i = 0; i < 3; ++i) {
    std::vector<TakenSample> samples;
    const std::int32_t status = collect_once(instance, samples);
    const std::string reason = instance.host().take_error();
    if (status != ORDEAL_OK && reason.empty())
      instance.record().fail("collect returned " + std::to_string(status) + " without saying why",
                             "call set_error before returning an error");
  }
}

}  // namespace ordeal::check
