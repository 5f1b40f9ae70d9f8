/* SPDX-License-Identifier: Apache-2.0 */
/* A metric with a name that Prometheus does not take, in milliseconds. */
#define METRIC "latency-p99", "ms"
#define KIND_COLLECTOR
#include "plugin.h"
