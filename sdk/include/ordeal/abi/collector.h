/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extension ordeal.collector/1: reads resources. Declares its metrics once, then is pulled on the
 * host's schedule. May be slow, may fail: the host doubles its interval (up to eight times) and the
 * gap shows in the report.
 */
#pragma once

#include "metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this extension. Since 0.1. */
#define ORDEAL_COLLECTOR "ordeal.collector/1"

/* Where one collect call puts its values. The host's; valid during that call. Since 0.1. */
typedef struct ordeal_sample_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* self;
  /*
   * [worker] One value. `metric` indexes the declared metrics, `labels` are its label values in the
   * order declared, separated by commas (a comma inside a value is written as %2C). A value that
   * cannot be read is left out, never zero. The text is copied. ORDEAL_E_NOT_FOUND: no such metric
   * was declared. ORDEAL_E_LIMIT after 4,096 values in one call.
   */
  int32_t (*sample)(const struct ordeal_sample_sink* sink, uint32_t metric, ordeal_str labels,
                    double value) ORDEAL_NOEXCEPT;
} ordeal_sample_sink;

/* Functions of one component kind. The plugin's; lives until deinit. Since 0.1. */
typedef struct ordeal_collector_factory {
  uint32_t struct_size;
  uint32_t reserved;
  /*
   * [worker] Makes an instance: `component` is the component's id from the manifest, `config` JSON
   * that satisfies its schema, defaults merged in; both are read during the call only. `host`
   * outlives the instance. On an error (with set_error) `instance` is not looked at, and the
   * component is refused: the run does not start.
   */
  int32_t (*create)(const ordeal_host* host, ordeal_str component, ordeal_str config,
                    void** instance) ORDEAL_NOEXCEPT;
  /* [worker] Ends an instance, once, after all other calls. Its host is not used afterwards. */
  void (*destroy)(void* instance) ORDEAL_NOEXCEPT;
  /*
   * [worker] Gives the declared metrics, once, directly after create: `infos` points at `count`
   * structs, each of `infos->struct_size` bytes, that are the plugin's and live as long as the
   * instance. An error refuses the component.
   */
  int32_t (*describe)(void* instance, const ordeal_metric_info** infos,
                      uint32_t* count) ORDEAL_NOEXCEPT;
  /*
   * [worker] Reads once, into `sink`. After an error (with set_error) what was sampled in this call
   * is lost and the host backs off. Without an answer for 5 s there is a gap as well.
   */
  int32_t (*collect)(void* instance, const ordeal_sample_sink* sink) ORDEAL_NOEXCEPT;
} ordeal_collector_factory;

#ifdef __cplusplus
}
#endif
