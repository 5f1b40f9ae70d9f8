/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves a timer behind whose callback would reach freed memory. */
#include <ordeal/abi/reactor.h>
static void later(void* user);
#define KIND_COLLECTOR
#define ON_CREATE                                                          \
  const ordeal_host_reactor* reactor = service(host, ORDEAL_HOST_REACTOR); \
  uint64_t timer = 0;                                                      \
  if (reactor != NULL) reactor->timer(host, UINT64_MAX, later, self, &timer);
#include "plugin.h"
static void later(void* user) { ((struct instance*)user)->count = 0; }
