/* SPDX-License-Identifier: Apache-2.0 */
/* rule_test PLUGIN: drives the built plugin over the SDK's fake host. Exit 0 when it behaves. */
#include <ordeal/abi/rule.h>
#include <ordeal/testing/fake_host.h>
#include <ordeal/testing/plugin_file.h>

static ordeal_fake_host host;
static const ordeal_rule_factory* factory;
static void* rule;
static ordeal_verdict verdict;

/* What the rule says when `metric` was `value` at `seconds`. */
static uint32_t judge(const char* metric, double value, double seconds) {
  const ordeal_sample sample = {.struct_size = sizeof sample,
                                .metric = ordeal_text(metric),
                                .labels = ordeal_text("sda"),
                                .value = value,
                                .mono_ns = (uint64_t)(seconds * 1e9)};
  const ordeal_snapshot snapshot = {.struct_size = sizeof snapshot,
                                    .now_ns = sample.mono_ns,
                                    .samples = &sample,
                                    .n_samples = 1,
                                    .sample_stride = sizeof sample};
  memset(&verdict, 0, sizeof verdict);
  verdict.struct_size = sizeof verdict;
  return factory->evaluate(rule, &snapshot, &verdict) == ORDEAL_OK ? verdict.level : UINT32_MAX;
}

int main(int argc, char** argv) {
  ORDEAL_CHECK(argc == 2);
  ordeal_fake_host_init(&host);
  const ordeal_plugin_entry_t* entry = ordeal_plugin_open(argv[1], "@ID@", &host);
  ORDEAL_CHECK(entry != NULL);
  factory = entry->get_factory(ordeal_text(ORDEAL_RULE));
  ORDEAL_CHECK(factory != NULL);
  ORDEAL_CHECK(
      factory->create(
          &host.host, ordeal_text("@NAME@"),
          ordeal_text(
              "{\"metric\":\"disk_busy\",\"limit\":0.9,\"seconds\":2,\"verdict\":\"stop_phase\"}"),
          &rule) == ORDEAL_OK);

  ORDEAL_CHECK(judge("disk_busy", 0.5, 1) == ORDEAL_VERDICT_OK);
  ORDEAL_CHECK(judge("disk_busy", 0.95, 2) == ORDEAL_VERDICT_OK); /* not for long enough yet */
  ORDEAL_CHECK(judge("another", 99, 9) == ORDEAL_VERDICT_OK);
  ORDEAL_CHECK(judge("disk_busy", 0.97, 4) == ORDEAL_VERDICT_STOP_PHASE);
  ORDEAL_CHECK(ordeal_is(verdict.reason, "disk_busy{sda} is 0.97, over the limit of 0.9 for 2 s"));
  ORDEAL_CHECK(judge("disk_busy", 0.97, 4) == ORDEAL_VERDICT_STOP_PHASE); /* the same again */
  ORDEAL_CHECK(judge("disk_busy", 0.9, 5) == ORDEAL_VERDICT_OK);
  ORDEAL_CHECK(judge("disk_busy", 0.95, 6) == ORDEAL_VERDICT_OK); /* the time starts anew */
  factory->destroy(rule);
  entry->deinit();
  return 0;
}
