// SPDX-License-Identifier: Apache-2.0
// rule_test PLUGIN: drives the built plugin over the SDK's fake host. Exit 0 when it behaves.
#include <cstdio>
#include <exception>
#include <string>

#include <ordeal/testing/instance.hpp>
#include <ordeal/testing/plugin_file.hpp>

#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      return 1;                                                    \
    }                                                              \
  } while (false)

namespace kit = ordeal::testing;

namespace {

/// What the rule says when `metric` was `value` at `seconds`.
std::uint32_t judge(const kit::Instance<ordeal_rule_factory>& rule, const char* metric,
                    double value, double seconds, std::string* reason = nullptr) {
  ordeal_sample sample{};
  sample.struct_size = sizeof sample;
  sample.metric = ordeal::abi::str(metric);
  sample.labels = ordeal::abi::str("sda");
  sample.value = value;
  sample.mono_ns = static_cast<std::uint64_t>(seconds * 1e9);
  ordeal_snapshot snapshot{};
  snapshot.struct_size = sizeof snapshot;
  snapshot.now_ns = sample.mono_ns;
  snapshot.samples = &sample;
  snapshot.n_samples = 1;
  snapshot.sample_stride = sizeof sample;
  ordeal_verdict verdict{};
  verdict.struct_size = sizeof verdict;
  if (rule->evaluate(rule.get(), &snapshot, &verdict) != ORDEAL_OK) return UINT32_MAX;
  if (reason != nullptr) *reason = ordeal::abi::view(verdict.reason);
  return verdict.level;
}

}  // namespace

int main(int argc, char** argv) try {
  CHECK(argc == 2);
  const kit::PluginFile plugin(argv[1]);
  CHECK(plugin.id() == "@ID@");
  const auto* factory = plugin.factory<ordeal_rule_factory>(ORDEAL_RULE);

  kit::FakeHost host;
  const kit::Instance rule(
      factory, host, "@NAME@",
      R"({"metric":"disk_busy","limit":0.9,"seconds":2,"verdict":"stop_phase"})");
  CHECK(judge(rule, "disk_busy", 0.5, 1) == ORDEAL_VERDICT_OK);
  CHECK(judge(rule, "disk_busy", 0.95, 2) == ORDEAL_VERDICT_OK);  // not for long enough yet
  CHECK(judge(rule, "another", 99, 9) == ORDEAL_VERDICT_OK);
  std::string reason;
  CHECK(judge(rule, "disk_busy", 0.97, 4, &reason) == ORDEAL_VERDICT_STOP_PHASE);
  CHECK(reason == "disk_busy{sda} is 0.97, over the limit of 0.9 for 2 s");
  CHECK(judge(rule, "disk_busy", 0.97, 4) == ORDEAL_VERDICT_STOP_PHASE);  // the same again
  CHECK(judge(rule, "disk_busy", 0.9, 5) == ORDEAL_VERDICT_OK);
  CHECK(judge(rule, "disk_busy", 0.95, 6) == ORDEAL_VERDICT_OK);  // the time starts anew
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
