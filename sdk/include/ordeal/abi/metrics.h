/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a metric is declared, and host service ordeal.host.metrics/1, through which a plugin reports
 * numbers of its own (a collector hands its samples to the sink of its collect call instead).
 */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this service. Since 0.1. */
#define ORDEAL_HOST_METRICS "ordeal.host.metrics/1"

/* Values of `ordeal_metric_info::type`. Since 0.1. */
enum {
  ORDEAL_METRIC_GAUGE = 0,  /* a level: may go up and down */
  ORDEAL_METRIC_COUNTER = 1 /* a total since some start: a step back is a restart */
};

/* One metric. Strings are the declarer's and live until its instance is destroyed. Since 0.1. */
typedef struct ordeal_metric_info {
  uint32_t struct_size;
  uint32_t type;     /* ORDEAL_METRIC_* */
  ordeal_str name;   /* Prometheus name in base units: node_memory_MemAvailable_bytes */
  ordeal_str unit;   /* "bytes", "seconds", "ratio", "" */
  ordeal_str help;   /* one sentence */
  ordeal_str labels; /* names of its labels, separated by commas: "device,mode"; may be empty */
} ordeal_metric_info;

/* The host's; lives as long as the process. Since 0.1. */
typedef struct ordeal_host_metrics {
  uint32_t struct_size;
  uint32_t reserved;
  /*
   * [worker] Declares a metric; `index` is what `record` takes. `info` is read during the call.
   * ORDEAL_E_INVALID: no Prometheus name, an unknown type, or declared before by this instance.
   * ORDEAL_E_LIMIT after 256.
   */
  int32_t (*declare)(const ordeal_host* host, const ordeal_metric_info* info,
                     uint32_t* index) ORDEAL_NOEXCEPT;
  /*
   * [worker] Sets the value of one series. `labels` are the label values in the order declared,
   * separated by commas; the text is copied. The newest value of each interval, collect, evaluate
   * or render is kept, and
   * shows in the report; what a report records in its last stage comes too late.
   * ORDEAL_E_NOT_FOUND: no such index. ORDEAL_E_INVALID: a value that is not finite, or not one
   * label value for each label. ORDEAL_E_LIMIT: too many series (4,096).
   */
  int32_t (*record)(const ordeal_host* host, uint32_t index, ordeal_str labels,
                    double value) ORDEAL_NOEXCEPT;
} ordeal_host_metrics;

#ifdef __cplusplus
}
#endif
