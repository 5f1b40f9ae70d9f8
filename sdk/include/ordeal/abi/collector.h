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

#define ORDEAL_COLLECTOR "ordeal.collector/1"

/* Where one collect call puts its values. Valid during that call. Since 0.1. */
typedef struct ordeal_sample_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* self;
  /*
   * [worker] One value. `metric` indexes the declared metrics, `labels` are its label values in the
   * order declared, separated by commas (a comma inside a value is written as %2C). A value that
   * cannot be read is left out, never zero. ORDEAL_E_LIMIT after 4,096 values in one call.
   */
  int32_t (*sample)(const struct ordeal_sample_sink* sink, uint32_t metric, ordeal_str labels,
                    double value) ORDEAL_NOEXCEPT;
} ordeal_sample_sink;

/* Since 0.1. All functions: [worker]. */
typedef struct ordeal_collector_factory {
  uint32_t struct_size;
  uint32_t reserved;
  /* As in scenario.h. */
  int32_t (*create)(const ordeal_host* host, ordeal_str component, ordeal_str config,
                    void** instance) ORDEAL_NOEXCEPT;
  void (*destroy)(void* instance) ORDEAL_NOEXCEPT;
  /*
   * Gives the declared metrics: `infos` points at `count` structs, each of `infos->struct_size`
   * bytes, that live as long as the instance.
   */
  int32_t (*describe)(void* instance, const ordeal_metric_info** infos,
                      uint32_t* count) ORDEAL_NOEXCEPT;
  /* Reads once. An error loses what it had sampled in this call only if it returns non-zero. */
  int32_t (*collect)(void* instance, const ordeal_sample_sink* sink) ORDEAL_NOEXCEPT;
} ordeal_collector_factory;

#ifdef __cplusplus
}
#endif
