/* SPDX-License-Identifier: Apache-2.0 */
/* Judges by how often it was asked. */
#define KIND_RULE
#define ON_USE                                       \
  if (self->count % 3 == 0) {                        \
    verdict->level = ORDEAL_VERDICT_WARN;            \
    verdict->reason = text("it was the third time"); \
  }
#include "plugin.h"
