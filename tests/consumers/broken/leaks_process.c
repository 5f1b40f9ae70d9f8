/* SPDX-License-Identifier: Apache-2.0 */
/* Forks. */
#define KIND_REPORT
#define ON_CREATE    \
  if (fork() == 0) { \
    pause();         \
    _exit(0);        \
  }
#include "plugin.h"
