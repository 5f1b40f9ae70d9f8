/* SPDX-License-Identifier: Apache-2.0 */
/* Completes an operation although it was cancelled. */
#define KIND_SCENARIO
#define OWN_ISSUE
#include <ordeal/abi/scenario.h>
static void issue(void* instance, const ordeal_op* op);
static void cancel(void* instance, uint64_t op_id);
#include "plugin.h"
static void issue(void* instance, const ordeal_op* op) {
  struct instance* self = instance;
  /* Every other one is answered at once, so that there is one to cancel. */
  if (self->count++ % 2 == 0) complete(self, op->id);
}
static void cancel(void* instance, uint64_t op_id) { complete(instance, op_id); }
