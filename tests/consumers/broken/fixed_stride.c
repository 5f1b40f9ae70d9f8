/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the samples by the size it knows instead of the snapshot's stride. */
#define KIND_RULE
#define ON_USE                                                                        \
  for (uint32_t i = 0; i < snapshot->n_samples; ++i) {                                \
    const ordeal_sample* sample = &snapshot->samples[i];                              \
    if (sample->metric.len > 0 && sample->metric.ptr[sample->metric.len - 1] == '\n') \
      self->count = 0;                                                                \
  }
#include "plugin.h"
