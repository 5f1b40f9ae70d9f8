/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves a thread running. */
#include <pthread.h>
#include <stddef.h>
static void* run(void* user);
#define KIND_REPORT
#define ON_CREATE   \
  pthread_t thread; \
  if (pthread_create(&thread, NULL, run, NULL) == 0) pthread_detach(thread);
#include "plugin.h"
static void* run(void* user) {
  for (;;) pause();
  return user;
}
