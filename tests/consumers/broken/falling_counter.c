/* SPDX-License-Identifier: Apache-2.0 */
/* A counter that goes back. */
#define METRIC "example_events_total", ""
#define METRIC_TYPE ORDEAL_METRIC_COUNTER
#define VALUE (100.0 - (double)self->count)
#define KIND_COLLECTOR
#include "plugin.h"
