/* SPDX-License-Identifier: Apache-2.0 */
/* Arms a timer from a thread of its own. */
#include <pthread.h>
#include <stddef.h>
static void* run(void* user);
#define KIND_COLLECTOR
#define ON_USE      \
  pthread_t thread; \
  if (pthread_create(&thread, NULL, run, self) == 0) pthread_join(thread, NULL);
#include "plugin.h"
static void fired(void* user) { (void)user; }
static void* run(void* user) {
  struct instance* self = user;
  const ordeal_host_reactor* reactor = service(self->host, ORDEAL_HOST_REACTOR);
  uint64_t timer = 0;
  if (reactor != NULL && reactor->timer(self->host, 0, fired, self, &timer) == ORDEAL_OK)
    reactor->cancel_timer(self->host, timer);
  return NULL;
}
